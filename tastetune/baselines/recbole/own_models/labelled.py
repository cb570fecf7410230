"""Models that RecBole lacks, for its trainer: each learns from single rated pairs, and answers single pairs.

Beside what RecBole asks of a model, a class here states whether its scores are `in_stars`; otherwise they are
probabilities.
"""

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from tastetune.baselines.recbole.shim import GeneralRecommender, InputType, SASRec

STEEPEST = 0.5
"""How far one step of a user or an item may go, as the learning rate times the curvature of its loss in the batch.

The curvature is the sum over its ratings there of 1 + |factors of the other side|^2. Gradient descent diverges where
the rate times the curvature exceeds 2. A rating moves its user and its item at once, which doubles the curvature, so
that a half for each leaves half of what is allowed (Nocedal and Wright, "Numerical Optimization", 2006, section 3.3).
"""

SPREAD = 1.11
"""The standard deviation of z: that of the stars of ml-100k and ml-1m, on which rates and penalties were chosen."""


class SVD(GeneralRecommender):
    """Biased matrix factorisation: the estimated rating is mu + sigma (b_u + b_i + p_u . q_i).

    mu and sigma, the mean and the spread of the training ratings, are not learnt. The rest is, from z = (r - mu) /
    sigma, which is spread like stars (see `SPREAD`), so that one learning rate suits all scales. The loss of a batch is
    the sum over its ratings of 1/2 (z - estimate)^2 + reg_weight/2 (b_u^2 + b_i^2 + |p_u|^2 + |q_i|^2), so that one
    step of plain SGD adds up the published updates of the batch's ratings, computed from the same parameters: b_u += lr
    (e - reg b_u), p_u += lr (e q_i - reg p_u), and alike for the item. Only a user or an item with so many ratings in
    the batch that their sum would overshoot takes a shorter step: see `STEEPEST`.

    Source: Koren, Bell, Volinsky, "Matrix Factorization Techniques for Recommender Systems", IEEE Computer 2009, eq. 5.
    """

    input_type = InputType.POINTWISE
    in_stars = True

    def __init__(self, config, dataset):
        super().__init__(config, dataset)
        self.rating_field, self.reg_weight = config["RATING_FIELD"], config["reg_weight"]
        self.learning_rate = config["learning_rate"]
        size, std = config["embedding_size"], config["init_std"]
        self.user_factors, self.item_factors = nn.Embedding(self.n_users, size), nn.Embedding(self.n_items, size)
        self.user_bias, self.item_bias = nn.Embedding(self.n_users, 1), nn.Embedding(self.n_items, 1)
        for factors in (self.user_factors, self.item_factors):
            nn.init.normal_(factors.weight, std=std)
        for bias in (self.user_bias, self.item_bias):
            nn.init.zeros_(bias.weight)
        ratings = dataset.inter_feat[self.rating_field].double()
        spread = ratings.std(correction=0) / SPREAD
        self.register_buffer("mean", ratings.mean().float())
        self.register_buffer("spread", (spread if spread > 0 else torch.ones_like(spread)).float())

    def _parameters_of(self, interaction):
        user, item = interaction[self.USER_ID], interaction[self.ITEM_ID]
        return self.user_bias(user), self.item_bias(item), self.user_factors(user), self.item_factors(item)

    def calculate_loss(self, interaction):
        parts = user_bias, item_bias, p, q = self._parameters_of(interaction)
        self._bound_steps(interaction[self.USER_ID], q, (user_bias, p))
        self._bound_steps(interaction[self.ITEM_ID], p, (item_bias, q))
        error = (interaction[self.rating_field] - self.mean) / self.spread - _estimate(*parts)
        penalty = sum(part.square().sum() for part in parts)
        return 0.5 * (error.square().sum() + self.reg_weight * penalty)

    def _bound_steps(self, ids, others, parts):
        """Shorten the gradients of `parts`, those of `ids` (n,), where a step would exceed `STEEPEST`.

        Args:
            others: the factors on the other side of each rating, (n, width).
        """
        distinct, place = ids.unique(return_inverse=True)
        curvature = others.new_zeros(len(distinct)).index_add(0, place, 1 + others.detach().square().sum(1))
        share = (STEEPEST / (self.learning_rate * curvature)).clamp(max=1)[place, None]
        for part in parts:
            part.register_hook(share.mul)

    def predict(self, interaction):
        """Estimated ratings, float (n,), not clipped to the scale: clipping would tie the best loved."""
        return self.mean + self.spread * _estimate(*self._parameters_of(interaction))

    def full_sort_predict(self, interaction):
        """Estimated ratings of every item, float (n x items,)."""
        user = interaction[self.USER_ID]
        of_items = self.user_factors(user) @ self.item_factors.weight.T + self.item_bias.weight.T
        return (self.mean + self.spread * (self.user_bias(user) + of_items)).flatten()


def _estimate(user_bias, item_bias, p, q):
    """The estimate of z, (n,), from biases (n, 1) and factors (n, width)."""
    return (user_bias + item_bias).squeeze(1) + torch.bmm(p[:, None], q[..., None]).flatten()


class PointwiseSASRec(SASRec):
    """SASRec that answers whether the target is liked: P(like) = sigmoid(state after the history . target's embedding).

    As published it sees the history's items alone. With `feedback_list` among the loaded columns an embedding of like
    or dislike is added to each item's.

    Source: Kang and McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018, eq. 1 to 6; in place of its loss
    over sampled negatives (eq. 7) the binary cross-entropy of the row's own label.
    """

    input_type = InputType.POINTWISE
    in_stars = False

    def __init__(self, config, dataset):
        config["loss_type"] = "BPR"  # the parent knows no pointwise loss; its choice is replaced below
        super().__init__(config, dataset)
        self.loss_fct = nn.BCEWithLogitsLoss()
        self.label_field = config["LABEL_FIELD"]
        self.feedback_embedding = None
        if "feedback_list" in config["load_col"]["inter"]:
            self.feedback_embedding = nn.Embedding(dataset.num("feedback_list"), self.hidden_size, padding_idx=0)
            self._init_weights(self.feedback_embedding)

    def _state(self, interaction):
        """The state after the last item of the history, (batch, hidden_size)."""
        items, length = interaction[self.ITEM_SEQ], interaction[self.ITEM_SEQ_LEN]
        embedded = self.item_embedding(items) + self.position_embedding.weight[: items.size(1)]
        if self.feedback_embedding is not None:
            embedded = embedded + self.feedback_embedding(interaction["feedback_list"])
        states = self.dropout(self.LayerNorm(embedded))
        *blocks, last = self.trm_encoder.layer
        for block in blocks:
            states = block(states, self.get_attention_mask(items))
        # Nothing but the state after the last item is asked for, so the last block computes no other: a third faster.
        final = self.gather_indexes(states, length - 1)[:, None]
        attended = _attend(last.multi_head_attention, final, states, (items != 0)[:, None, None])
        return last.feed_forward(attended).squeeze(1)

    def _logits(self, interaction):
        return (self._state(interaction) * self.item_embedding(interaction[self.ITEM_ID])).sum(1)

    def calculate_loss(self, interaction):
        return self.loss_fct(self._logits(interaction), interaction[self.label_field])

    def predict(self, interaction):
        """P(like), float (n,)."""
        return torch.sigmoid(self._logits(interaction))


def _attend(attention, query, states, visible):
    """RecBole's `MultiHeadAttention` for one query a row: (batch, 1, hidden_size).

    Args:
        query: (batch, 1, hidden_size).
        states: (batch, length, hidden_size).
        visible: bool (batch, 1, 1, length).
    """
    q, k, v = (
        attention.transpose_for_scores(project(x)).transpose(1, 2)
        for project, x in ((attention.query, query), (attention.key, states), (attention.value, states))
    )
    dropout = attention.attn_dropout.p if attention.training else 0.0
    context = scaled_dot_product_attention(q, k, v, attn_mask=visible, dropout_p=dropout).transpose(1, 2).flatten(2)
    return attention.LayerNorm(attention.out_dropout(attention.dense(context)) + query)

"""Models of what comes next in a sequence of items, for RecBole's trainer: asked at every place of it at once.

A row is a stretch of one user's sequence, `item_id_list`, and the item behind it. RecBole's own way makes a row of
each beginning of a sequence, which reads it over and over.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tastetune.baselines.recbole.shim import InputType, SASRec, SequentialRecommender


class NextItemSASRec(SASRec):
    """RecBole's SASRec, trained on the next item at every place, as published.

    Source: Kang and McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018, eq. 1 to 6; in place of its loss
    over sampled negatives (eq. 7) RecBole's cross-entropy over the whole catalogue.
    """

    input_type = InputType.POINTWISE

    def __init__(self, config, dataset):
        config["loss_type"] = "CE"
        super().__init__(config, dataset)

    def states(self, items: torch.Tensor) -> torch.Tensor:
        """The state behind each item, (batch, length, hidden_size), of items (batch, length), 0 where there is none."""
        places = self.position_embedding.weight[: items.size(1)]
        embedded = self.dropout(self.LayerNorm(self.item_embedding(items) + places))
        return self.trm_encoder(embedded, self.get_attention_mask(items), output_all_encoded_layers=True)[-1]

    def calculate_loss(self, interaction):
        return _loss(self, interaction)

    def full_sort_predict(self, interaction):
        """Scores of every item, float (n, items)."""
        return _scores(self, interaction)


class TwoTower(SequentialRecommender):
    """One tower reads what a user saw, the other is the items' embeddings; the score is their product.

    The user's tower is the mean of the embeddings of all items so far, passed through layers with a ReLU each.

    Source: Covington, Adams, Sargin, "Deep Neural Networks for YouTube Recommendations", RecSys 2016, section 3,
    without features other than the items watched, and with a softmax over the whole catalogue.
    """

    input_type = InputType.POINTWISE

    def __init__(self, config, dataset):
        super().__init__(config, dataset)
        width, hidden = config["embedding_size"], config["mlp_hidden_size"]
        self.watched = nn.Embedding(self.n_items, width, padding_idx=0)
        self.item_embedding = nn.Embedding(self.n_items, width, padding_idx=0)
        sizes = pairwise([width, *hidden, width])
        layers = [part for size in sizes for part in (nn.Linear(*size), nn.ReLU())]
        self.tower = nn.Sequential(nn.Dropout(config["dropout_prob"]), *layers[:-1])
        for embedding in (self.watched, self.item_embedding):
            nn.init.normal_(embedding.weight, std=width**-0.5)

    def states(self, items: torch.Tensor) -> torch.Tensor:
        """What the user's tower makes of all items so far, (batch, length, width); see `NextItemSASRec.states`."""
        so_far = (items != 0).cumsum(1).clamp(min=1)
        return self.tower(self.watched(items).masked_fill((items == 0)[..., None], 0).cumsum(1) / so_far[..., None])

    def calculate_loss(self, interaction):
        return _loss(self, interaction)

    def full_sort_predict(self, interaction):
        """Scores of every item, float (n, items)."""
        return _scores(self, interaction)


def _loss(model: NextItemSASRec | TwoTower, interaction) -> torch.Tensor:
    """Mean cross-entropy of the next item at each place."""
    items = interaction[model.ITEM_SEQ]
    targets = torch.cat([items[:, 1:], torch.zeros_like(items[:, :1])], dim=1)
    last = (items != 0).sum(1, keepdim=True) - 1
    targets = targets.scatter(1, last, interaction[model.ITEM_ID][:, None])
    asked = items != 0
    return cross_entropy(model.states(items)[asked] @ model.item_embedding.weight.T, targets[asked])


def _scores(model: NextItemSASRec | TwoTower, interaction) -> torch.Tensor:
    items = interaction[model.ITEM_SEQ]
    last = ((items != 0).sum(1) - 1).clamp(min=0)
    return model.gather_indexes(model.states(items), last) @ model.item_embedding.weight.T

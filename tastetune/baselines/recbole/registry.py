"""The models that a config may name: those that were fitted and tested here, each with the keys that it takes.

Nothing else is let through to RecBole, which evaluates some keys of some models as Python (`teacher` of KD_DAGFM) and
loads others as pickles (`mf_pretrain_path` of NeuMF).
"""

from dataclasses import dataclass

from tastetune.baselines.recbole.own_models.labelled import SVD, PointwiseSASRec
from tastetune.baselines.recbole.own_models.next_item import NextItemSASRec, TwoTower
from tastetune.baselines.recbole.shim import AbstractRecommender, get_model

LIKES, LISTS = "likes", "lists"
"""What a model can answer: single labelled rows, or users with a ranked catalogue."""

COMMON = {"seed": 2020, "reproducibility": True, "use_gpu": True}

TRAINED = COMMON | {
    "epochs": 20,
    "train_batch_size": 2048,
    "shuffle": True,
    "learner": "adam",
    "learning_rate": 0.001,
    "weight_decay": 0.0,
    "clip_grad_norm": None,
    "eval_step": 0,
    "stopping_step": 10,
    "eval_batch_size": 4096,
}
"""Keys of a model that learns in epochs, with their defaults: RecBole's, but for `epochs` and `eval_step`."""

LABELLED = TRAINED | {"MAX_ITEM_LIST_LENGTH": 10, "load_col": {"inter": ["user_id", "item_id", "label"]}}
"""Keys of a model that learns from labelled rows: it is also told how much of a history it sees, and which columns."""

NEXT_ITEM = TRAINED | {"MAX_ITEM_LIST_LENGTH": 50}
"""Keys of a model that learns which item comes next: it is also told how long a stretch of a sequence is."""

TRANSFORMER = {"n_layers": 2, "n_heads": 2, "hidden_size": 64, "inner_size": 64, "hidden_act": "relu"} | {
    **{"hidden_dropout_prob": 0.2, "attn_dropout_prob": 0.2, "layer_norm_eps": 1e-12, "initializer_range": 0.02},
}
"""Keys of a SASRec."""


@dataclass(frozen=True)
class ModelEntry:
    """What is known of one model.

    Attributes:
        answers: `LIKES`, `LISTS` or both.
        keys: every key that a config may set, with its default.
        columns: those that it reads beside what every labelled model does.
    """

    answers: tuple[str, ...]
    keys: dict
    columns: tuple[str, ...] = ()


MODELS = {
    "SVD": ModelEntry(
        (LIKES, LISTS),
        LABELLED
        | {"embedding_size": 100, "reg_weight": 0.02, "init_std": 0.1, "learner": "sgd", "learning_rate": 0.005},
        ("rating",),
    ),
    "PointwiseSASRec": ModelEntry(
        (LIKES,),
        LABELLED | TRANSFORMER,
    ),
    "SASRec": ModelEntry((LISTS,), NEXT_ITEM | TRANSFORMER),
    "TwoTower": ModelEntry((LISTS,), NEXT_ITEM | {"embedding_size": 64, "mlp_hidden_size": [64], "dropout_prob": 0.2}),
    "DIN": ModelEntry(
        (LIKES,),
        LABELLED
        | {"embedding_size": 10, "mlp_hidden_size": [256, 256, 256], "dropout_prob": 0.0, "pooling_mode": "mean"},
    ),
    "DeepFM": ModelEntry(
        (LIKES,), LABELLED | {"embedding_size": 10, "mlp_hidden_size": [128, 128, 128], "dropout_prob": 0.2}
    ),
    "NeuMF": ModelEntry(
        (LIKES,),
        LABELLED
        | {"mf_embedding_size": 64, "mlp_embedding_size": 64, "mlp_hidden_size": [128, 64], "dropout_prob": 0.1}
        | {"mf_train": True, "mlp_train": True},
    ),
    "ItemKNN": ModelEntry((LISTS,), COMMON | {"k": 100, "shrink": 0.0, "knn_method": "item"}),
    "EASE": ModelEntry((LISTS,), COMMON | {"reg_weight": 250.0}),
    "BPR": ModelEntry((LISTS,), TRAINED | {"embedding_size": 64}),
}
"""By the name that a config gives them."""

CHOICES = {
    "learner": ("adam", "adamw", "sgd", "adagrad", "rmsprop"),  # sparse_adam wants gradients that no model here has
    "hidden_act": ("relu", "gelu", "swish", "tanh", "sigmoid"),
    "pooling_mode": ("mean", "max", "sum"),
    "knn_method": ("item", "user"),
}
"""What the keys that name something can name: RecBole takes Adam for any other learner, and says so to nobody."""


def able(answering: str) -> list[str]:
    """The names of the models that can answer `answering`."""
    return [name for name, entry in MODELS.items() if answering in entry.answers]


def model_class(name: str) -> type[AbstractRecommender]:
    """The class of a model of `MODELS`."""
    own = {"SVD": SVD, "PointwiseSASRec": PointwiseSASRec, "SASRec": NextItemSASRec, "TwoTower": TwoTower}
    return own[name] if name in own else get_model(name)

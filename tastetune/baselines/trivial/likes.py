"""Models without learning of taste: constants and smoothed means. What does not clear them has learnt nothing.

The means are means of likes (0 or 1), so their scores are probabilities and need no rating. Compared once with means of
stars on validation rows, user + item mean: likes 0.7812 and stars 0.7808 ROC-AUC on ml-100k, 0.7899 and 0.7886 on the
first 2,999 users of ML-1M. (The item mean alone gains 0.001 from stars there; one scale for all was worth more.)
"""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from sklearn.metrics import roc_auc_score

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Meta, Predictions
from tastetune.artifacts.score_table import score_table
from tastetune.baselines import AfterEpoch, fit_on, rows_answered
from tastetune.baselines.likes import read_labelled_rows
from tastetune.baselines.trivial.coded import CodedLikes, encode, joined

GRID = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Smoothing constants tried: a mean over n ratings is shrunk as if this many average ratings stood beside them."""

DEFAULT = 5.0
"""Smoothing where validation cannot choose: it is empty, or all its rows bear one label."""

COLUMNS, OF_ANSWERED = ["user_id", "item_id", "label"], ["example_id", "history_ratings"]
"""What is read of all rows, and of those that are answered, which are few."""


def always_yes(fit: CodedLikes, rows: CodedLikes) -> np.ndarray:
    """Everybody likes everything: 1 for each row."""
    return np.ones(len(rows.like))


def most_popular(fit: CodedLikes, rows: CodedLikes) -> np.ndarray:
    """The share of the ratings that went to items rated no more often than the row's item, less a half.

    It orders items and says nothing of how likely a like is, so it is kept off the scale of probabilities: from 0 on,
    Yes.
    """
    count = np.bincount(fit.item, minlength=1 + max(fit.item.max(), rows.item.max()))
    ordered = np.sort(count[fit.item])
    return np.searchsorted(ordered, count[rows.item], side="right") / len(ordered) - 0.5


def likes_in_prompt(fit: CodedLikes, rows: CodedLikes, history: float) -> np.ndarray:
    """The share of likes in the row's own history, shrunk towards the overall share of likes."""
    likes, length = rows.history.T
    return (likes + history * fit.like.mean()) / (length + history)


def item_mean(fit: CodedLikes, rows: CodedLikes, item: float) -> np.ndarray:
    """The share of the item's ratings that are likes, shrunk towards the overall share."""
    return np.clip(fit.like.mean() + fit.of_items.effect(item, rows.item), 0, 1)


def user_mean(fit: CodedLikes, rows: CodedLikes, user: float) -> np.ndarray:
    """The share of the user's ratings that are likes, shrunk towards the overall share."""
    return np.clip(fit.like.mean() + fit.of_users.effect(user, rows.user), 0, 1)


def user_item_mean(fit: CodedLikes, rows: CodedLikes, user: float, item: float) -> np.ndarray:
    """Overall share + the item's effect + the user's effect on what the item leaves unexplained, clipped to 0..1.

    Source: Koren, "Factor in the Neighbors", TKDD 2010, section 2.1 (baseline estimates, the decoupled form).
    """
    of_item = fit.of_items.effect(item, rows.item)
    of_user = fit.of_users_beside_items(item).effect(user, rows.user)
    return np.clip(fit.like.mean() + of_item + of_user, 0, 1)


MODELS: dict[str, tuple[Callable[..., np.ndarray], tuple[str, ...]]] = {
    "always_yes": (always_yes, ()),
    "most_popular": (most_popular, ()),
    "likes_in_prompt": (likes_in_prompt, ("history",)),
    "item_mean": (item_mean, ("item",)),
    "user_mean": (user_mean, ("user",)),
    "user_item_mean": (user_item_mean, ("user", "item")),
}
"""Every trivial model by name, with the smoothing constants that validation chooses for it."""

THRESHOLDS = {"most_popular": 0.0}
"""The score from which on a model means Yes, where it is not 0.5."""


def tune(name: str, train: CodedLikes, validation: CodedLikes) -> dict:
    """Choose a model's smoothing by ROC-AUC on validation, fitted on train.

    Returns:
        `smoothing` (constant by name), and what was tried as `trials`: a list of {smoothing..., roc_auc}. A validation
        split that is empty or holds one label leaves every constant at `DEFAULT`, and `trials` is empty.
    """
    model, names = MODELS[name]
    if not names or len(np.unique(validation.like)) < 2:
        return {"smoothing": dict.fromkeys(names, DEFAULT), "trials": []}
    trials = []
    for constants in itertools.product(GRID, repeat=len(names)):
        smoothing = dict(zip(names, constants, strict=True))
        trials.append(smoothing | {"roc_auc": roc_auc_score(validation.like, model(train, validation, **smoothing))})
    best = max(trials, key=lambda trial: trial["roc_auc"])
    return {"smoothing": {key: best[key] for key in names}, "trials": trials}


@dataclass(frozen=True)
class TrivialLikes:
    """One of `MODELS`, as a `tastetune.baselines.Baseline`."""

    name: str

    def origin(self, dataset: BuiltDataset, split: str) -> dict:
        return rows_answered(dataset, split) | {"kind": "trivial", "settings": {"fit_on": fit_on(dataset, split)}}

    def fit_predict(self, dataset: BuiltDataset, split: str, *, after_epoch: AfterEpoch | None = None) -> Predictions:
        splits = fit_on(dataset, split)
        example_ids, coded, fit = _read(dataset, split)
        began = time.perf_counter()
        if dataset.has_sampled_dislikes and self.name == "most_popular":
            fit = fit.only(fit.like > 0)  # what was drawn says nothing of what is popular
        tuned = tune(self.name, coded["train"], coded["validation"])
        scores = MODELS[self.name][0](fit, coded[split], **tuned["smoothing"])
        meta = Meta(
            model=self.name,
            kind="trivial",
            **rows_answered(dataset, split),
            threshold=THRESHOLDS.get(self.name, 0.5),
            settings=tuned | {"fit_on": splits},
            training={"examples": len(fit.like), "seconds": time.perf_counter() - began},
        )
        return Predictions(meta, score_table(example_ids.to_pylist(), scores))


@lru_cache(maxsize=1)  # one model after another asks for the same rows
def _read(dataset: BuiltDataset, split: str) -> tuple[pa.ChunkedArray, dict[str, CodedLikes], CodedLikes]:
    """The ids of the rows to answer, the splits that are read as arrays, and of these what models are fitted on."""
    tables = read_labelled_rows(dataset, split, COLUMNS, OF_ANSWERED)
    coded = encode(tables, dataset.like_from)
    fit = coded["train"] if fit_on(dataset, split) == "train" else joined(coded["train"], coded["validation"])
    return tables[split]["example_id"], coded, fit

"""Lists without learning: the most popular items, and those most co-watched with a person's favourites."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.list_table import list_table
from tastetune.artifacts.predictions import Meta, Predictions
from tastetune.baselines import AfterEpoch, fit_on, rows_answered
from tastetune.baselines.lists import WatchLog, one_hot, read_questions, read_watch_log, top_lists


def most_popular(log: WatchLog, liked: sparse.csr_array) -> np.ndarray:
    """How many users watched each item, the same for everybody, (users, items)."""
    return np.tile(np.asarray(log.watched.sum(axis=0)).ravel(), (liked.shape[0], 1))


def most_cowatched(log: WatchLog, liked: sparse.csr_array) -> np.ndarray:
    """How many users watched each item together with each of the favourites, summed over these, (users, items).

    So somebody who watched three of them counts three times, as someone nearer in taste.
    """
    return ((liked @ log.watched.T) @ log.watched).toarray()


MODELS: dict[str, Callable[[WatchLog, sparse.csr_array], np.ndarray]] = {
    "most_popular": most_popular,
    "most_cowatched": most_cowatched,
}
"""Every trivial model by name."""


@dataclass(frozen=True)
class TrivialLists:
    """One of `MODELS`, as a `tastetune.baselines.Baseline`."""

    name: str

    def origin(self, dataset: BuiltDataset, split: str) -> dict:
        return rows_answered(dataset, split) | {"kind": "trivial", "settings": {"fit_on": fit_on(dataset, split)}}

    def fit_predict(self, dataset: BuiltDataset, split: str, *, after_epoch: AfterEpoch | None = None) -> Predictions:
        questions, log = read_questions(dataset, split), read_watch_log(dataset, split)
        began = time.perf_counter()
        scores = MODELS[self.name](log, one_hot(questions.liked, log.items))
        lists = top_lists(scores, log.items, questions)
        cost = {"examples": log.watched.nnz, "seconds": time.perf_counter() - began}
        about: dict[str, Any] = self.origin(dataset, split) | {"model": self.name, "training": cost}
        return Predictions(Meta(**about), list_table(lists))

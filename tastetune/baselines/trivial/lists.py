"""Lists without learning: the most popular items, and those most co-watched with a person's favourites."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.list_predictions import Line, write_lists
from tastetune.artifacts.predictions import Meta
from tastetune.errors import InputError
from tastetune.tasks.list_rows import CONFIG, KNOWN, ListRows, read_list_rows
from tastetune.tasks.top_n import TopN


@dataclass(frozen=True)
class Log:
    """Who watched what, of the users a model may learn from.

    Attributes:
        items: ids, sorted.
        watched: users x items, sparse and of ones.
        splits: where it comes from.
    """

    items: np.ndarray
    watched: sparse.csr_array
    splits: str


def read_log(dataset: BuiltDataset, split: str) -> Log:
    """The interactions that may be learnt from when `split` is answered.

    Raises:
        InputError: a split that no model answers, or no interactions.
    """
    if split not in KNOWN:
        raise InputError(f"split {split!r}: baselines answer {', '.join(KNOWN)}")
    splits = "+".join(KNOWN[split])
    table = dataset.read("interactions", splits, ["user_id", "item_id"])
    if not len(table):
        raise InputError(f"{dataset.source}: no interactions in {splits}; build the dataset from a longer log")
    items, item = np.unique(table["item_id"].to_numpy(), return_inverse=True)
    users, user = np.unique(table["user_id"].to_numpy(), return_inverse=True)
    ones = np.ones(len(item), np.int64)
    return Log(items, sparse.csr_array((ones, (user, item)), shape=(len(users), len(items))), splits)


def most_popular(log: Log, liked: sparse.csr_array) -> np.ndarray:
    """How many users watched each item, the same for everybody, (users, items)."""
    return np.tile(np.asarray(log.watched.sum(axis=0)).ravel(), (liked.shape[0], 1))


def most_cowatched(log: Log, liked: sparse.csr_array) -> np.ndarray:
    """How many users watched each item together with each of the favourites, summed over these, (users, items).

    So somebody who watched three of them counts three times, as someone nearer in taste.
    """
    return ((liked @ log.watched.T) @ log.watched).toarray()


MODELS: dict[str, Callable[[Log, sparse.csr_array], np.ndarray]] = {
    "most_popular": most_popular,
    "most_cowatched": most_cowatched,
}


def write_list_baselines(dataset: BuiltDataset, split: str, output_dir: Path) -> list[Path]:
    """Answer `split` with every model of `MODELS`, one predictions file each.

    Raises:
        InputError: as `read_log`.
    """
    rows, log = read_list_rows(dataset, split), read_log(dataset, split)
    liked, written = one_hot(rows.liked, log.items), []
    for name, model in MODELS.items():
        began = time.perf_counter()
        lists = top(model(log, liked), log.items, rows, TopN(**dataset.wording).n)
        cost = {"examples": log.watched.nnz, "seconds": time.perf_counter() - began}
        written.append(output_dir / f"{name}.parquet")
        about = meta(rows, model=name, kind="trivial", settings={"fit_on": log.splits}, training=cost)
        write_lists(written[-1], about, lists)
    return written


def meta(rows: ListRows, **about) -> Meta:
    """Where lists that answer `rows` come from; `about` are further fields of `Meta`."""
    dataset = rows.dataset
    return Meta(dataset=dataset.name, config=CONFIG, split=rows.split, fingerprint=dataset.fingerprint, **about)


def one_hot(lists: Sequence[Sequence[str]], items: np.ndarray) -> sparse.csr_array:
    """Lists of item ids as rows of ones, (lists, items); an item that is not among the sorted `items` is left out."""
    row = np.repeat(np.arange(len(lists)), [len(found) for found in lists])
    ids = np.array([item for found in lists for item in found], items.dtype)
    place = np.minimum(np.searchsorted(items, ids), len(items) - 1)
    known = items[place] == ids
    ones = np.ones(known.sum(), np.int64)
    return sparse.csr_array((ones, (row[known], place[known])), shape=(len(lists), len(items)))


def top(scores: np.ndarray, items: np.ndarray, rows: ListRows, n: int) -> dict[str, list[Line]]:
    """The `n` best items of each row without its favourites, as lists by example id; ties by item id.

    Args:
        scores: (rows, items); what is not finite is not recommended.
        items: sorted ids.
    """
    scores = np.where(one_hot(rows.liked, items).toarray() > 0, -np.inf, scores)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return {
        example_id: [Line(str(items[item]), float(score[item])) for item in places if np.isfinite(score[item])]
        for example_id, places, score in zip(rows.example_ids, best, scores, strict=True)
    }

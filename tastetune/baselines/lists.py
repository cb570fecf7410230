"""What every baseline of lists reads, who is asked and what others watched, and how scores become lists."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.list_table import ListLine
from tastetune.baselines import fit_on
from tastetune.errors import InputError
from tastetune.metrics.recommended import DEPTH
from tastetune.tasks.lists import ListTask
from tastetune.tasks.top_n import TopN

LIST_TASK = ListTask.rows_config
"""The `BuiltDataset.task` whose rows ask for lists; the rows of all others bear labels."""


@dataclass(frozen=True)
class ListQuestions:
    """The users who are asked for a list, in the dataset's order.

    Attributes:
        example_ids: one a user.
        liked, gold: a user's favourites and gold list, item ids, best first.
        seen: what is no recommendation, oldest first: all of the user's past, where rows have one; otherwise the
            favourites, of which nobody knows when, the best last.
        n: how many items a list names.
    """

    example_ids: list[str]
    liked: list[list[str]]
    gold: list[list[str]]
    seen: list[list[str]]
    n: int


def read_questions(dataset: BuiltDataset, split: str) -> ListQuestions:
    """The users of `split`.

    Raises:
        InputError: no such split, a column missing, no rows, or an empty gold list.
    """
    table = ListTask().rows(dataset, split).table
    example_ids, liked, gold, seen = (table[name].to_pylist() for name in ("example_id", "liked", "gold", dataset.seen))
    if dataset.seen == "liked":
        seen = [items[::-1] for items in seen]
    return ListQuestions(example_ids, liked, gold, seen, dataset.worded(TopN).n)


def read_interactions_before(dataset: BuiltDataset, split: str, columns: list[str]) -> pa.Table:
    """The interactions that a model may learn from when it answers `split`: never those of the users who are asked.

    Raises:
        InputError: no baseline answers `split`, or there are no interactions.
    """
    splits = fit_on(dataset, split)
    table = dataset.read("interactions", splits, list(dict.fromkeys(["user_id", *columns])))
    asked = dataset.read(dataset.task, split, ["user_id"])["user_id"].combine_chunks()
    table = table.filter(pc.invert(pc.is_in(table["user_id"], value_set=asked))).select(columns)
    if not len(table):
        raise InputError(f"{dataset.source}: no interactions in {splits}; build the dataset from a longer log")
    return table


@dataclass(frozen=True)
class WatchLog:
    """Who watched what, of the users a model may learn from.

    Attributes:
        items: ids, sorted.
        watched: users x items, sparse and of ones.
    """

    items: np.ndarray
    watched: sparse.csr_array


def read_watch_log(dataset: BuiltDataset, split: str) -> WatchLog:
    """The log that may be learnt from when `split` is answered; raises as `read_interactions_before`."""
    table = read_interactions_before(dataset, split, ["user_id", "item_id"])
    items, item = np.unique(table["item_id"].to_numpy(), return_inverse=True)
    users, user = np.unique(table["user_id"].to_numpy(), return_inverse=True)
    ones = np.ones(len(item), np.int64)
    return WatchLog(items, sparse.csr_array((ones, (user, item)), shape=(len(users), len(items))))


def one_hot(lists: Sequence[Sequence[str]], items: np.ndarray) -> sparse.csr_array:
    """Lists of item ids as rows of ones, (lists, items); an item that is not among the sorted `items` is left out."""
    row = np.repeat(np.arange(len(lists)), [len(ids) for ids in lists])
    ids = np.array([item for ids in lists for item in ids], object)  # whole, however short those of `items` are
    place = np.minimum(np.searchsorted(items, ids), len(items) - 1)
    there = items[place] == ids
    ones = np.ones(there.sum(), np.int64)
    return sparse.csr_array((ones, (row[there], place[there])), shape=(len(lists), len(items)))


def top_lists(scores: np.ndarray, items: np.ndarray, questions: ListQuestions) -> dict[str, list[ListLine]]:
    """The best `DEPTH` items of each user without those seen, as lists by example id; ties by item id.

    Args:
        scores: (users, items); what is not finite is not recommended.
        items: sorted ids.
    """
    scores = np.where(one_hot(questions.seen, items).toarray() > 0, -np.inf, scores)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return {
        example_id: [ListLine(str(items[item]), float(score[item])) for item in places if np.isfinite(score[item])]
        for example_id, places, score in zip(questions.example_ids, best, scores, strict=True)
    }

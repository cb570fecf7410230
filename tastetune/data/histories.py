"""Histories: every rating once as a target, with what is known of the user before it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.data.negatives import CLICK
from tastetune.tasks.task import KNOWN

COLUMNS = {"history": "item_id", "history_ratings": "rating", "history_timestamps": "timestamp"}
"""The columns of a history, by those of the ratings that they are made of."""

TARGETS_AT_ONCE = 1 << 17
"""Targets whose histories are written at a time."""


@dataclass(frozen=True)
class Histories:
    """The rule for histories.

    Attributes:
        length: ratings in a history at most, 1 or more.
        mode: a key of `KNOWN`. `prior`: whatever came before in the user's own order, but for ratings of a later
            split; `train`: of that, for validation targets the train part only, for test targets train and validation.
    """

    length: int
    mode: str

    def of(self, split: str, ratings: pa.Table) -> Iterator[pa.Table]:
        """The targets of a split, in the order of `ratings`, with the columns of `COLUMNS`.

        They hold the last `length` ratings before each target, oldest first, and only ratings that may be known. A
        sampled dislike has the history of its click, and stands in none.

        Args:
            ratings: all ratings of some users, by user and each user's in order, with their `split`; beside sampled
                dislikes, see `tastetune.data.negatives`, with their `CLICK`.
        """
        ratings = ratings.combine_chunks()
        is_known = pc.is_in(ratings["split"], pa.array(KNOWN[self.mode][split])).to_numpy()
        is_known &= _is_rated(ratings)
        known, before = np.flatnonzero(is_known), np.cumsum(is_known) - is_known
        ends = before[_places_of_clicks(ratings)]
        starts = np.maximum(ends - self.length, before[_first_of_user(ratings)])
        targets = np.flatnonzero(pc.equal(ratings["split"], split).to_numpy())
        for first in range(0, len(targets), TARGETS_AT_ONCE):
            some = targets[first : first + TARGETS_AT_ONCE]
            lengths = ends[some] - starts[some]
            offsets = np.concatenate([[0], np.cumsum(lengths)])
            places = known[np.arange(offsets[-1]) + np.repeat(starts[some] - offsets[:-1], lengths)]
            table = ratings.take(some)
            for name, column in COLUMNS.items():
                values = ratings[column].combine_chunks().take(pa.array(places))
                table = table.append_column(name, pa.ListArray.from_arrays(offsets.astype(np.int32), values))
            yield table


def _is_rated(ratings: pa.Table) -> np.ndarray:
    """Which rows are no sampled dislikes."""
    return pc.is_null(ratings[CLICK]).to_numpy() if CLICK in ratings.column_names else np.ones(len(ratings), dtype=bool)


def _first_of_user(ratings: pa.Table) -> np.ndarray:
    """Where the first row of each row's user stands."""
    users = ratings["user_id"]
    is_first = np.concatenate([[True], pc.not_equal(users[1:], users[:-1]).to_numpy()])[: len(ratings)]
    firsts = np.flatnonzero(is_first)
    return np.repeat(firsts, np.diff(np.append(firsts, len(ratings))))


def _places_of_clicks(ratings: pa.Table) -> np.ndarray:
    """Where the row stands whose history each row has: its own place, or that of a sampled dislike's click."""
    places = np.arange(len(ratings))
    if CLICK in ratings.column_names:
        sampled = ~_is_rated(ratings)
        user_item = [ratings["user_id"], pc.coalesce(ratings[CLICK], ratings["item_id"])]
        pairs = pc.binary_join_element_wise(*user_item, "\0")  # which stands in no id
        clicks = pc.index_in(pairs.filter(pa.array(sampled)), pairs.filter(pa.array(~sampled)))
        places[sampled] = places[~sampled][clicks.to_numpy()]
    return places

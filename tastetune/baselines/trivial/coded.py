"""Labelled rows as arrays of codes, and what of them smoothed means are made of."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Sums:
    """Of each code from 0 on, the sum of its values and their number: `total` and `count`, (codes,)."""

    total: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, codes: np.ndarray, values: np.ndarray) -> "Sums":
        """Those of `codes` and `values`, int and float (n,)."""
        return cls(np.bincount(codes, values), np.bincount(codes))

    def effect(self, smoothing: float, wanted: np.ndarray) -> np.ndarray:
        """total / (count + `smoothing`) at the `wanted` codes, int (m,); 0 for a code never seen."""
        effects = np.append(self.total / np.maximum(self.count + smoothing, 1e-12), 0.0)
        return effects[np.minimum(wanted, len(self.total))]


@dataclass(frozen=True)
class CodedLikes:
    """Rows as arrays of equal length n: user and item codes, likes (0.0 or 1.0), and the history's (likes, length).

    Of rows that no model answers the history is not read, and empty. Sums over all rows are kept, for many smoothing
    constants are tried on them.
    """

    user: np.ndarray
    item: np.ndarray
    like: np.ndarray
    history: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int64))

    @cached_property
    def of_items(self) -> Sums:
        """By item, what likes differ from the overall share."""
        return Sums.of(self.item, self.like - self.like.mean())

    @cached_property
    def of_users(self) -> Sums:
        """By user, what likes differ from the overall share."""
        return Sums.of(self.user, self.like - self.like.mean())

    def of_users_beside_items(self, smoothing: float) -> Sums:
        """By user, what likes differ from what is expected of their items, at the items' `smoothing`."""
        if smoothing not in self._of_users_beside_items:
            rest = self.like - self.like.mean() - self.of_items.effect(smoothing, self.item)
            self._of_users_beside_items[smoothing] = Sums.of(self.user, rest)
        return self._of_users_beside_items[smoothing]

    @cached_property
    def _of_users_beside_items(self) -> dict[float, Sums]:
        return {}

    def only(self, kept: np.ndarray) -> "CodedLikes":
        """The rows where the bool array `kept` (n,) is true, to fit on: without their histories."""
        return CodedLikes(self.user[kept], self.item[kept], self.like[kept])


def encode(tables: dict[str, pa.Table], like_from: float) -> dict[str, CodedLikes]:
    """Tables of rows as arrays, with one code for each user and item across all of them."""
    users, items = _codes(tables, "user_id"), _codes(tables, "item_id")
    return {
        name: CodedLikes(
            users[name],
            items[name],
            table["label"].to_numpy().astype(np.float64),
            *([_history(table["history_ratings"], like_from)] if "history_ratings" in table.column_names else []),
        )
        for name, table in tables.items()
    }


def joined(first: CodedLikes, second: CodedLikes) -> CodedLikes:
    """The rows of both, in that order, to fit on: without their histories."""
    return CodedLikes(*(np.concatenate([getattr(first, f), getattr(second, f)]) for f in ("user", "item", "like")))


def _codes(tables: dict[str, pa.Table], column: str) -> dict[str, np.ndarray]:
    """A column of ids as numbers from 0, by table."""
    chunks = [chunk for table in tables.values() for chunk in table[column].chunks]
    coded = pa.chunked_array(chunks, pa.string()).dictionary_encode()  # with one dictionary; one array holds 2 GiB
    indices = np.concatenate([chunk.indices.to_numpy() for chunk in coded.chunks])
    ends = np.cumsum([len(table) for table in tables.values()])
    return dict(zip(tables, np.split(indices, ends[:-1]), strict=True))


def _history(ratings: pa.ChunkedArray, like_from: float) -> np.ndarray:
    """(likes, length) of each row's history, int (n, 2)."""
    lists = ratings.combine_chunks()
    lengths = np.asarray(lists.value_lengths().fill_null(0))
    likes = np.asarray(lists.flatten()) >= like_from
    row = np.repeat(np.arange(len(lists)), lengths)
    return np.column_stack([np.bincount(row, likes, len(lists)), lengths])

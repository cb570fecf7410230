"""Rows of a built dataset -> RecBole's atomic files, split as the dataset is.

Ids become numbers, so that no space, tab or quote of an id can be taken for a separator. Timestamps are left out:
RecBole reads them as float32, which corrupts their order, and no model here needs them, since the rows are split and
their histories ordered already.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

NAME = "rows"
"""Folder and stem of the atomic files."""

TYPES = {
    "user_id": "token",
    "item_id": "token",
    "rating": "float",
    "label": "float",
    "row_id": "float",
    "item_id_list": "token_seq",
    "item_id_rated": "token_seq",
    "feedback_list": "token_seq",
    "liked_list": "token_seq",
    "disliked_list": "token_seq",
}
"""Columns that can be written, with RecBole's type. `row_id` is the row's place in its table, the others are the
history, oldest first: its items, `feedback_list` whether each was liked, `liked_list` and `disliked_list` its parts;
`item_id_rated` has an id of its own for an item that was disliked, for models that have no place for feedback."""

HISTORIES = ("item_id_list", "item_id_rated")
"""Columns that a sequential model can take for its history; it takes one."""

ITEM_LISTS = (*HISTORIES, "liked_list", "disliked_list")
"""Columns of item ids, which share the numbering of `item_id`: RecBole must be told (`alias_of_item_id`)."""

EMPTY = "0"
"""Stands in an empty history as its one item, and is learnt like an item: RecBole has no answer to no item."""


def write_atomic_files(
    folder: Path, tables: dict[str, pa.Table], columns: list[str], length: int, like_from: float
) -> int:
    """Write `folder`/rows/rows.<split>.inter for each table.

    Args:
        tables: rows of the `like_dislike` config by split.
        columns: of `TYPES`.
        length: items kept of each history, the last ones.
        like_from: the rating from which on a history's item counts as liked.

    Returns:
        The length of the longest history written, at least 1.
    """
    users, items = numbering(tables, "user_id"), numbering(tables, "item_id", "history")
    (folder / NAME).mkdir(parents=True)
    for split, table in tables.items():
        arrays = _columns(table, length, users, items, like_from)
        frame = pd.DataFrame({f"{name}:{TYPES[name]}": arrays[name].to_numpy(zero_copy_only=False) for name in columns})
        frame.to_csv(folder / NAME / f"{NAME}.{split}.inter", sep="\t", index=False)
    lengths = [pc.max(pc.list_value_length(table["history"])).as_py() or 0 for table in tables.values()]
    return max(1, min(length, max(lengths)))


def _columns(table: pa.Table, length: int, users: pa.Array, items: pa.Array, like_from: float) -> dict:
    """Every column of `TYPES` of one table."""
    history, stars = _last(table["history"], length), _last(table["history_ratings"], length)
    history = _mapped(history, pc.cast(_numbers(history.flatten(), items), pa.string()))
    liked = np.asarray(stars.flatten()) >= like_from
    return {
        "user_id": _numbers(table["user_id"], users),
        "item_id": _numbers(table["item_id"], items),
        "rating": table["rating"],
        "label": table["label"],
        "row_id": pa.array(np.arange(len(table))),
        "item_id_list": _text(history),
        "item_id_rated": _text(_mapped(history, _signed(history.flatten(), liked))),
        "feedback_list": _text(_mapped(history, pc.if_else(pa.array(liked), "like", "dislike"))),
        "liked_list": _text(_kept(history, liked)),
        "disliked_list": _text(_kept(history, ~liked)),
    }


def _numbers(ids: pa.Array | pa.ChunkedArray, vocabulary: pa.Array):
    """Numbers from 1: `EMPTY` is none of them."""
    return pc.add(pc.index_in(ids, vocabulary), 1)


def numbering(tables: dict[str, pa.Table], *columns: str) -> pa.Array:
    """Every distinct id of `columns` (strings or lists of them) in the tables; it is written as its place from 1."""
    ids = []
    for table in tables.values():
        for name in columns:
            column = table[name].combine_chunks()
            ids.append(pc.unique(column.flatten() if pa.types.is_list(column.type) else column))
    return pc.unique(pa.concat_arrays(ids))


def _last(lists: pa.ChunkedArray, length: int) -> pa.ListArray:
    """The last `length` elements of each list; null is an empty list."""
    lists = lists.combine_chunks()
    full = np.asarray(pc.fill_null(lists.value_lengths(), 0)).astype(np.int64)
    ends, kept = np.cumsum(full), np.minimum(full, length)
    offsets = np.concatenate([[0], np.cumsum(kept)])
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], kept) + np.repeat(ends - kept, kept)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), lists.flatten().take(pa.array(places)))


def _mapped(lists: pa.ListArray, values: pa.Array) -> pa.ListArray:
    """Lists of the same lengths with other values."""
    return pa.ListArray.from_arrays(lists.offsets, values)


def _signed(numbers: pa.Array, liked: np.ndarray) -> pa.Array:
    """Numbers as text, with a minus before those of disliked items."""
    return pc.if_else(pa.array(liked), numbers, pc.binary_join_element_wise("-", numbers, ""))


def _kept(lists: pa.ListArray, keep: np.ndarray) -> pa.ListArray:
    """The lists without the elements where `keep` is false."""
    before = np.concatenate([[0], np.cumsum(keep)])
    offsets = before[np.asarray(lists.offsets)]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), lists.flatten().filter(pa.array(keep)))


def _text(lists: pa.ListArray) -> pa.Array:
    text = pc.binary_join(lists, " ")
    return pc.if_else(pc.equal(text, ""), EMPTY, text)

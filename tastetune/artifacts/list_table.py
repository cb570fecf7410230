"""Recommended lists as a table: one line a row, ranked from 1 within the row that it answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tastetune.errors import InputError

SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("rank", pa.int64()),
        ("item_id", pa.string()),
        ("score", pa.float64()),
        ("answer", pa.string()),
    ]
)


class ListLine(NamedTuple):
    """One line of a list: the item it names, None off the catalogue; what it scored; the text, if it was generated."""

    item_id: str | None
    score: float | None = None
    answer: str | None = None


NOTHING = ListLine(None)
"""Stands at rank 1 of a user to whom nothing was recommended, so that every user is in the table."""


def list_table(lists: Mapping[str, Sequence[ListLine]]) -> pa.Table:
    """The table of one model's lists.

    Args:
        lists: by example id, best first; empty where nothing was recommended.
    """
    columns: dict[str, list] = {name: [] for name in SCHEMA.names}
    for example_id, lines in lists.items():
        for rank, line in enumerate(lines or [NOTHING], 1):
            for column, value in zip(columns.values(), (example_id, rank, *line), strict=True):
                column.append(value)
    return pa.table(columns, schema=SCHEMA)


def lists_of(table: pa.Table, path: str | Path | None = None) -> dict[str, list[ListLine]]:
    """The lists by example id, best first; empty where nothing was recommended.

    Raises:
        InputError: a rank is missing or stands twice, a score is not finite, or a line among others has neither item
            nor text.
    """
    lists: dict[str, dict[int, ListLine]] = {}
    for example_id, rank, *line in zip(*(table[name].to_pylist() for name in SCHEMA.names), strict=True):
        if example_id is None or rank is None:
            raise InputError(f"{path}: a line without example_id or rank; give each line its row's id and its place")
        lines = lists.setdefault(example_id, {})
        if rank in lines:
            raise InputError(f"{path}: rank {rank} of example_id {example_id!r} stands twice; keep one line a rank")
        lines[rank] = ListLine(*line)
    return {example_id: _ordered(lines, example_id, path) for example_id, lines in lists.items()}


def align_lists(
    lists: Mapping[str, list[ListLine]], example_ids: Sequence[str], path: str | Path | None, split: str
) -> list[list[ListLine]]:
    """The lists in the order of `example_ids`.

    Raises:
        InputError: a row is not answered, or a list belongs to no row.
    """
    rows = set(example_ids)
    if absent := [example_id for example_id in example_ids if example_id not in lists]:
        raise InputError(
            f"{path}: {len(absent)} of {len(rows)} rows of split {split!r} are not answered, first {absent[0]!r}; "
            "predict the whole split"
        )
    if extra := [example_id for example_id in lists if example_id not in rows]:
        raise InputError(
            f"{path}: {len(extra)} lists belong to no row of the split, first {extra[0]!r}; predict on "
            "the dataset and split that are scored"
        )
    return [lists[example_id] for example_id in example_ids]


def _ordered(lines: dict[int, ListLine], example_id: str, path: str | Path | None) -> list[ListLine]:
    where = f"{path}: example_id {example_id!r}"
    if set(lines) != set(range(1, len(lines) + 1)):
        raise InputError(f"{where}: ranks {sorted(lines)}; expected 1 to {len(lines)}, none left out")
    ordered = [lines[rank] for rank in range(1, len(lines) + 1)]
    if ordered == [NOTHING]:
        return []
    for rank, line in enumerate(ordered, 1):
        if line.item_id is None and line.answer is None:
            raise InputError(f"{where}, rank {rank}: neither item_id nor answer; a line off the catalogue has its text")
        if line.score is not None and not np.isfinite(line.score):
            raise InputError(f"{where}, rank {rank}: score {line.score} is not finite; leave it null")
    return ordered

"""The predictions table of lists: what each model recommends to the same frozen users, one parquet file a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tastetune.artifacts.predictions import Meta, read_table, write_table
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


class Line(NamedTuple):
    """One line of a list: the item it names, None off the catalogue; what it scored; the text, if it was generated."""

    item_id: str | None
    score: float | None = None
    answer: str | None = None


NOTHING = Line(None)
"""Stands at rank 1 of a user to whom nothing was recommended, so that every user is in the table."""


@dataclass(frozen=True)
class ListPredictions:
    """One model's lists: `lists` by example id, best first, empty where nothing was recommended."""

    meta: Meta
    lists: dict[str, list[Line]]
    path: Path | None = None


def write_lists(path: str | Path, meta: Meta, lists: Mapping[str, Sequence[Line]]) -> None:
    """Write one model's lists, whole or not at all.

    Args:
        path: a `.parquet` file.
        lists: of every row, by example id.

    Raises:
        InputError: a score is not finite, or a line names an item or gives a text in one list, and in the other none.
    """
    rows = {name: [] for name in SCHEMA.names}
    for example_id, lines in lists.items():
        for rank, line in enumerate(lines or [NOTHING], 1):
            for column, value in zip(rows.values(), (example_id, rank, *line), strict=True):
                column.append(value)
    table = pa.table(rows, schema=SCHEMA)
    _lists(table, path)
    write_table(path, meta, table)


def read_lists(path: str | Path) -> ListPredictions:
    """Read and check one file of lists.

    Raises:
        InputError: as `tastetune.artifacts.predictions.read_table`; a rank missing or twice; a score that is not
            finite; a line with neither item nor text among others.
    """
    table, meta = read_table(path, SCHEMA)
    return ListPredictions(meta, _lists(table, path), Path(path))


def aligned(predictions: ListPredictions, example_ids: Sequence[str]) -> list[list[Line]]:
    """The lists in the order of `example_ids`.

    Raises:
        InputError: a row is not answered, or a list belongs to no row.
    """
    wanted, given = set(example_ids), predictions.lists.keys()
    if absent := [name for name in example_ids if name not in given]:
        raise InputError(
            f"{predictions.path}: {len(absent)} of {len(wanted)} rows of split {predictions.meta.split!r} are not "
            f"answered, first {absent[0]!r}; predict the whole split"
        )
    if extra := [name for name in given if name not in wanted]:
        raise InputError(
            f"{predictions.path}: {len(extra)} lists belong to no row of the split, first {extra[0]!r}; predict on "
            "the dataset and split that are scored"
        )
    return [predictions.lists[name] for name in example_ids]


def _lists(table: pa.Table, path: str | Path) -> dict[str, list[Line]]:
    """The table's lists by example id; InputError at what is none."""
    found: dict[str, dict[int, Line]] = {}
    for example_id, rank, *line in zip(*(table[name].to_pylist() for name in SCHEMA.names), strict=True):
        if example_id is None or rank is None:
            raise InputError(f"{path}: a line without example_id or rank; give each line its row's id and its place")
        lines = found.setdefault(example_id, {})
        if rank in lines:
            raise InputError(f"{path}: rank {rank} of example_id {example_id!r} stands twice; keep one line a rank")
        lines[rank] = Line(*line)
    return {example_id: _ordered(lines, example_id, path) for example_id, lines in found.items()}


def _ordered(lines: dict[int, Line], example_id: str, path: str | Path) -> list[Line]:
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

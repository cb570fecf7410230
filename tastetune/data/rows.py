"""Rows of the like-or-dislike task: a target and its history as prompt, answer and label."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import md5
from heapq import nsmallest
from json.encoder import encode_basestring_ascii
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.dataset import TEXTS
from tastetune.data.histories import COLUMNS as HISTORIES
from tastetune.errors import InputError
from tastetune.tasks.like_dislike import Item, LikeDislike
from tastetune.tasks.prompts import PromptWriter, each_once, joined_lists

SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("user_id", pa.string()),
        ("item_id", pa.string()),
        ("label", pa.int64()),
        ("rating", pa.float64()),
        ("timestamp", pa.int64()),
        ("history", pa.list_(pa.string())),
        ("history_ratings", pa.list_(pa.float64())),
        ("prompt", pa.string()),
        ("completion", pa.string()),
    ]
)

CANONICAL = ["example_id", "label", "rating", "timestamp", "history", "history_ratings", "prompt"]
"""Columns that a dataset's fingerprint is of."""


def example_id(user_id: str, item_id: str) -> str:
    """The id of the row that asks about this user and this item."""
    return f"{_escaped(user_id)}:{_escaped(item_id)}"


def parts_schema(task: LikeDislike) -> pa.Schema:
    """`SCHEMA` without the texts, and with all that they are made of."""
    times = [pa.field("history_timestamps", pa.list_(pa.int64()))] if task.times else []
    return pa.schema([*(field for field in SCHEMA if field.name not in TEXTS), *times])


@dataclass
class Renderer:
    """Rows with histories -> rows of the `like_dislike` config.

    Attributes:
        task: writes prompts and completions.
        items: title and genres by item id.
        max_prompt_tokens: a longer prompt loses its oldest history first, and so do the row's history columns, so
            that no other model sees more than the prompt shows; None for no limit.
        lengths: tokens of each prompt of a list; needed with a limit.
        quoted: prompts are written as JSON writes them, which is all that a dataset without prompts needs of them for
            its fingerprint; not with a limit.
        shortened: rows that lost history so far; tables may be made in several threads at a time.
    """

    task: LikeDislike
    items: Mapping[str, Item]
    max_prompt_tokens: int | None = None
    lengths: Callable[[list[str]], Sequence[int]] | None = None
    quoted: bool = False
    shortened: int = 0
    _counting: Lock = field(default_factory=Lock, repr=False)

    def table(self, batch: pa.Table) -> pa.Table:
        """Rows in the order of `batch`, with the columns of `SCHEMA` and those of `parts_schema`.

        Args:
            batch: ratings with the columns that `tastetune.data.histories.Histories` adds.

        Raises:
            InputError: a prompt is over the limit even without a history.
        """
        labels = pc.cast(pc.greater_equal(batch["rating"], self.task.like_from), pa.int64())
        texts = {"completion": self._writer.completions(labels), "prompt": self._writer.prompts(batch)}
        rows = _with(batch, {"example_id": _example_ids(batch), "label": labels, **texts})
        if self.max_prompt_tokens is not None:
            rows = self._fitting(rows)
        return rows.select(list(dict.fromkeys([*SCHEMA.names, *parts_schema(self.task).names])))

    @cached_property
    def _writer(self) -> PromptWriter:
        return PromptWriter(self.task, self.items, self.quoted)

    def _fitting(self, rows: pa.Table) -> pa.Table:
        long = self._too_long(rows)
        with self._counting:
            self.shortened += len(long)
        while len(long):
            cut = self._cut(rows.take(long))
            order = np.arange(len(rows))
            order[long] = len(rows) + np.arange(len(long))
            rows = pa.concat_tables([rows, cut]).take(order)
            long = long[self._too_long(cut)]
        return rows

    def _cut(self, rows: pa.Table) -> pa.Table:
        """The rows without the oldest item of their history."""
        empty = rows.filter(pc.equal(pc.list_value_length(rows["history"]), 0))
        if len(empty):
            raise InputError(
                f"--max_prompt_tokens {self.max_prompt_tokens}: the prompt of example {empty['example_id'][0]} is "
                "longer even without a history; raise the limit"
            )
        rows = _with(rows, {name: pc.list_slice(rows[name], 1) for name in HISTORIES})
        return _with(rows, {"prompt": self._writer.prompts(rows)})

    def _too_long(self, rows: pa.Table) -> np.ndarray:
        """Where prompts stand that are over the limit."""
        assert self.lengths is not None
        return np.flatnonzero(np.array(self.lengths(rows["prompt"].to_pylist())) > self.max_prompt_tokens)


def canonical(table: pa.Table, *, quoted: bool = False) -> bytes:
    """Rows as bytes that depend on their content alone, for the dataset's fingerprint: one JSON array a line.

    Args:
        quoted: the prompts are written as JSON writes them already.
    """
    parts = table.select(CANONICAL).to_batches()
    return b"".join(_json_lines(part, quoted) for part in parts if len(part))


def _json_lines(rows: pa.RecordBatch, quoted: bool) -> memoryview:
    first, *others = (
        column if quoted and name == "prompt" else _json(column)
        for name, column in zip(CANONICAL, rows.columns, strict=True)
    )
    parts = [part for other in others for part in (", ", other)]
    lines = pc.binary_join_element_wise("[", first, *parts, "]\n", "")
    _, offsets, text = lines.buffers()  # of a new array: all its texts, one behind the other
    return memoryview(text)[: np.frombuffer(offsets, np.int32)[len(lines)]]


def _json(values: pa.Array) -> pa.Array:
    """Each value as `json.dumps` writes it."""
    if pa.types.is_list(values.type):
        inside = values.flatten()
        texts = each_once(inside, encode_basestring_ascii if pa.types.is_string(inside.type) else json.dumps)
        joined = joined_lists(texts, pc.list_value_length(values).to_numpy(), ", ")
        return pc.binary_join_element_wise("[", joined, "]", "")
    if pa.types.is_string(values.type):  # ids and prompts, each of which stands once
        return pa.array(map(encode_basestring_ascii, values.to_pylist()), pa.string())
    return pc.cast(values, pa.string()) if pa.types.is_integer(values.type) else each_once(values, json.dumps)


def sample(example_ids: Iterable[str], size: int, seed: int) -> set[str]:
    """`size` ids (all, if fewer) drawn uniformly by seed, the same on every engine: the smallest by a seeded hash.

    No more than `size` of them are held at a time.
    """
    return set(nsmallest(size, example_ids, key=lambda name: md5(f"{seed}:{name}".encode()).digest()))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")


def _example_ids(rows: pa.Table) -> pa.ChunkedArray:
    """`example_id` of each row."""
    parts = (rows[name] for name in ("user_id", "item_id"))
    for written, escaped in (("%", "%25"), (":", "%3A")):
        parts = [pc.replace_substring(part, written, escaped) for part in parts]
    return pc.binary_join_element_wise(*parts, ":")


def _with(table: pa.Table, columns: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    """`table` with these columns, in place of those of the same names."""
    for name, column in columns.items():
        place = table.column_names.index(name) if name in table.column_names else table.num_columns
        table = table.remove_column(place) if place < table.num_columns else table
        table = table.add_column(place, name, column)
    return table

"""Prompts of many rows at once, joined column by column: the texts that `LikeDislike.prompt` writes one by one.

So a dataset need not keep them (`--store parts`): they are written when its rows are read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from json.encoder import encode_basestring_ascii

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.dataset import TEXTS, BuiltDataset
from tastetune.errors import InputError
from tastetune.tasks.like_dislike import EMPTY, Item, LikeDislike, ago

PARTS, TIMES = ["item_id", "label", "history", "history_ratings"], ["timestamp", "history_timestamps"]
"""Columns that a prompt and its answer are made of; `TIMES` where the wording tells times."""

LINES_AT_ONCE = 1 << 20
"""Lines of histories that are joined at a time: an Arrow array holds 2 GiB of text at most."""


def read_rows(
    dataset: BuiltDataset, config: str, split: str, columns: list[str], places: np.ndarray | None = None
) -> pa.Table:
    """Columns of the rows of a split, see `BuiltDataset.read`; prompts and answers that are not kept are written.

    Args:
        places: where the rows wanted stand in the split; all of them if None.

    Raises:
        InputError: as `BuiltDataset.read`.
    """
    is_written = not dataset.has_prompts and any(name in TEXTS for name in columns)
    wording = dataset.worded(LikeDislike) if is_written else None
    parts = [*PARTS, *(TIMES if wording and wording.times else [])] if wording else []
    kept = [name for name in columns if not (wording and name in TEXTS)]
    rows = dataset.read(config, split, list(dict.fromkeys([*kept, *parts])))
    rows = rows if places is None else rows.take(places)
    if wording:
        writer = PromptWriter(wording, read_items(dataset))
        rows = rows.append_column("prompt", writer.prompts(rows))
        rows = rows.append_column("completion", writer.completions(rows["label"]))
    return rows.select(columns)


def read_items(dataset: BuiltDataset) -> dict[str, Item]:
    """The catalogue, by item id."""
    return items_by_id(dataset.read("items", "train", ["item_id", "title", "genres"]))


def items_by_id(items: pa.Table) -> dict[str, Item]:
    """`item_id`, `title` and `genres` as what prompts show, by item id."""
    columns = items.to_pydict().values()
    return {item: Item(title, tuple(genres or ())) for item, title, genres in zip(*columns, strict=True)}


@dataclass(frozen=True)
class PromptWriter:
    """Writes the prompts of one wording.

    Attributes:
        task: the wording.
        items: title and genres by item id.
        quoted: prompts are written as JSON writes them: each piece is escaped once, not each prompt.
    """

    task: LikeDislike
    items: Mapping[str, Item]
    quoted: bool = False

    def prompts(self, rows: pa.Table) -> pa.ChunkedArray:
        """The prompt of each row.

        Args:
            rows: `item_id`, `history`, `history_ratings`, and where the wording tells times `timestamp` and
                `history_timestamps` too.

        Raises:
            InputError: an item that has no title.
        """
        longest = pc.max(pc.list_value_length(rows["history"])).as_py() or 1
        step = max(1, LINES_AT_ONCE // longest)
        parts = [self._joined(rows.slice(start, step)) for start in range(0, len(rows), step)]
        return pa.chunked_array(parts, pa.string())

    def completions(self, labels: pa.ChunkedArray) -> pa.ChunkedArray:
        """The answer of each row, by its label, 0 or 1."""
        return pc.if_else(pc.cast(labels, pa.bool_()), self.task.completion(1), self.task.completion(0))

    def _joined(self, rows: pa.Table) -> pa.Array:
        before, between, behind = map(self._written, self.task.around_history)
        before, behind = (f'"{before}', f'{behind}"') if self.quoted else (before, behind)
        lengths = pc.list_value_length(rows["history"]).to_numpy()
        lines = joined_lists(self._lines(rows, lengths), lengths, self._written("\n"))
        history = pc.if_else(pa.array(lengths == 0), self._written(EMPTY), lines)
        targets = self._named(rows["item_id"].combine_chunks())
        return pc.binary_join_element_wise(before, history, between, targets, behind, "")

    def _lines(self, rows: pa.Table, lengths: np.ndarray) -> pa.Array:
        """The lines of all histories, one behind the other."""
        stars = pc.list_flatten(rows["history_ratings"]).combine_chunks()
        parts = [
            each_once(stars, lambda of: self._written(self.task.around_rated(of)[0])),
            self._named(pc.list_flatten(rows["history"]).combine_chunks()),
            each_once(stars, lambda of: self._written(self.task.around_rated(of)[1])),
        ]
        if self.task.times:
            asked = np.repeat(rows["timestamp"].to_numpy(), lengths)
            ages = asked - pc.list_flatten(rows["history_timestamps"]).to_numpy()
            parts.append(each_once(pa.array(ages), lambda age: self._written(f" {ago(age)}")))
        return pc.binary_join_element_wise(*parts, "")

    def _written(self, text: str) -> str:
        return encode_basestring_ascii(text)[1:-1] if self.quoted else text

    @cached_property
    def _name(self) -> Callable[[str], str]:
        return cache(lambda item: self._written(self.task.named(self.items[item])))

    def _named(self, item_ids: pa.Array) -> pa.Array:
        try:
            return each_once(item_ids, self._name)
        except KeyError as error:
            raise InputError(f"item {error.args[0]!r} stands in a row and has no title; rebuild the dataset") from None


def each_once(values: pa.Array, text: Callable[..., str]) -> pa.Array:
    """`text` of each value, worked out once for each that is there."""
    coded = values.dictionary_encode()
    return pa.array([text(value) for value in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def joined_lists(texts: pa.Array, lengths: np.ndarray, separator: str) -> pa.Array:
    """Texts that stand one behind the other, joined to one for each list of these lengths."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(offsets, texts), separator)

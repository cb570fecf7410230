"""Rows of the like-or-dislike task: a target and its history as prompt, answer and label."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from heapq import nsmallest

import pyarrow as pa

from tastetune.errors import InputError
from tastetune.tasks.like_dislike import Item, LikeDislike

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


def example_id(user_id: str, item_id: str) -> str:
    """The id of the row that asks about this user and this item."""
    return f"{_escaped(user_id)}:{_escaped(item_id)}"


@dataclass
class Renderer:
    """Rows with histories -> rows of the `like_dislike` config.

    Attributes:
        task: writes prompts and completions.
        items: title and genres by item id.
        max_prompt_tokens: a longer prompt loses its oldest history first, and so do the row's history columns, so
            that no other model sees more than the prompt shows; None for no limit.
        lengths: tokens of each prompt of a list; needed with a limit.
        shortened: rows that lost history so far.
    """

    task: LikeDislike
    items: Mapping[str, Item]
    max_prompt_tokens: int | None = None
    lengths: Callable[[list[str]], Sequence[int]] | None = None
    shortened: int = 0

    def table(self, batch: pa.Table) -> pa.Table:
        """Rows in the order of `batch`, with the columns of `SCHEMA`.

        Args:
            batch: ratings with the columns that `tastetune.data.histories.with_histories` adds.

        Raises:
            InputError: a prompt is over the limit even without a history.
        """
        rows = batch.to_pylist()
        for row in rows:
            row["example_id"] = example_id(row["user_id"], row["item_id"])
            row["label"] = int(row["rating"] >= self.task.like_from)
            row["completion"] = self.task.completion(row["label"])
            row["prompt"] = self._prompt(row)
        if self.max_prompt_tokens is not None:
            self._fit(rows)
        return pa.Table.from_pylist(rows, schema=SCHEMA)

    def _prompt(self, row: dict) -> str:
        history = [self.items[item] for item in row["history"]]
        ages = [row["timestamp"] - time for time in row["history_timestamps"]]
        return self.task.prompt(history, row["history_ratings"], self.items[row["item_id"]], ages)

    def _fit(self, rows: list[dict]) -> None:
        long = self._too_long(rows)
        self.shortened += len(long)
        while long:
            for row in long:
                if not row["history"]:
                    raise InputError(
                        f"--max_prompt_tokens {self.max_prompt_tokens}: the prompt of example {row['example_id']} is "
                        "longer even without a history; raise the limit"
                    )
                row |= {name: row[name][1:] for name in ("history", "history_ratings", "history_timestamps")}
                row["prompt"] = self._prompt(row)
            long = self._too_long(long)

    def _too_long(self, rows: list[dict]) -> list[dict]:
        assert self.lengths is not None
        assert self.max_prompt_tokens is not None
        lengths = self.lengths([row["prompt"] for row in rows])
        return [row for row, length in zip(rows, lengths, strict=True) if length > self.max_prompt_tokens]


def canonical(table: pa.Table) -> bytes:
    """Rows as bytes that depend on their content alone, for the dataset's fingerprint: one JSON array a line."""
    names = ("example_id", "label", "rating", "timestamp", "history", "history_ratings", "prompt")
    columns = (table[name].to_pylist() for name in names)
    return "".join(json.dumps(row) + "\n" for row in zip(*columns, strict=True)).encode()


def sample(example_ids: Iterable[str], size: int, seed: int) -> set[str]:
    """`size` ids (all, if fewer) drawn uniformly by seed, the same on every engine: the smallest by a seeded hash.

    No more than `size` of them are held at a time.
    """
    return set(nsmallest(size, example_ids, key=lambda name: md5(f"{seed}:{name}".encode()).digest()))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")

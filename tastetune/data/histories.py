"""Rows of the like-or-dislike task: every rating once as a target, with what is known of the user before it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from tastetune.data.splits import ORDER, SPLITS
from tastetune.errors import InputError
from tastetune.tasks.like_dislike import Item, LikeDislike

KNOWN = {
    "prior": {("train",): ("train",), ("validation",): ("train", "validation"), ("test",): SPLITS},
    "train": {("train",): ("train",), ("validation",): ("train",), ("test",): ("train", "validation")},
}
"""History modes: for targets of these splits, ratings of those splits may stand in the history.

Never those of a later split: a split of somebody's own may be drawn by lot, and a training prompt would tell the
answers to test rows.
"""

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


def with_histories(interactions: ir.Table, length: int, mode: str) -> ir.Table:
    """Add `history` and `history_ratings`: the last `length` known ratings before each target, oldest first.

    Args:
        interactions: with a `split` column.
        length: 1 or more.
        mode: a key of `KNOWN`. `prior`: whatever came before in the user's own order, but for ratings of a later
            split; `train`: of that, for validation targets the train part only, for test targets train and validation.
    """
    tables = [_histories(interactions, targets, known, length) for targets, known in KNOWN[mode].items()]
    return ibis.union(*tables) if len(tables) > 1 else tables[0]


def _histories(interactions: ir.Table, targets: tuple[str, ...], known: tuple[str, ...], length: int) -> ir.Table:
    """Number a user's known ratings; a target's history is the window that ends at the last one before it."""
    earlier = ibis.window(group_by="user_id", order_by=ORDER, preceding=(None, 1))
    upto = ibis.window(group_by="user_id", order_by=ORDER, preceding=length - 1, following=0)
    number = ibis.row_number().over(ibis.window(group_by="user_id", order_by=ORDER)) + 1
    is_known = interactions.split.isin(known)
    counted = interactions.mutate(known=is_known.cast("int64").sum().over(earlier).fill_null(0))
    seen = interactions.filter(is_known)
    seen = seen.select(
        "user_id",
        known=number,
        history=seen.item_id.collect().over(upto),
        history_ratings=seen.rating.collect().over(upto),
    )
    joined = counted.filter(counted.split.isin(targets)).left_join(seen, ["user_id", "known"])
    # Nothing before the target: engines differ between null and an empty list.
    return joined.select(
        *interactions.columns,
        history=joined.history.fill_null(ibis.literal([], type="array<string>")),
        history_ratings=joined.history_ratings.fill_null(ibis.literal([], type="array<float64>")),
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
        return self.task.prompt(history, row["history_ratings"], self.items[row["item_id"]])

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
                row["history"], row["history_ratings"] = row["history"][1:], row["history_ratings"][1:]
                row["prompt"] = self._prompt(row)
            long = self._too_long(long)

    def _too_long(self, rows: list[dict]) -> list[dict]:
        lengths = self.lengths([row["prompt"] for row in rows])
        return [row for row, length in zip(rows, lengths, strict=True) if length > self.max_prompt_tokens]


def canonical(table: pa.Table) -> bytes:
    """Rows as bytes that depend on their content alone, for the dataset's fingerprint: one JSON array a line."""
    names = ("example_id", "label", "rating", "timestamp", "history", "history_ratings", "prompt")
    columns = (table[name].to_pylist() for name in names)
    return "".join(json.dumps(row) + "\n" for row in zip(*columns, strict=True)).encode()


def sample(example_ids: Sequence[str], size: int, seed: int) -> set[str]:
    """`size` ids (all, if fewer) drawn uniformly by seed, the same on every engine: the smallest by a seeded hash."""
    return set(sorted(example_ids, key=lambda name: md5(f"{seed}:{name}".encode()).digest())[:size])


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")

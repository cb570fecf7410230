"""The shape of a built dataset: the keys of its tastetune.json, and the columns of its tables by config."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

TEXT, TEXTS = pa.string(), pa.list_(pa.string())
MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))

COLUMNS: Mapping[str, Mapping[str, pa.DataType]] = {
    "interactions": {"user_id": TEXT, "item_id": TEXT, "rating": pa.float64(), "timestamp": pa.int64()},
    "items": {"item_id": TEXT, "title": TEXT, "genres": TEXTS},
    "like_dislike": {
        **{"example_id": TEXT, "user_id": TEXT, "item_id": TEXT, "label": pa.int64(), "rating": pa.float64()},
        **{"timestamp": pa.int64(), "history": TEXTS, "history_ratings": pa.list_(pa.float64())},
        **{"history_timestamps": pa.list_(pa.int64())},
        **{"prompt": TEXT, "completion": TEXT},
    },
    "top_n": {
        **{"example_id": TEXT, "user_id": TEXT, "liked": TEXTS, "gold": TEXTS},
        **{"past": TEXTS, "past_ratings": pa.list_(pa.float64()), "prompt": MESSAGES, "completion": MESSAGES},
    },
}
"""By config and name. A config that is not here has columns of its own."""

MAY_BE_EMPTY = ("genres",)
"""Columns in which a value may be null."""


class Part(BaseModel):
    """A part of tastetune.json. Numbers are no strings, and keys that are not named may stand beside those that are."""

    model_config = ConfigDict(extra="allow", strict=True)


class Wording(Part):
    """What prompts were written with, see the classes in `tastetune.tasks`."""

    model_config = ConfigDict(extra="allow", strict=True)

    genres: bool = False
    ratings: bool = False
    times: bool = False
    item: str = ""
    items: str = ""
    user: str = ""
    enjoy: str = ""
    style: str = ""
    like_from: float = 0.0
    n: int = Field(10, ge=1, le=1000)


class Settings(Part):
    task: Wording = Wording()
    redistribution: bool | None = None
    clause: str | None = None
    citation: str | None = None
    neutral_titles: bool | None = None
    store: Literal["prompts", "parts"] | None = None
    titles: str | None = None
    protocol: str | None = None
    history: str | None = None
    language: str | None = None
    gold: Literal["neighbours", "future"] | None = None
    like_from: float | None = None
    ties: Literal["item_id", "hash"] | None = None
    seed: int | None = None


class Counts(Part):
    leakage: dict[str, int | float] | None = None


class Info(Part):
    """All of tastetune.json."""

    name: str = Field(min_length=1)
    fingerprint: str = Field(min_length=1)
    settings: Settings
    counts: Counts
    files: dict[str, str]
    command: str | None = None
    recipe_only: bool | None = None


def column_faults(config: str, table: pa.Table) -> Iterator[str]:
    """What is wrong with the columns of a table of `config`, as clauses."""
    for name in table.column_names:
        expected = COLUMNS.get(config, {}).get(name)
        if expected is not None:
            yield from _column_faults(name, table[name], expected)


def _column_faults(name: str, column: pa.ChunkedArray, expected: pa.DataType) -> Iterator[str]:
    if column.type != expected:
        yield f"column {name!r} holds {column.type}, expected {expected}"
        return
    if column.null_count and name not in MAY_BE_EMPTY:
        yield f"column {name!r} is empty in {column.null_count} of {len(column)} rows"
    if pa.types.is_list(expected) and (empty := pc.list_flatten(column).null_count):
        yield f"column {name!r} holds lists with {empty} empty values"
    if name == "label" and (other := _least_and_most(column) - {0, 1}):
        yield f"column 'label' holds {other.pop()}, expected 1 for a like and 0 for a dislike"
    if name == "rating" and not pc.all(pc.is_finite(column), min_count=0).as_py():
        yield "column 'rating' holds what is no finite number"


def _least_and_most(column: pa.ChunkedArray) -> set[Any]:
    return set(pc.min_max(column).as_py().values()) - {None}

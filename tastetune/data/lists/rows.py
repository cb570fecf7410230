"""Gold lists as rows of the recommend-ten task: their columns, their prompts, and what they count up to."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.tasks.top_n import TopN

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("user_id", pa.string()),
        ("liked", pa.list_(pa.string())),
        ("gold", pa.list_(pa.string())),
        ("prompt", MESSAGES),
        ("completion", MESSAGES),
    ]
)
PAST = (pa.field("past", pa.list_(pa.string())), pa.field("past_ratings", pa.list_(pa.float64())))
"""Columns besides, where the gold list is the user's own future."""


def render(lists: pa.Table, task: TopN, titles: Mapping[str, str]) -> pa.Table:
    """Lists as rows of the `top_n` config (see `SCHEMA`, and `PAST` where they have it), in the same order."""
    liked, gold = ([[titles[item] for item in row] for row in lists[name].to_pylist()] for name in ("liked", "gold"))
    columns = {
        "example_id": lists["user_id"],
        "user_id": lists["user_id"],
        "liked": lists["liked"],
        "gold": lists["gold"],
        "prompt": [task.prompt(films) for films in liked],
        "completion": [task.completion(films) for films in gold],
    }
    past = [field for field in PAST if field.name in lists.column_names]
    columns |= {field.name: lists[field.name] for field in past}
    return pa.table(columns, schema=pa.schema([*SCHEMA, *past]))


def fingerprint(tables: Iterable[pa.Table]) -> str:
    """SHA-256 of the rows' content, one JSON array a row."""
    digest = sha256()
    for table in tables:
        for row in table.to_pylist():
            digest.update(json.dumps(list(row.values()), separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


def lengths(lists: pa.Table, n: int) -> dict:
    """Least, quartiles and most of the gold lists' lengths, and of the users' neighbours or pasts; lists under `n`."""
    columns = {"gold_length": pc.list_value_length(lists["gold"]).to_numpy()}
    if "past" in lists.column_names:
        columns["past_length"] = pc.list_value_length(lists["past"]).to_numpy()
    else:
        columns["neighbours"] = lists["neighbours"].to_numpy()
    names = ("least", "quarter", "median", "three_quarters", "most")
    spreads = {
        column: dict(zip(names, np.quantile(values, (0, 0.25, 0.5, 0.75, 1)).tolist(), strict=True))
        for column, values in columns.items()
    }
    return spreads | {"short_gold": int((columns["gold_length"] < n).sum())}

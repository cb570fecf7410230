"""A made ratings log: small, with ties in time, in the tables and the file formats that builders read."""

from functools import cache
from pathlib import Path

import ibis
import pyarrow as pa

from tastetune.data.engine import connect
from tastetune.data.interactions import INTERACTIONS, ITEMS

TITLES = ("Harbour, The", "Winter, Le", "Letter, A", "Echo, L'", "Night Train", "Orchard, The (Huerto, El)")


@cache
def engine() -> ibis.BaseBackend:
    """One connection for all tests that do not ask for their own."""
    return connect(threads=1)


def log_table(rows: list[tuple], con: ibis.BaseBackend | None = None) -> ibis.Table:
    """(user, item, rating, timestamp[, split]) tuples as an Ibis table."""
    names = [*INTERACTIONS.names, "split"][: len(rows[0])]
    columns = [list(column) for column in zip(*rows, strict=True)]
    schema = pa.schema([*INTERACTIONS, pa.field("split", pa.string())][: len(names)])
    table = pa.table(dict(zip(names, columns, strict=True)), schema=schema)
    return (con or engine()).create_table(ibis.util.gen_name("made"), table, temp=True)


def made_rows(n_users: int = 12, n_items: int = 20) -> list[tuple]:
    """`n_users` x (3 + user) ratings of all stars; two neighbours in three tie in time."""
    return [
        (str(user), str((7 * user + 3 * place) % n_items + 1), float((user + place) % 5 + 1), 1_000 * user + place // 3)
        for user in range(1, n_users + 1)
        for place in range(min(3 + user, n_items))
    ]


def items_table(n_items: int = 20) -> pa.Table:
    """Items 1 to `n_items`, with two genres each."""
    made = [
        {"item_id": str(i), "title": f"Title {i}", "genres": ["Drama", "War"] if i % 2 else ["Comedy"]}
        for i in range(1, n_items + 1)
    ]
    return pa.Table.from_pylist(made, ITEMS)


def write_ml1m(folder: Path, rows: list[tuple] | None = None, n_items: int = 20) -> Path:
    """The made log as the two files of MovieLens 1M, in its format and encoding."""
    folder.mkdir(parents=True, exist_ok=True)
    ratings = [f"{user}::{item}::{stars:g}::{time}\n" for user, item, stars, time in rows or made_rows()]
    movies = [f"{i}::{TITLES[i % 6]} {i if i % 6 == 4 else ''}({1950 + i})::Drama|Comedy\n" for i in range(1, n_items)]
    movies.append(f"{n_items}::Café Été (1999)::Drama\n")
    (folder / "ratings.dat").write_text("".join(ratings), encoding="latin-1")
    (folder / "movies.dat").write_text("".join(movies), encoding="latin-1")
    return folder

"""The engine behind Ibis: files that it is given, and tables of any size, kept by it or as a stream of batches."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr import types as ir

from tastetune.errors import InputError
from tastetune.tasks.order import BY_ITEM_ID, Order

MEMORY = "30%"
"""Of the machine's, for one DuckDB: a builder has two at the end, and Python beside them."""

SCRATCH = "tastetune.scratch"
"""The setting of a Spark session that names a folder for what it hands over."""


def connect(database: str | Path = ":memory:", **settings) -> ibis.BaseBackend:
    """An Ibis connection to DuckDB; `settings` are DuckDB's own, such as `threads=1` or `memory_limit="4GB"`.

    Without a limit it takes `MEMORY` of the machine's, and what is more goes to the folder `.tmp` for as long.
    """
    con = ibis.duckdb.connect(database, **settings)
    con.raw_sql("SET TimeZone = 'UTC'")
    if "memory_limit" not in settings:
        con.raw_sql(f"SET memory_limit = '{MEMORY}'")
    return con


def this_file(path: str | Path) -> str:
    """`path` as an SQL text by which DuckDB reads this file alone, whatever its name holds: no `*`, `?` or `[` matches.

    Raises:
        InputError: a name that DuckDB cannot be told: with a backslash and one of these characters, or not in UTF-8.
    """
    name = str(Path(path).absolute())
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise InputError(f"{name!r}: a path that is not UTF-8; rename the file or its folder")
    is_pattern = any(character in name for character in "*?[")
    if is_pattern and "\\" in name:
        raise InputError(f"{path}: a backslash and one of *?[ stand in this path; rename the file or its folder")
    return literal("".join(f"[{character}]" if character in "*?[" else character for character in name))


def read_parquet(con: ibis.BaseBackend, *paths: str | Path) -> ir.Table:
    """The rows of parquet files, one behind the other, with the columns that stand in them and no other."""
    name = ibis.util.gen_name("parquet")
    files = ", ".join(map(this_file, paths))
    con.raw_sql(f"CREATE TEMP VIEW {name} AS SELECT * FROM read_parquet([{files}], hive_partitioning=false)")
    return con.table(name)


def literal(text: str) -> str:
    """`text` as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def keep(table: ir.Table) -> ir.Table:
    """The table's rows, worked out once and held by its own engine for as long as the returned object lives."""
    table.get_backend()._run_pre_execute_hooks(table)  # which makes tables in memory known to it
    return table.cache()


def batches(table: ir.Table, rows: int = 1 << 20) -> Iterator[pa.RecordBatch]:
    """The rows of `table`, about `rows` at a time; run no other query on its engine before the last has come."""
    con = table.get_backend()
    con._run_pre_execute_hooks(table)  # which makes tables in memory known to it
    if con.name == "duckdb":  # Ibis 12 calls a method for this that DuckDB 2 no longer has
        yield from con.con.sql(con.compile(table)).to_arrow_reader(rows)
        return
    # Ibis fetches a whole result of Spark's at once; as files, in their order, it comes in parts
    with TemporaryDirectory(dir=con._session.conf.get(SCRATCH)) as scratch:
        con.to_parquet(table, f"{scratch}/rows")
        for part in sorted(Path(scratch, "rows").glob("*.parquet")):
            yield from pq.ParquetFile(part).iter_batches(rows)


def even(stream: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of exactly `rows`, the last one of what is left, however they came."""
    held, size = [], 0
    for batch in stream:
        held.append(batch)
        size += len(batch)
        if size >= rows:
            table = pa.Table.from_batches(held)
            whole = size - size % rows
            yield from (table.slice(start, rows) for start in range(0, whole, rows))
            held, size = table.slice(whole).to_batches(), size % rows
    if size:
        yield pa.Table.from_batches(held)


def ordered(table: ir.Table, rows: int, order: Order = BY_ITEM_ID) -> Iterator[pa.Table]:
    """The table by user and each user's rows in `order`, in tables of exactly `rows`; see `batches`."""
    return even(batches(table.order_by("user_id", *order.columns)), rows)

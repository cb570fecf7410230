"""A table of any size: kept by its engine, or as a stream of Arrow batches."""

from collections.abc import Iterator

import pyarrow as pa
from ibis.expr import types as ir

from tastetune.data.splits import ORDER


def keep(table: ir.Table) -> ir.Table:
    """The table's rows, worked out once and held by its own engine for as long as the returned object lives."""
    return table.cache()


def batches(table: ir.Table, rows: int = 1 << 20) -> Iterator[pa.RecordBatch]:
    """The rows of `table`, about `rows` at a time; run no other query on its engine before the last has come.

    `table` holds no `ibis.memtable`.
    """
    con = table.get_backend()
    if con.name == "duckdb":  # Ibis 12 calls a method for this that DuckDB 2 no longer has
        yield from con.con.sql(con.compile(table)).to_arrow_reader(rows)
    else:
        yield from table.to_pyarrow_batches(chunk_size=rows)


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


def ordered(table: ir.Table, rows: int) -> Iterator[pa.Table]:
    """The table by user, time and item, in tables of exactly `rows`; see `batches` for what it asks."""
    return even(batches(table.order_by("user_id", *ORDER)), rows)

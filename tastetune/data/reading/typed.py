"""Files that know types, parquet and JSON: DuckDB reads them, and every value is made a string."""

from collections.abc import Mapping
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from tastetune.data.engine import literal, this_file
from tastetune.data.reading.logs import Lines, RawLog
from tastetune.data.reading.plain import Plain
from tastetune.errors import InputError

OBJECTS = 100_000
"""Objects of a JSON file whose keys are taken for its columns."""


def columns_of(con: ibis.BaseBackend, file: Plain) -> tuple[str, ...]:
    """The names of a file's columns, or the keys of its objects.

    Raises:
        InputError: JSON without objects.
    """
    if file.kind == "parquet":
        return tuple(pq.read_schema(file.path).names)
    options = f"{_json(file)}, maximum_depth=1, sample_size={OBJECTS}"
    described = con.con.execute(f"DESCRIBE SELECT * FROM read_json({this_file(file.path)}, {options})").fetchall()
    names = tuple(name for name, *_ in described)
    if names == ("json",):
        raise InputError(f"{file.named}, line 1: no JSON object; write one a line")
    return names


def readable(file: Plain, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `columns` that can be read as strings."""
    if file.kind != "parquet":
        return columns
    schema = pq.read_schema(file.path)
    return tuple(name for name in columns if _fault(schema, name) is None)


def read_typed(con: ibis.BaseBackend, file: Plain, columns: Mapping[str, str]) -> RawLog:
    """Chosen columns of all rows; see `tastetune.data.reading.tables.read_columns`."""
    name = ibis.util.gen_name("log")
    con.raw_sql(f"CREATE TEMP TABLE {name} AS {selection(file, columns)}")
    return RawLog(con.table(name), (Lines(file.named),))


def selection(file: Plain, columns: Mapping[str, str]) -> str:
    """SQL for the rows of a file: `row`, counted from 1, and chosen columns as strings, null where empty.

    Raises:
        InputError: a column that holds neither texts nor numbers, or that another name hides.
    """
    if file.kind == "parquet":
        schema, row = pq.read_schema(file.path), "file_row_number + 1"
        scan = f"read_parquet({this_file(file.path)}, file_row_number=true, hive_partitioning=false)"
        fields = [_field(file.named, schema, theirs) for theirs in columns.values()]
    else:
        types = ", ".join(f"{literal(theirs)}: 'VARCHAR'" for theirs in columns.values())
        scan, row = f"read_json({this_file(file.path)}, {_json(file)}, columns={{{types}}})", "row_number() OVER ()"
        fields = [_quoted(theirs) for theirs in columns.values()]
    chosen = ", ".join(
        f"nullif(CAST({field} AS VARCHAR), '') AS {_quoted(ours)}" for ours, field in zip(columns, fields, strict=True)
    )
    return f"SELECT {row} AS row, {chosen} FROM {scan}"


def _json(file: Plain) -> str:
    kind = "array" if file.kind == "json array" else "newline_delimited"
    return f"format='{kind}', compression='none', hive_partitioning=false"


def _field(path: Path, schema: pa.Schema, name: str) -> str:
    if fault := _fault(schema, name):
        raise InputError(f"{path}: {fault}")
    return f"array_to_string({_quoted(name)}, '|')" if pa.types.is_list(schema.field(name).type) else _quoted(name)


def _fault(schema: pa.Schema, name: str) -> str | None:
    """Why a column of a parquet file is not read, None where it is."""
    twins = [other for other in schema.names if other.lower() == name.lower()]
    if len(twins) > 1:  # DuckDB does not tell them apart, and would read the first
        return f"columns {' and '.join(twins)} differ in case alone; rename one"
    kind = schema.field(name).type
    if pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_binary(kind):
        return f"column {name!r} holds {kind}, expected texts or numbers; name another column"
    return None


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'

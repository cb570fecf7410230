"""Chosen columns of a table file, CSV, TSV, parquet or JSON lines, as a raw log."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from tastetune.data.engine import literal, this_file
from tastetune.data.logs import RawLog, TextFormat, read_text, refuse_utf_16
from tastetune.errors import InputError

SEPARATORS = {".csv": ",", ".tsv": "\t"}
JSON = (".jsonl", ".ndjson", ".json")


def read(
    con: ibis.BaseBackend, path: str | Path, columns: Mapping[str, str], separator: str | None, encoding: str
) -> RawLog:
    """Read chosen columns of a CSV, TSV, parquet or JSON-lines file, told apart by the file's suffix.

    Args:
        columns: the contract's name of each column -> its name in the file.
        separator: of a text file; None for what the suffix says.
        encoding: of a text file, `utf-8` or `latin-1`.

    Raises:
        InputError: the file is missing, empty or cut, of another format, or lacks a column.
    """
    path, suffix = Path(path), Path(path).suffix.lower()
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    if len(set(columns.values())) < len(columns):
        raise InputError(f"{path}: the columns {', '.join(columns.values())} are not all different; name one each")
    try:
        if suffix == ".parquet":
            log = _read_parquet(con, path, columns)
        elif suffix in JSON:
            log = _read_json(con, path, columns)
        elif separator or suffix in SEPARATORS:
            log = _read_text(con, path, columns, separator or SEPARATORS[suffix], encoding)
        else:
            raise InputError(
                f"{path}: of a format that its name does not tell; rename it to .csv, .tsv, .parquet or .jsonl, or say "
                "what stands between its fields with --separator"
            )
    except (duckdb.Error, pa.ArrowException, OSError, UnicodeDecodeError, RecursionError) as error:
        remedy = "write one JSON object a line" if suffix in JSON else "mend the file"
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: {reason}; {remedy}") from error
    if not log.table.count().execute():
        raise InputError(f"{path}: no row in it")
    return log


def _read_text(con: ibis.BaseBackend, path: Path, columns: Mapping[str, str], sep: str, encoding: str) -> RawLog:
    header = _header(path, sep, encoding)
    _check_columns(path, columns, header)
    ours = {theirs: name for name, theirs in columns.items()}
    names = tuple(ours.get(name, f"column {place}") for place, name in enumerate(header, 1))
    log = read_text(con, path, TextFormat(names, sep, header=True, encoding=encoding, quoted=True))
    return RawLog(log.table.select("row", *columns), log.files)


def _header(path: Path, sep: str, encoding: str) -> list[str]:
    refuse_utf_16(path)
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="", errors="replace") as file:
        try:
            return next(csv.reader(file, delimiter=sep), [])
        except (csv.Error, TypeError, ValueError) as error:  # of a separator, too
            raise InputError(
                f"{path}: its first line cannot be read, separated by {sep!r} ({error}); mend it"
            ) from error


def _read_parquet(con: ibis.BaseBackend, path: Path, columns: Mapping[str, str]) -> RawLog:
    schema = pq.read_schema(path)
    _check_columns(path, columns, schema.names)
    for theirs in columns.values():
        _check_field(path, schema, theirs)
    fields = [
        f"array_to_string({_name(theirs)}, '|')" if pa.types.is_list(schema.field(theirs).type) else _name(theirs)
        for theirs in columns.values()
    ]
    source = f"read_parquet({this_file(path)}, file_row_number=true, hive_partitioning=false)"
    return _selected(con, path, "file_row_number + 1", dict(zip(columns, fields, strict=True)), source)


def _check_field(path: Path, schema: pa.Schema, name: str) -> None:
    kind, twins = schema.field(name).type, [other for other in schema.names if other.lower() == name.lower()]
    if len(twins) > 1:  # DuckDB does not tell them apart, and would read the first
        raise InputError(f"{path}: columns {' and '.join(twins)} differ in case alone; rename one")
    if pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_binary(kind):
        raise InputError(f"{path}: column {name!r} holds {kind}, expected texts or numbers; name another column")


def _read_json(con: ibis.BaseBackend, path: Path, columns: Mapping[str, str]) -> RawLog:
    types = ", ".join(f"{literal(theirs)}: 'VARCHAR'" for theirs in columns.values())
    options = f"format='newline_delimited', compression='none', hive_partitioning=false, columns={{{types}}}"
    source = f"read_json({this_file(path)}, {options})"
    fields = {ours: _name(theirs) for ours, theirs in columns.items()}
    log = _selected(con, path, "row_number() OVER ()", fields, source)
    _refuse_unknown_keys(path, columns, log)
    return log


def _refuse_unknown_keys(path: Path, columns: Mapping[str, str], log: RawLog) -> None:
    """An object may leave out a key that is empty, so a key is mistaken only if no object has it."""
    counts = log.table.agg(rows=log.table.count(), **{ours: log.table[ours].count() for ours in columns})
    rows, *values = counts.to_pyarrow().to_pylist()[0].values()
    absent = {ours: theirs for (ours, theirs), n in zip(columns.items(), values, strict=True) if rows and not n}
    if absent:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            first = next((line for line in file if line.strip()), "{}")
        try:
            present = [str(key) for key in json.loads(first) if key not in absent.values()]
        except (ValueError, TypeError):
            raise InputError(f"{path}, line 1: no JSON object; write one a line") from None
        _check_columns(path, absent, present)


def _selected(con: ibis.BaseBackend, path: Path, row: str, fields: Mapping[str, str], source: str) -> RawLog:
    name = ibis.util.gen_name("log")
    chosen = ", ".join(f"nullif(CAST({field} AS VARCHAR), '') AS {ours}" for ours, field in fields.items())
    con.raw_sql(f"CREATE TEMP TABLE {name} AS SELECT {row} AS row, {chosen} FROM {source}")
    return RawLog(con.table(name), ((path, None, 0),))


def _check_columns(path: Path, columns: Mapping[str, str], present: list[str]) -> None:
    for ours, theirs in columns.items():
        if present.count(theirs) != 1:
            problem = "no column" if theirs not in present else "more than one column"
            other = ", or say what stands between two fields with --separator" if len(present) == 1 else ""
            raise InputError(
                f"{path}: {problem} {theirs!r} (looked for as the {ours}); it has {', '.join(present)}: name the "
                f"column by its flag{other}"
            )


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'

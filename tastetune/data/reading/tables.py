"""A table file of any format: its columns, its first rows, and chosen columns of all rows as a raw log."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa

from tastetune.data.engine import literal, this_file
from tastetune.data.reading import typed
from tastetune.data.reading.dialect import Dialect, Said, dialect_of
from tastetune.data.reading.logs import RawLog, TextFormat
from tastetune.data.reading.plain import Plain, plain, with_one_line_end
from tastetune.data.reading.text import has_mixed_ends, read_text
from tastetune.errors import InputError

HEAD = 10_000
"""Rows from the beginning by which columns are told apart."""

NOTHING = Said()

ERRORS = (duckdb.Error, pa.ArrowException, OSError, UnicodeDecodeError, RecursionError)
"""What reading raises at a file that is not of its format."""


@dataclass(frozen=True)
class TableFile:
    """A file of rows and columns.

    Attributes:
        file: the file, made plain.
        columns: the names of its columns, numbers from 1 where it has none.
        dialect: how it is written, where it is a text.
        rows: its first rows by column, every value a string, None where empty.
    """

    file: Plain
    columns: tuple[str, ...]
    dialect: Dialect | None
    rows: Mapping[str, list[str | None]]

    @property
    def path(self) -> Path:
        return self.file.named

    def column(self, name: str, role: str) -> str:
        """The column that a person calls `name`: the type behind a RecBole column's name may be left out.

        Raises:
            InputError: there is none, or more than one.
        """
        for named in (self.columns, tuple(map(bare, self.columns))):
            if named.count(name) == 1:
                return self.columns[named.index(name)]
        problem = "more than one column" if name in self.columns else "no column"
        other = ", or say what stands between two fields with --separator" if len(self.columns) == 1 else ""
        raise InputError(
            f"{self.path}: {problem} {name!r} (looked for as the {role}); it has {', '.join(self.columns)}: name the "
            f"column by its flag{other}"
        )


def bare(column: str) -> str:
    """A column's name without the type that RecBole writes behind it."""
    name, _, kind = column.rpartition(":")
    return name if kind in ("token", "token_seq", "float", "float_seq") else column


def read(con: ibis.BaseBackend, path: str | Path, columns: Mapping[str, str], said: Said = NOTHING) -> RawLog:
    """Chosen columns of a file, see `opened` and `read_columns`."""
    return read_columns(con, opened(con, path, said), columns)


def opened(con: ibis.BaseBackend, path: str | Path, said: Said = NOTHING, head: int = HEAD) -> TableFile:
    """Find out what a file holds: CSV or another delimited text, parquet, JSON or Excel, packed or not.

    Args:
        said: what a person said of a text.
        head: how many of the first rows to keep with it.

    Raises:
        InputError: the file is missing, empty, cut or damaged, or of another format.
    """
    file = plain(path, said.encoding)
    if not file.path.stat().st_size:
        raise InputError(f"{file.named}: the file is empty, no row in it; fetch it anew")
    try:
        if file.kind == "text" and has_mixed_ends(file.path):
            file = with_one_line_end(file) if not _reads(con, file, said) else file
        dialect = dialect_of(con, file.path, file.suffix, said, file.named) if file.kind == "text" else None
        columns = dialect.columns if dialect else typed.columns_of(con, file)
        table = TableFile(file, columns, dialect, {})
        return replace(table, rows=_head(con, table, head))
    except ERRORS as error:
        raise _unread(file, error) from error


def read_columns(con: ibis.BaseBackend, table: TableFile, columns: Mapping[str, str]) -> RawLog:
    """Chosen columns of all rows.

    Args:
        columns: the contract's name of each column -> its name in the file.

    Raises:
        InputError: a column is missing or named twice, or the file turns out to be damaged.
    """
    if len(set(columns.values())) < len(columns):
        raise InputError(
            f"{table.path}: the columns {', '.join(columns.values())} are not all different; name one each"
        )
    columns = {ours: table.column(theirs, ours) for ours, theirs in columns.items()}
    try:
        log = _read_text(con, table, columns) if table.dialect else typed.read_typed(con, table.file, columns)
        if not log.problems and not log.table.count().execute():
            raise InputError(f"{table.path}: no row in it")
        return log
    except ERRORS as error:
        raise _unread(table.file, error) from error


def _read_text(con: ibis.BaseBackend, table: TableFile, columns: Mapping[str, str]) -> RawLog:
    ours = {theirs: name for name, theirs in columns.items()}
    names = tuple(ours.get(name, f"column {place}") for place, name in enumerate(table.columns, 1))
    log = read_text(con, table.file.path, _format(table, names), table.path)
    return replace(log, table=log.table.select("row", *columns))


def _format(table: TableFile, names: tuple[str, ...]) -> TextFormat:
    assert table.dialect
    return TextFormat(names, table.dialect.sep, header=table.dialect.header, quoted=table.dialect.quoted)


def _head(con: ibis.BaseBackend, table: TableFile, head: int) -> dict[str, list[str | None]]:
    """The first rows; lines that cannot be read are passed over here, and are told of when all rows are read."""
    if table.dialect is None:
        names = typed.readable(table.file, table.columns)
        selected = typed.selection(table.file, {name: name for name in names})
        rows = con.con.execute(f"SELECT * EXCLUDE (row) FROM ({selected}) LIMIT {head}").fetchall()
        return _by_column(names, rows)
    quote = '"' if table.dialect.quoted else ""
    types = ", ".join(f"'c{place}': 'VARCHAR'" for place, _ in enumerate(table.columns))
    rows = con.con.execute(
        f"SELECT * FROM read_csv({this_file(table.file.path)}, sep={literal(table.dialect.sep)}, auto_detect=false, "
        f"header={table.dialect.header}, quote='{quote}', escape='{quote}', columns={{{types}}}, compression='none', "
        f"hive_partitioning=false, ignore_errors=true) LIMIT {head}"
    ).fetchall()
    return _by_column(table.columns, rows)


def _by_column(names: tuple[str, ...], rows: list[tuple]) -> dict[str, list[str | None]]:
    return {name: [row[place] or None for row in rows] for place, name in enumerate(names)}


def _reads(con: ibis.BaseBackend, file: Plain, said: Said) -> bool:
    """Whether DuckDB reads a text whose lines end in several ways, as it does where one way stands in quotes alone."""
    dialect = dialect_of(con, file.path, file.suffix, said, file.named)
    try:
        read_text(con, file.path, _format(TableFile(file, dialect.columns, dialect, {}), dialect.columns))
    except (InputError, duckdb.Error):
        return False
    return True


def _unread(file: Plain, error: Exception) -> InputError:
    remedy = "write one JSON object a line" if file.kind == "json" else "mend the file"
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return InputError(f"{file.named}: {reason}; {remedy}")

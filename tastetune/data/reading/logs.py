"""A log as read: a table of strings that knows the file and line of each row."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ibis
from ibis.expr import types as ir

from tastetune.data.reading.problems import Check, Problem, problems_of

csv.field_size_limit(1 << 24)  # DuckDB reads lines of 2,000,000 bytes; Python's own limit of a field is far less


@dataclass(frozen=True)
class TextFormat:
    """How a delimited text file is written.

    Attributes:
        columns: the fields of a line, in order.
        sep: what stands between two fields.
        header: the first line names the columns.
        encoding: `utf-8` or `latin-1`.
        quoted: a field between double quotes may hold the separator and line breaks.
        closed: a whole file ends in a line break, so that one which does not was cut.
    """

    columns: tuple[str, ...]
    sep: str
    header: bool = False
    encoding: str = "utf-8"
    quoted: bool = False
    closed: bool = False


@dataclass(frozen=True)
class Lines:
    """Where the rows of one file stand.

    Attributes:
        path: the file as a person knows it.
        text: the same as a plain text of lines, None where it is not one.
        fmt: how `text` is written.
        before: rows of other files that stand before its first.
    """

    path: Path
    text: Path | None = None
    fmt: TextFormat | None = None
    before: int = 0

    def place(self, row: int) -> str:
        """Where the file's row stands, counted from 1."""
        line = _line_of(self.text, self.fmt, row) if self.text and self.fmt else None
        return f"{self.path}, row {row}" if line is None else f"{self.path}, line {line}"


@dataclass(frozen=True)
class RawLog:
    """One file as read, or several one behind the other.

    Attributes:
        table: every field a string (null where empty), and `row`, counted from 1 in the files' order.
        files: where the rows of each file stand.
        problems: what kept lines of the files out of `table`; `refuse` them with those of the rows.
    """

    table: ir.Table
    files: tuple[Lines, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def path(self) -> Path:
        return self.files[0].path

    def place(self, row: int) -> str:
        """Where a row stands, in words that begin an error message."""
        file = next(file for file in reversed(self.files) if file.before < row)
        return file.place(row - file.before)

    def checked(self, checks: Iterable[Check]) -> "RawLog":
        """The rows that pass; what others fail is added to `problems`, so that the log is refused in the end."""
        checks = list(checks)
        problems = problems_of(self, checks)
        passed = ~ibis.or_(*(check.condition for check in checks)).fill_null(False)
        table = self.table.filter(passed) if problems else self.table
        return replace(self, table=table, problems=(*self.problems, *problems))

    def having(self, **columns: ir.Value) -> "RawLog":
        """The log with these columns in place of its own, or beside them."""
        return replace(self, table=self.table.mutate(**columns))


def joined(logs: Sequence[RawLog]) -> RawLog:
    """Logs of one file each, with the same columns, as one log."""
    tables, files, before = [], [], 0
    for log in logs:
        tables.append(log.table.mutate(row=log.table.row + before))
        files.append(replace(log.files[0], before=before))
        before += int(log.table.count().execute())
    problems = tuple(problem for log in logs for problem in log.problems)
    return RawLog(ibis.union(*tables) if len(tables) > 1 else tables[0], tuple(files), problems)


def repeats_of(raw: RawLog, key: Sequence[str], remedy: str = "keep one of the two") -> list[Problem]:
    """The problem of rows whose `key` columns, none of them empty, stand alike in an earlier row, if there are any."""
    alike = ibis.window(group_by=key, order_by="row")
    numbered = raw.table.drop_null(key).mutate(earlier=raw.table.row.first().over(alike))
    repeats = numbered.filter(numbered.row > numbered.earlier)
    first = repeats.order_by("row").limit(1).to_pyarrow().to_pylist()
    if not first:
        return []
    again, named = first[0], " and ".join(f"{column} {first[0][column]}" for column in key)
    what = f"{named} stand in {raw.place(again['earlier'])} too"
    return [Problem(raw.place(again["row"]), what, remedy, int(repeats.count().execute()))]


def _line_of(path: Path, fmt: TextFormat, row: int) -> int | None:
    """The line at which the record `row` ends, None where Python counts records otherwise than DuckDB.

    Records with another number of fields are no rows. Only asked when something is wrong, so a scan may be slow.
    """
    fields = len(fmt.columns)
    with path.open(encoding=fmt.encoding, newline="", errors="replace") as file:
        if fmt.quoted and len(fmt.sep) == 1:
            reader = csv.reader(file, delimiter=fmt.sep)
            records = (reader.line_num for record in reader if len(record) == fields)
        elif fmt.quoted and '"' in file.read():
            return None
        else:
            file.seek(0)
            lines = ((number, line.strip("\r\n")) for number, line in enumerate(file, 1))
            records = (number for number, line in lines if line and line.count(fmt.sep) + 1 == fields)
        try:
            return next((number for count, number in enumerate(records, 0 if fmt.header else 1) if count == row), None)
        except csv.Error:
            return None

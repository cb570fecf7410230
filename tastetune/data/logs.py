"""Reading a log of any size: DuckDB reads the file and spills to disk; every message names the line."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
from ibis.expr import types as ir

from tastetune.data.engine import literal, this_file
from tastetune.errors import InputError

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
class RawLog:
    """One file as read, or several one behind the other.

    Attributes:
        table: every field a string (null where empty), and `row`, counted from 1 in the files' order.
        files: of each file its path, its format (None: not a text of lines) and how many rows stand before it.
    """

    table: ir.Table
    files: tuple[tuple[Path, TextFormat | None, int], ...]

    @property
    def path(self) -> Path:
        return self.files[0][0]

    def place(self, row: int) -> str:
        """Where a row stands, in words that begin an error message."""
        path, fmt, before = next(file for file in reversed(self.files) if file[2] < row)
        if fmt is None:
            return f"{path}, row {row - before}"
        line = _line_of(path, fmt, row - before)
        return f"{path}, row {row - before}" if line is None else f"{path}, line {line}"


def joined(logs: Sequence[RawLog]) -> RawLog:
    """Logs of one file each, with the same columns, as one log."""
    tables, files, before = [], [], 0
    for log in logs:
        tables.append(log.table.mutate(row=log.table.row + before))
        files.append((*log.files[0][:2], before))
        before += int(log.table.count().execute())
    return RawLog(ibis.union(*tables) if len(tables) > 1 else tables[0], tuple(files))


def read_text(con: ibis.BaseBackend, path: str | Path, fmt: TextFormat) -> RawLog:
    """Read a delimited text file into a temporary table.

    Raises:
        InputError: the file is missing, empty, not in its encoding, cut in the middle of a line, or has a line with
            another number of fields.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    _check_ends(path, fmt)
    quote = '"' if fmt.quoted else ""
    name, rejects = ibis.util.gen_name("log"), ibis.util.gen_name("rejects")
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in fmt.columns)
    try:
        con.raw_sql(
            f"CREATE TEMP TABLE {name} AS SELECT row_number() OVER () AS row, * FROM read_csv({this_file(path)}, "
            f"sep={literal(fmt.sep)}, header={fmt.header}, encoding={literal(fmt.encoding)}, auto_detect=false, "
            f"quote='{quote}', escape='{quote}', columns={{{columns}}}, hive_partitioning=false, compression='none', "
            f"store_rejects=true, rejects_table='{rejects}', rejects_scan='{rejects}_scan')"
        )
    except duckdb.Error as error:
        raise InputError(f"{path}: {_line_ends(path) or str(error).splitlines()[0] + '; mend the file'}") from error
    _check_rejects(con, path, fmt, rejects)
    raw = RawLog(con.table(name), ((path, fmt, 0),))
    if not raw.table.count().execute():
        raise InputError(f"{path}: no row in it; expected lines of {_fields(fmt)}")
    return raw


def refuse_first(raw: RawLog, checks: Iterable[tuple[ir.BooleanValue, str | ir.StringValue, str]]) -> None:
    """Raise InputError at the first row for which a check's condition holds; each is (condition, problem, remedy)."""
    branches = [(condition, ibis.literal("") + problem + f"; {remedy}") for condition, problem, remedy in checks]
    problems = raw.table.select("row", problem=ibis.cases(*branches))
    first = problems.filter(problems.problem.notnull()).order_by("row").limit(1).to_pyarrow().to_pylist()
    if first:
        raise InputError(f"{raw.place(first[0]['row'])}: {first[0]['problem']}")


def refuse_repeats(raw: RawLog, key: Sequence[str], remedy: str = "keep one of the two") -> None:
    """Raise InputError at the first row whose `key` columns, none of them empty, stand alike in an earlier row."""
    alike = ibis.window(group_by=key, order_by="row")
    numbered = raw.table.drop_null(key).mutate(earlier=raw.table.row.first().over(alike))
    repeat = numbered.filter(numbered.row > numbered.earlier).order_by("row").limit(1).to_pyarrow().to_pylist()
    if repeat:
        again, named = repeat[0], " and ".join(f"{column} {repeat[0][column]}" for column in key)
        raise InputError(f"{raw.place(again['row'])}: {named} stand in {raw.place(again['earlier'])} too; {remedy}")


def refuse_utf_16(path: Path) -> None:
    """Raise InputError for a text in UTF-16, which some programs write and which reads as nonsense otherwise."""
    with path.open("rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            raise InputError(f"{path}: a text in UTF-16; save it as UTF-8")


def _check_ends(path: Path, fmt: TextFormat) -> None:
    size = path.stat().st_size
    if not size:
        raise InputError(f"{path}: the file is empty; expected lines of {_fields(fmt)}; fetch it anew")
    refuse_utf_16(path)
    with path.open("rb") as file:
        file.seek(-1, 2)
        if fmt.closed and file.read(1) != b"\n":
            file.seek(0)
            line = 1 + sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
            raise InputError(f"{path}, line {line}: the file is cut in the middle of its last line; fetch it anew")


def _check_rejects(con: ibis.BaseBackend, path: Path, fmt: TextFormat, rejects: str) -> None:
    table = con.table(rejects)
    first = table.order_by("byte_position", "column_idx").limit(1).to_pyarrow().to_pylist()
    if not first:
        return
    # DuckDB counts records, and a quoted field may hold line breaks: count the breaks before the record itself.
    with path.open("rb") as file:
        line = file.read(max((first[0]["byte_position"] or 0) - 1, 0)).count(b"\n") + 1
    place = f"{path}, line {line}"
    problem = {
        "MISSING COLUMNS": f"fewer fields than {_fields(fmt)}",
        "TOO MANY COLUMNS": f"more fields than {_fields(fmt)}",
        "INVALID ENCODING": f"bytes that are not {fmt.encoding}",
    }.get(first[0]["error_type"], first[0]["error_message"])
    raise InputError(
        f"{place}: {problem}: {(first[0]['csv_line'] or '')[:100]!r}; mend the line, or fetch the file anew"
    )


def _line_of(path: Path, fmt: TextFormat, row: int) -> int | None:
    """The line at which the record `row` ends, None where Python counts records otherwise than DuckDB.

    Only asked when something is wrong, so a scan may be slow.
    """
    with path.open(encoding=fmt.encoding, newline="", errors="replace") as file:
        if fmt.quoted:
            reader = csv.reader(file, delimiter=fmt.sep)
            records = (reader.line_num for fields in reader if fields)
        else:
            records = (number for number, line in enumerate(file, 1) if line.strip("\r\n"))
        try:
            return next((number for count, number in enumerate(records, 0 if fmt.header else 1) if count == row), None)
        except csv.Error:
            return None


def _line_ends(path: Path) -> str | None:
    """What is wrong with the ends of lines, if lines end in more than one way."""
    ends: dict[str, int] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            body = line.rstrip(b"\r\n")
            here = ["CR LF" if line.endswith(b"\r\n") else "LF"] if line.endswith(b"\n") else []
            if b"\r" in body or len(line) - len(body) > len(here) + (here == ["CR LF"]):
                here.append("CR")
            for end in here:
                ends.setdefault(end, number)
    if len(ends) < 2:
        return None
    (one, first), (other, second) = list(ends.items())[:2]
    return (
        f"lines end in more than one way, in {one} (line {first}) and in {other} (line {second}); save the file anew "
        "with one kind of line end"
    )


def _fields(fmt: TextFormat) -> str:
    return f"{len(fmt.columns)} fields ({', '.join(fmt.columns)}) separated by {fmt.sep!r}"

"""Reading a delimited text of any size: DuckDB reads the file and spills to disk; every message names the line."""

from pathlib import Path

import duckdb
import ibis

from tastetune.data.engine import literal, this_file
from tastetune.data.reading.logs import Lines, RawLog, TextFormat
from tastetune.data.reading.problems import Problem
from tastetune.errors import InputError

UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(con: ibis.BaseBackend, path: str | Path, fmt: TextFormat, named: Path | None = None) -> RawLog:
    """Read a delimited text file into a temporary table.

    Lines that are not in the encoding or have another number of fields are problems of the log.

    Args:
        named: the file that a message names, where `path` is a plain copy of it.

    Raises:
        InputError: the file is missing, empty, or cut in the middle of a line, or has no line that can be read.
    """
    path, named = Path(path), named or Path(path)
    if not path.is_file():
        raise InputError(f"{named}: no such file; check the path")
    _check_ends(path, named, fmt)
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
        raise InputError(f"{named}: {line_ends(path) or str(error).splitlines()[0] + '; mend the file'}") from error
    raw = RawLog(con.table(name), (Lines(named, path, fmt),), tuple(_rejected(con, path, named, fmt, rejects)))
    if not raw.problems and not raw.table.count().execute():
        raise InputError(f"{named}: no row in it; expected lines of {_fields(fmt)}")
    return raw


def has_mixed_ends(path: Path) -> bool:
    """Whether lines end in more than one way, wherever these ends stand."""
    crlf = lf = cr = 0
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(1 << 24), b""):
            part = chunk + file.read(1) if chunk.endswith(b"\r") else chunk
            crlf, lf, cr = crlf + part.count(b"\r\n"), lf + part.count(b"\n"), cr + part.count(b"\r")
    return sum((crlf > 0, lf > crlf, cr > crlf)) > 1


def line_ends(path: Path) -> str | None:
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


def _check_ends(path: Path, named: Path, fmt: TextFormat) -> None:
    if not path.stat().st_size:
        raise InputError(f"{named}: the file is empty; expected lines of {_fields(fmt)}; fetch it anew")
    with path.open("rb") as file:
        if file.read(2) in UTF_16:
            raise InputError(f"{named}: a text in UTF-16; save it as UTF-8")
        if fmt.closed and not _ends_in_a_break(path):
            file.seek(0)
            line = 1 + sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
            raise InputError(f"{named}, line {line}: the file is cut in the middle of its last line; fetch it anew")


def _ends_in_a_break(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) in (b"\n", b"\r")


def _rejected(con: ibis.BaseBackend, path: Path, named: Path, fmt: TextFormat, rejects: str) -> list[Problem]:
    """Why lines were not read, one problem for each reason."""
    table = con.table(rejects)
    first = ibis.row_number().over(ibis.window(group_by="error_type", order_by=["byte_position", "column_idx"]))
    lines = table.line.nunique().over(ibis.window(group_by="error_type"))
    numbered = table.mutate(first=first, lines=lines)
    firsts = numbered.filter(numbered.first == 0).order_by("byte_position").to_pyarrow().to_pylist()
    return [_problem(path, named, fmt, row) for row in firsts]


def _problem(path: Path, named: Path, fmt: TextFormat, rejected: dict) -> Problem:
    # DuckDB counts records, and a quoted field may hold line breaks: count the breaks before the record itself.
    position, text = max((rejected["byte_position"] or 0) - 1, 0), rejected["csv_line"] or ""
    with path.open("rb") as file:
        line = file.read(position).count(b"\n") + 1
    what = {
        "MISSING COLUMNS": f"fewer fields than {_fields(fmt)}",
        "TOO MANY COLUMNS": f"more fields than {_fields(fmt)}",
        "INVALID ENCODING": f"bytes that are not {fmt.encoding}",
        "UNQUOTED VALUE": "text behind a field's closing quote",
        "LINE SIZE OVER MAXIMUM": "a line of more than 2,000,000 bytes",
    }.get(rejected["error_type"], rejected["error_message"].splitlines()[0])
    remedy = "mend the line, or fetch the file anew"
    if "quote" in what.lower() and fmt.quoted:
        remedy = "mend the line, or say with --no_quotes that quotes are part of the text"
    elif position + len(text.encode()) >= path.stat().st_size and not _ends_in_a_break(path):
        what, remedy = f"the file is cut in the middle of its last line, {what}", "fetch the file anew"
    return Problem(f"{named}, line {line}", f"{what}: {text[:100]!r}", remedy, max(rejected["lines"], 1))


def _fields(fmt: TextFormat) -> str:
    return f"{len(fmt.columns)} fields ({', '.join(fmt.columns)}) separated by {fmt.sep!r}"

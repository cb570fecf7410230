"""How a plain text is written: what stands between fields, whether quotes count, whether the first line is a header."""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis

from tastetune.data.engine import literal, this_file
from tastetune.errors import InputError

SUFFIXES = {".csv": ",", ".tsv": "\t", ".inter": "\t", ".item": "\t"}
"""What stands between fields where a text is too short or too broken to tell."""

ROWS = 50_000
"""Rows that DuckDB's sniffer looks at, from all over the file."""

LINES = 200
"""Lines from the beginning in which separators that the sniffer does not try are counted."""

ESCAPES = {r"\t": "\t", "tab": "\t", "space": " ", r"\s": " "}
"""How a person may write a separator that a command line hardly takes."""

DATA = re.compile(r"[-+]?\d+([.,]\d+)?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?")
"""A number or a date, which is no column's name."""


@dataclass(frozen=True)
class Said:
    """What a person said of a text; None where it is to be found out."""

    separator: str | None = None
    encoding: str | None = None
    no_header: bool | None = None
    no_quotes: bool | None = None


@dataclass(frozen=True)
class Dialect:
    """How a text is written.

    Attributes:
        sep: what stands between two fields.
        quoted: a field between double quotes may hold the separator and line breaks.
        first: the fields of its first line.
        header: they name the columns.
        evidence: where they do not, why; where they do but may be data, why.
    """

    sep: str
    quoted: bool
    first: tuple[str, ...]
    header: bool
    evidence: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names, or their numbers from 1 where they have none."""
        return self.first if self.header else tuple(str(number) for number, _ in enumerate(self.first, 1))


def dialect_of(con: ibis.BaseBackend, path: Path, suffix: str, said: Said, named: Path) -> Dialect:
    """How the text `path`, in UTF-8, is written; `suffix` is the ending of the name that a person gave it.

    Args:
        named: the file that a message names.

    Raises:
        InputError: a separator that cannot be one, or a file that does not begin with the table.
    """
    sep = None if said.separator is None else ESCAPES.get(said.separator, said.separator)
    if sep is not None and (not 1 <= len(sep.encode()) <= 4 or not sep.strip('\r\n"')):
        raise InputError(f"--separator {sep!r}: expected one to four characters, no quote and no line break")
    lines = _lines(path)
    sep = sep or _unusual(lines)
    sniffed = _sniffed(con, path, sep)
    if sniffed is None or (sep is None and len(sniffed["Columns"]) == 1):
        sep = sep or SUFFIXES.get(suffix, ",")
        sniffed = _sniffed(con, path, sep) or {"Quote": '"', "Columns": ()}
    sep = sep or sniffed["Delimiter"]
    quoted = _counts_quotes(lines, sniffed["Quote"], sep) if said.no_quotes is None else not said.no_quotes
    rows = [fields for fields in _fields(lines, sep, quoted) if fields]
    first = tuple(rows[0]) if rows else ()
    fields, _ = Counter(map(len, rows)).most_common(1)[0] if rows else (len(first), 0)
    if len(first) == 1 < fields:
        raise InputError(
            f"{named}, line 1: {sep.join(first)[:60]!r} is no line of the table, which begins further down; "
            "remove what stands before it"
        )
    if said.no_header is not None:
        return Dialect(sep, quoted, first, not said.no_header)
    evidence = "" if _is_proven(first, rows[1:]) else _like_data(first, rows[1:])
    return Dialect(sep, quoted, first, not evidence, evidence)


def _unusual(lines: list[str]) -> str | None:
    """`::` or a space, where every line has the same number of them; DuckDB's sniffer tries neither by itself."""
    for sep, others in (("::", ""), (" ", ",;\t|")):
        numbers = Counter(line.count(sep) for line in lines)
        if len(numbers) == 1 and min(numbers) and not any(other in line for other in others for line in lines):
            return sep
    return None


def _lines(path: Path) -> list[str]:
    lines = []
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        while len(lines) < LINES and (line := file.readline(1 << 16)):
            if line.strip():
                lines.append(line.rstrip("\r\n"))
    return lines


def _sniffed(con: ibis.BaseBackend, path: Path, sep: str | None) -> dict | None:
    """What DuckDB's sniffer says, None where it cannot tell."""
    delim = "" if sep is None else f", delim={literal(sep)}"
    query = (
        f"SELECT Delimiter, Quote, Columns FROM sniff_csv({this_file(path)}, sample_size={ROWS}, "
        f"ignore_errors=true, compression='none', hive_partitioning=false{delim})"
    )
    try:
        row = con.con.execute(query).fetchone()
    except duckdb.Error:
        return None
    return dict(zip(("Delimiter", "Quote", "Columns"), row, strict=True))


def _counts_quotes(lines: list[str], sniffed: str, sep: str) -> bool:
    """Whether a double quote encloses a field, as in a CSV it does; elsewhere one may be a part of the text.

    Where none stands at a field's beginning, one that does further down encloses it.
    """
    if sniffed == '"' or sep in ",;":
        return True
    return not any(line.startswith('"') or sep + '"' in line for line in lines)


def _fields(lines: list[str], sep: str, quoted: bool) -> list[list[str]]:
    if len(sep) > 1:
        return [[field.strip('"') if quoted else field for field in line.split(sep)] for line in lines]
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    try:
        return list(csv.reader([line + "\n" for line in lines], delimiter=sep, quoting=quoting))
    except csv.Error:  # a NUL character, or a quote that is never closed
        return [line.split(sep) for line in lines]


def _is_proven(first: tuple[str, ...], rows: list[list[str]]) -> bool:
    """Whether a word stands over a column of numbers or dates alone, as only a name does."""
    columns = [[row[place] for row in rows if place < len(row) and row[place].strip()] for place, _ in enumerate(first)]
    return any(
        cell.strip() and not _is_data(cell) and below and all(map(_is_data, below))
        for cell, below in zip(first, columns, strict=True)
    )


def _like_data(first: tuple[str, ...], rows: list[list[str]]) -> str:
    """Why the first line looks like a row of data rather than names, empty where it does not."""
    for place, cell in enumerate(first):
        if _is_data(cell):
            return f"{cell.strip()!r} stands where a column's name would"
        if cell.strip() and any(place < len(row) and row[place] == cell for row in rows):
            return f"{cell!r} stands there and further down in its column"
    return ""


def _is_data(cell: str) -> bool:
    return bool(DATA.fullmatch(cell.strip()))

"""The interactions and items contract: schema, checks, and reading a log of any size.

Interactions are an Ibis table of `user_id`, `item_id` (strings), `rating` (float64), `timestamp` (int64, seconds),
one row a (user, item) pair. Whatever engine the table lives in runs the queries; files are read by DuckDB, which
spills to disk. Items are an Arrow table, for a catalogue is small.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from tastetune.errors import InputError

COLUMNS = ("user_id", "item_id", "rating", "timestamp")
ITEMS = pa.schema([("item_id", pa.string()), ("title", pa.string()), ("genres", pa.list_(pa.string()))])


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
    """A file as read: every field a string (null where empty), and `row`, counted from 1 in the file's order."""

    path: Path
    table: ir.Table
    format: TextFormat | None = None

    def place(self, row: int) -> str:
        """Where a row stands, in words that begin an error message."""
        if self.format is None:
            return f"{self.path}, row {row}"
        return f"{self.path}, line {_line_of(self.path, self.format, row)}"


def connect(database: str | Path = ":memory:", **settings) -> ibis.BaseBackend:
    """An Ibis connection to DuckDB; `settings` are DuckDB's own, such as `threads=1` or `memory_limit="4GB"`."""
    return ibis.duckdb.connect(database, **settings)


def keep(table: ir.Table) -> ir.Table:
    """The table's rows, worked out once and held as a temporary table of its own engine."""
    return table.get_backend().create_table(ibis.util.gen_name("kept"), table, temp=True)


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
    columns = ", ".join(f"{_literal(column)}: 'VARCHAR'" for column in fmt.columns)
    con.raw_sql(
        f"CREATE TEMP TABLE {name} AS SELECT row_number() OVER () AS row, * FROM read_csv({_literal(str(path))}, "
        f"sep={_literal(fmt.sep)}, header={fmt.header}, encoding={_literal(fmt.encoding)}, auto_detect=false, "
        f"quote='{quote}', escape='{quote}', columns={{{columns}}}, "
        f"store_rejects=true, rejects_table='{rejects}', rejects_scan='{rejects}_scan')"
    )
    _check_rejects(con, path, fmt, rejects)
    raw = RawLog(path, con.table(name), fmt)
    if not raw.table.count().execute():
        raise InputError(f"{path}: no row in it; expected lines of {_fields(fmt)}")
    return raw


def to_interactions(raw: RawLog, low: float, high: float) -> ir.Table:
    """Check and type the four columns of a raw log.

    Args:
        raw: a log with the columns `user_id`, `item_id`, `rating`, `timestamp`.
        low, high: the rating scale, both ends included.

    Raises:
        InputError: at the first line with an empty id, a rating off the scale, a timestamp that is not a whole
            number of seconds, or a pair of user and item that an earlier line rates.
    """
    table, rating = raw.table, raw.table.rating.try_cast("float64")
    refuse_first(
        raw,
        [
            (table.user_id.isnull(), "the user id is empty", "give each rating its user"),
            (table.item_id.isnull(), "the item id is empty", "give each rating its item"),
            (
                rating.isnull() | ~rating.between(low, high),
                ibis.literal("rating ") + table.rating.fill_null("(empty)") + f" is none from {low:g} to {high:g}",
                "mend or remove the line",
            ),
            (
                ~table.timestamp.re_search(r"^\d{1,18}$").fill_null(False),
                ibis.literal("timestamp ") + table.timestamp.fill_null("(empty)") + " is no whole number of seconds",
                "mend or remove the line",
            ),
        ],
    )
    refuse_repeats(raw, ["user_id", "item_id"])
    return table.select(
        "user_id", "item_id", rating=table.rating.cast("float64"), timestamp=table.timestamp.cast("int64")
    )


def refuse_first(raw: RawLog, checks: Iterable[tuple[ir.BooleanValue, str | ir.StringValue, str]]) -> None:
    """Raise InputError at the first row for which a check's condition holds; each is (condition, problem, remedy)."""
    branches = [(condition, ibis.literal("") + problem + f"; {remedy}") for condition, problem, remedy in checks]
    problems = raw.table.select("row", problem=ibis.cases(*branches))
    first = problems.filter(problems.problem.notnull()).order_by("row").limit(1).to_pyarrow().to_pylist()
    if first:
        raise InputError(f"{raw.place(first[0]['row'])}: {first[0]['problem']}")


def refuse_repeats(raw: RawLog, key: Sequence[str]) -> None:
    """Raise InputError at the first row whose `key` columns stand alike in an earlier row."""
    alike = ibis.window(group_by=key, order_by="row")
    numbered = raw.table.mutate(earlier=raw.table.row.first().over(alike))
    repeat = numbered.filter(numbered.row > numbered.earlier).order_by("row").limit(1).to_pyarrow().to_pylist()
    if repeat:
        again, before = repeat[0], raw.place(repeat[0]["earlier"]).removeprefix(f"{raw.path}, ")
        named = " and ".join(f"{column} {again[column]}" for column in key)
        raise InputError(f"{raw.place(again['row'])}: {named} stand in {before} already; keep one of the two")


def to_items(raw: RawLog, item: Callable[[dict], tuple[str, str, list[str]]]) -> pa.Table:
    """Check a catalogue and make it the items table, sorted by id.

    Args:
        raw: a catalogue with the columns `item_id` and `title`.
        item: a row of it -> (item id, title, genres).

    Raises:
        InputError: an item without id or title, or an id that stands twice.
    """
    table = raw.table
    refuse_first(
        raw,
        [
            (table.item_id.isnull(), "the item id is empty", "give each item an id"),
            (
                table.title.strip().fill_null("") == "",
                ibis.literal("item ") + table.item_id + " has no title",
                "a prompt needs one: add it, or remove the item and its ratings",
            ),
        ],
    )
    refuse_repeats(raw, ["item_id"])
    found = [item(row) for row in table.order_by("item_id").to_pyarrow().to_pylist()]
    return pa.table([pa.array(column) for column in zip(*found, strict=True)], names=ITEMS.names).cast(ITEMS)


def refuse_unknown_items(interactions: ir.Table, items: pa.Table, catalogue: str | Path) -> None:
    """Raise InputError naming an item that is rated but has no title."""
    counted = interactions.group_by("item_id").agg(ratings=interactions.count()).order_by("item_id").to_pyarrow()
    unknown = counted.filter(pc.invert(pc.is_in(counted["item_id"], items["item_id"].combine_chunks())))
    if len(unknown):
        raise InputError(
            f"{catalogue}: item {unknown['item_id'][0].as_py()} is rated {unknown['ratings'][0].as_py()} times but has "
            f"no title there, and so have {len(unknown)} items in all; add their lines, or remove their ratings"
        )


def _check_ends(path: Path, fmt: TextFormat) -> None:
    size = path.stat().st_size
    if not size:
        raise InputError(f"{path}: the file is empty; expected lines of {_fields(fmt)}; fetch it anew")
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
        line = file.read(max(first[0]["byte_position"] - 1, 0)).count(b"\n") + 1
    place = f"{path}, line {line}"
    found = {
        "MISSING COLUMNS": f"fewer fields than {_fields(fmt)}",
        "TOO MANY COLUMNS": f"more fields than {_fields(fmt)}",
        "INVALID ENCODING": f"bytes that are not {fmt.encoding}",
    }.get(first[0]["error_type"], first[0]["error_message"])
    raise InputError(f"{place}: {found}: {first[0]['csv_line'][:100]!r}; mend the line, or fetch the file anew")


def _line_of(path: Path, fmt: TextFormat, row: int) -> int:
    """The line at which the record `row` ends; only asked when something is wrong, so a scan may be slow."""
    with path.open(encoding=fmt.encoding, newline="") as file:
        if fmt.quoted:
            reader = csv.reader(file, delimiter=fmt.sep)
            records = (reader.line_num for fields in reader if fields)
        else:
            records = (number for number, line in enumerate(file, 1) if line.strip("\r\n"))
        return next(number for count, number in enumerate(records, 0 if fmt.header else 1) if count == row)


def _fields(fmt: TextFormat) -> str:
    return f"{len(fmt.columns)} fields ({', '.join(fmt.columns)}) separated by {fmt.sep!r}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

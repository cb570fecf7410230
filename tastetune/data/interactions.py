"""The interactions and items contract: schemas and checks.

Interactions are an Ibis table of `user_id`, `item_id` (strings), `rating` (float64) and `timestamp` (int64, seconds),
one row a (user, item) pair; the engine that holds the table runs its queries. Items are an Arrow table, for a
catalogue is small.
"""

from collections.abc import Callable, Sequence

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from tastetune.data.reading.logs import RawLog, repeats_of
from tastetune.data.reading.problems import Check, Problem, refuse

INTERACTIONS = pa.schema(
    [("user_id", pa.string()), ("item_id", pa.string()), ("rating", pa.float64()), ("timestamp", pa.int64())]
)
COLUMNS = tuple(INTERACTIONS.names)
ITEMS = pa.schema([("item_id", pa.string()), ("title", pa.string()), ("genres", pa.list_(pa.string()))])


def to_interactions(raw: RawLog, low: float, high: float) -> ir.Table:
    """Check and type the four columns of a raw log.

    Args:
        raw: a log with the columns `user_id`, `item_id`, `rating`, `timestamp`; others stay as they are.
        low, high: the rating scale, both ends included.

    Raises:
        InputError: see `interaction_problems`; or a pair of user and item that an earlier line rates.
    """
    checked = raw.checked(_checks(raw.table, low, high))
    refuse([*checked.problems, *repeats_of(checked, ["user_id", "item_id"])])
    table = raw.table
    return table.drop("row").mutate(rating=table.rating.cast("float64"), timestamp=table.timestamp.cast("int64"))


def interaction_problems(raw: RawLog, low: float, high: float) -> list[Problem]:
    """The problems that a raw log brings with it, and those of single rows.

    A row has one with an empty id or one that holds a NUL character, a rating off the scale, or a timestamp that is not
    a whole number of seconds. See `to_interactions`.
    """
    return list(raw.checked(_checks(raw.table, low, high)).problems)


def _checks(table: ir.Table, low: float, high: float) -> list[Check]:
    rating, written = table.rating.try_cast("float64"), table.rating.fill_null("(empty)")
    return [
        Check(table.user_id.isnull(), "the user id is empty", "give each rating its user"),
        Check(table.item_id.isnull(), "the item id is empty", "give each rating its item"),
        *(_without_nul(table, name) for name in ("user_id", "item_id")),
        Check(
            rating.isnull() | ~rating.between(low, high),
            ibis.literal("rating ") + written + f" is none from {low:g} to {high:g}",
            "mend or remove the line",
            "say with --rating_min and --rating_max from where to where ratings go, and with --unrated which "
            "number stands for no rating",
        ),
        Check(
            ~table.timestamp.re_search(r"^\d{1,18}$").fill_null(False),
            ibis.literal("timestamp ") + table.timestamp.fill_null("(empty)") + " is no whole number of seconds",
            "mend or remove the line",
            "convert the column",
        ),
    ]


def to_items(raw: RawLog, item: Callable[[dict], tuple[str, str, list[str]]]) -> pa.Table:
    """Check a catalogue and make it the items table, sorted by id.

    Args:
        raw: a catalogue with the columns `item_id` and `title`.
        item: a row of it -> (item id, title, genres).

    Raises:
        InputError: see `item_problems`.
    """
    refuse(item_problems(raw))
    return items_table([item(row) for row in raw.table.order_by("item_id").to_pyarrow().to_pylist()])


def items_table(rows: Sequence[tuple[str, str, list[str]]]) -> pa.Table:
    """(item id, title, genres) as the items table, in the same order."""
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    return pa.table([pa.array(column) for column in columns], names=ITEMS.names).cast(ITEMS)


def item_problems(raw: RawLog) -> list[Problem]:
    """The problems that a raw catalogue brings with it, and those of its rows.

    A row has one without id or title, with a NUL character in either, or with an id that stands in an earlier line.
    """
    table = raw.table
    checked = raw.checked(
        [
            Check(table.item_id.isnull(), "the item id is empty", "give each item an id"),
            *(_without_nul(table, name) for name in ("item_id", "title")),
            Check(
                table.title.strip().fill_null("") == "",
                ibis.literal("item ") + table.item_id + " has no title",
                "a prompt needs one: add it, or remove the item and its ratings",
            ),
        ]
    )
    return [*checked.problems, *repeats_of(checked, ["item_id"])]


def _without_nul(table: ir.Table, column: str) -> Check:
    """A NUL character ends a text in some programs and vanishes in others."""
    has = table[column].re_search(r"\x00").fill_null(False)
    return Check(has, f"a NUL character stands in the {column}", "remove it, or fetch the file anew")


def refuse_unknown_items(interactions: ir.Table, items: pa.Table, catalogue: object) -> None:
    """Raise InputError naming an item that is rated but has no title; `catalogue` is the file to mend."""
    missing = untitled(interactions, items)
    if len(missing):
        refuse([unknown_items(missing, items, catalogue, "add their lines, or remove their ratings")])


def untitled(interactions: ir.Table, items: pa.Table) -> pa.Table:
    """The items that are rated but stand not in `items`: `item_id` and `ratings`, sorted by id."""
    counted = interactions.filter(interactions.item_id.notnull()).group_by("item_id").agg(ratings=ibis._.count())
    table = counted.order_by("item_id").to_pyarrow()
    return table.filter(pc.invert(pc.is_in(table["item_id"], items["item_id"].combine_chunks())))


def unknown_items(missing: pa.Table, items: pa.Table, catalogue: object, remedy: str) -> Problem:
    """The problem of rated items without a title, given by `untitled`."""
    item, ratings = missing["item_id"][0].as_py(), missing["ratings"][0].as_py()
    near = next((other for other in items["item_id"].to_pylist() if _bare(other) == _bare(item)), None)
    what = f"item {item} is rated {ratings} times but has no title there, and so have {len(missing)} items in all"
    what += f" (ids are text: {near}, which is there, is another id)" if near else ""
    return Problem(str(catalogue), what, remedy)


def _bare(number: str) -> str:
    """A number as text without leading zeros and the `.0` that some programs add to ids."""
    return number.lstrip("0").removesuffix(".0")

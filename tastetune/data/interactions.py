"""The interactions and items contract: schemas and checks.

Interactions are an Ibis table of `user_id`, `item_id` (strings), `rating` (float64) and `timestamp` (int64, seconds),
one row a (user, item) pair; the engine that holds the table runs its queries. Items are an Arrow table, for a
catalogue is small.
"""

from collections.abc import Callable

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from tastetune.data.logs import RawLog, refuse_first, refuse_repeats
from tastetune.errors import InputError

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
        InputError: at the first line with an empty id or one that holds a NUL character, a rating off the scale, a
            timestamp that is not a whole number of seconds, or a pair of user and item that an earlier line rates.
    """
    table, rating = raw.table, raw.table.rating.try_cast("float64")
    refuse_first(
        raw,
        [
            (table.user_id.isnull(), "the user id is empty", "give each rating its user"),
            (table.item_id.isnull(), "the item id is empty", "give each rating its item"),
            *(_without_nul(table, name) for name in ("user_id", "item_id")),
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
    return table.drop("row").mutate(rating=table.rating.cast("float64"), timestamp=table.timestamp.cast("int64"))


def to_items(raw: RawLog, item: Callable[[dict], tuple[str, str, list[str]]]) -> pa.Table:
    """Check a catalogue and make it the items table, sorted by id.

    Args:
        raw: a catalogue with the columns `item_id` and `title`.
        item: a row of it -> (item id, title, genres).

    Raises:
        InputError: an item without id or title, a NUL character in either, or an id that stands twice.
    """
    table = raw.table
    refuse_first(
        raw,
        [
            (table.item_id.isnull(), "the item id is empty", "give each item an id"),
            *(_without_nul(table, name) for name in ("item_id", "title")),
            (
                table.title.strip().fill_null("") == "",
                ibis.literal("item ") + table.item_id + " has no title",
                "a prompt needs one: add it, or remove the item and its ratings",
            ),
        ],
    )
    refuse_repeats(raw, ["item_id"])
    rows = [item(row) for row in table.order_by("item_id").to_pyarrow().to_pylist()]
    return pa.table([pa.array(column) for column in zip(*rows, strict=True)], names=ITEMS.names).cast(ITEMS)


def _without_nul(table: ir.Table, column: str) -> tuple[ir.BooleanValue, str, str]:
    """A check for `refuse_first`: a NUL character ends a text in some programs and vanishes in others."""
    has = table[column].re_search(r"\x00").fill_null(False)
    return has, f"a NUL character stands in the {column}", "remove it, or fetch the file anew"


def refuse_unknown_items(interactions: ir.Table, items: pa.Table, catalogue: object) -> None:
    """Raise InputError naming an item that is rated but has no title; `catalogue` is the file to mend."""
    counted = interactions.group_by("item_id").agg(ratings=interactions.count()).order_by("item_id").to_pyarrow()
    ids = items["item_id"].combine_chunks()
    unknown = counted.filter(pc.invert(pc.is_in(counted["item_id"], ids)))
    if len(unknown):
        item = unknown["item_id"][0].as_py()
        near = [other for other in ids.to_pylist() if _bare(other) == _bare(item)]
        raise InputError(
            f"{catalogue}: item {item} is rated {unknown['ratings'][0].as_py()} times but has no title there, and so "
            f"have {len(unknown)} items in all; add their lines, or remove their ratings"
            + (f" (ids are text: {near[0]}, which is there, is another id)" if near else "")
        )


def _bare(number: str) -> str:
    """A number as text without leading zeros and the `.0` that some programs add to ids."""
    return number.lstrip("0").removesuffix(".0")

"""Which rows are train, validation and test: table operations that add a `split` column.

Inside a user, rows stand in the order of `tastetune.tasks.order.Order`.
"""

import ibis
from ibis.expr import types as ir

from tastetune.data.engine import keep
from tastetune.errors import InputError
from tastetune.tasks.order import BY_ITEM_ID, Order

SPLITS = ("train", "validation", "test")

RULES = {
    "per_user": "Of each user's ratings in that order, the first nine tenths (rounded down, at least one) are train "
    "and the rest test; the last tenth of the train part (rounded down, at least one where it holds two or more) is "
    "validation. A user with a single rating is in train alone.",
    "timeline": "One cut in time for everybody: the last tenth of all ratings is test, the tenth before it "
    "validation. Ratings of one moment stay together, on the later side of a cut.",
    "predefined": "As the source gives it. Where it names no validation rows, the last tenth of each user's train part "
    "(rounded down, at least one where it holds two or more) is validation.",
}
"""The rule of each protocol, in the words of the dataset card."""


def split(interactions: ir.Table, protocol: str, order: Order = BY_ITEM_ID) -> ir.Table:
    """Add the `split` column by a protocol of `RULES`, worked out once; `predefined` expects the column to be there.

    Args:
        order: of each user's ratings.

    Raises:
        InputError: a split is left without rows.
    """
    rules = {"per_user": per_user, "timeline": timeline, "predefined": predefined}
    # By user, so that an engine finds some users' ratings without reading all
    table = keep(rules[protocol](interactions, order).order_by("user_id"))
    parts = table.select("split").distinct().to_pyarrow()["split"].to_pylist()
    for name in SPLITS:
        if name not in parts:
            raise InputError(
                f"no rating is left for the {name} split; per_user needs users with 3 ratings or more, timeline a log "
                "of more than one moment, a predefined split rows in each of its three parts"
            )
    return table


def per_user(interactions: ir.Table, order: Order = BY_ITEM_ID) -> ir.Table:
    """Cut each user's own sequence; see `RULES`."""
    place = ibis.row_number().over(ibis.window(group_by="user_id", order_by=order.columns))
    rows = interactions.count().over(ibis.window(group_by="user_id"))
    known = ibis.greatest(rows * 9 // 10, 1)
    split = ibis.cases((place >= known, "test"), (place >= known - _validation(known), "validation"), else_="train")
    return interactions.mutate(split=split)


def timeline(interactions: ir.Table, order: Order = BY_ITEM_ID) -> ir.Table:
    """Cut the whole log at two moments; see `RULES`. No `order` within a moment matters."""
    place = ibis.row_number().over(ibis.window(order_by=("timestamp", "user_id", "item_id")))
    times = interactions.select("timestamp", place=place)
    rows = interactions.count().execute()
    cuts = times.filter(times.place.isin([rows * 8 // 10, rows * 9 // 10])).timestamp.to_pyarrow().to_pylist()
    time = interactions.timestamp
    split = ibis.cases((time >= max(cuts), "test"), (time >= min(cuts), "validation"), else_="train")
    return interactions.mutate(split=split)


def predefined(interactions: ir.Table, order: Order = BY_ITEM_ID) -> ir.Table:
    """Keep the split that is there; see `RULES`."""
    has_validation = interactions.filter(interactions.split == "validation").count().execute()
    return interactions if has_validation else _with_validation(interactions, order)


def timed_by_split(interactions: ir.Table) -> ir.Table:
    """For a log without times: the number of a row's split as its timestamp, so that no row of a later one precedes."""
    numbers = {name: number for number, name in enumerate(SPLITS)}
    return interactions.mutate(timestamp=interactions.split.cases(*numbers.items()).cast("int64"))


def _with_validation(interactions: ir.Table, order: Order) -> ir.Table:
    """Make the last tenth of each user's train part validation."""
    place = ibis.row_number().over(ibis.window(group_by=("user_id", "split"), order_by=order.columns))
    rows = interactions.count().over(ibis.window(group_by=("user_id", "split")))
    placed = interactions.mutate(place=place, rows=rows)
    is_last = (placed.split == "train") & (placed.place >= placed.rows - _validation(placed.rows))
    return placed.mutate(split=ibis.ifelse(is_last, "validation", placed.split)).drop("place", "rows")


def _validation(known: ir.IntegerValue) -> ir.IntegerValue:
    """How many of a user's ratings before test are validation."""
    return ibis.ifelse(known > 1, ibis.greatest(known // 10, 1), 0)

"""Which rows are train, validation and test: table operations that add a `split` column.

Inside a user, rows stand in the order (timestamp, item_id), item ids compared as strings byte by byte, so that every
engine sorts alike: more than half of MovieLens's neighbouring ratings tie in time.
"""

import ibis
from ibis.expr import types as ir

SPLITS = ("train", "validation", "test")
ORDER = ("timestamp", "item_id")

RULES = {
    "per_user": "Of each user's ratings in that order, the first nine tenths (rounded down, at least one) are train "
    "and the rest test; the last tenth of the train part (rounded down, at least one where it holds two or more) is "
    "validation. A user with a single rating is in train alone.",
    "timeline": "One cut in time for everybody: the last tenth of all ratings is test, the tenth before it "
    "validation. Ratings of one moment stay together, on the later side of a cut.",
    "predefined": "As the source gives it.",
}
"""The rule of each protocol, in the words of the dataset card."""


def per_user(interactions: ir.Table) -> ir.Table:
    """Cut each user's own sequence; see `RULES`."""
    user = ibis.window(group_by="user_id")
    place = ibis.row_number().over(ibis.window(group_by="user_id", order_by=ORDER))
    placed = interactions.mutate(place=place, rows=interactions.count().over(user))
    known = ibis.greatest(placed.rows * 9 // 10, 1)
    validation = ibis.ifelse(known > 1, ibis.greatest(known // 10, 1), 0)
    split = ibis.cases((placed.place < known - validation, "train"), (placed.place < known, "validation"), else_="test")
    return placed.mutate(split=split).drop("place", "rows")


def timeline(interactions: ir.Table) -> ir.Table:
    """Cut the whole log at two moments; see `RULES`."""
    place = ibis.row_number().over(ibis.window(order_by=("timestamp", "user_id", "item_id")))
    times = interactions.select("timestamp", place=place)
    rows = interactions.count().execute()
    cuts = times.filter(times.place.isin([rows * 8 // 10, rows * 9 // 10])).timestamp.to_pyarrow().to_pylist()
    time = interactions.timestamp
    split = ibis.cases((time >= max(cuts), "test"), (time >= min(cuts), "validation"), else_="train")
    return interactions.mutate(split=split)

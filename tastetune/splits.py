"""Which rows are train, validation and test: table operations that add a `split` column.

Inside a user, rows stand in the order (timestamp, item_id), item ids compared as strings byte by byte, so that every
engine sorts alike: more than half of MovieLens's neighbouring ratings tie in time.
"""

import ibis
from ibis.expr import types as ir

SPLITS = ("train", "validation", "test")
ORDER = ("timestamp", "item_id")


def per_user(interactions: ir.Table) -> ir.Table:
    """The first nine tenths of each user, rounded down but never none, are train, the rest test.

    The last tenth of that train part, rounded down, is validation. So a user with one rating is train alone, and a
    user with fewer than 10 train ratings has no validation row.
    """
    user = ibis.window(group_by="user_id")
    place = ibis.row_number().over(ibis.window(group_by="user_id", order_by=ORDER))
    placed = interactions.mutate(place=place, rows=interactions.count().over(user))
    known = ibis.greatest(placed.rows * 9 // 10, 1)
    split = ibis.cases(
        (placed.place < known - known // 10, "train"), (placed.place < known, "validation"), else_="test"
    )
    return placed.mutate(split=split).drop("place", "rows")

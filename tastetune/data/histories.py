"""Histories: every rating once as a target, with what is known of the user before it."""

import ibis
from ibis.expr import types as ir

from tastetune.tasks.order import BY_ITEM_ID, Order
from tastetune.tasks.task import KNOWN

COLUMNS = {"history": "item_id", "history_ratings": "rating", "history_timestamps": "timestamp"}
"""The columns of a history, by those of the ratings that they are made of."""


def with_histories(interactions: ir.Table, length: int, mode: str, order: Order = BY_ITEM_ID) -> ir.Table:
    """Add `history`, `history_ratings` and `history_timestamps`: the last `length` ratings before each target.

    They stand oldest first, and only ratings that may be known are among them.

    Args:
        interactions: with a `split` column.
        length: 1 or more.
        mode: a key of `KNOWN`. `prior`: whatever came before in the user's own order, but for ratings of a later
            split; `train`: of that, for validation targets the train part only, for test targets train and validation.
        order: of each user's ratings.
    """
    return ibis.union(*(histories_of(target, interactions, length, mode, order) for target in KNOWN[mode]))


def histories_of(target: str, interactions: ir.Table, length: int, mode: str, order: Order = BY_ITEM_ID) -> ir.Table:
    """The targets of one split alone, see `with_histories`; `interactions` holds all ratings of their users.

    A user's ratings of the splits that may be known are numbered, and a target's history ends at the last before it.
    """
    known = KNOWN[mode][target]
    earlier = ibis.window(group_by="user_id", order_by=order.columns, preceding=(None, 1))
    upto = ibis.window(group_by="user_id", order_by=order.columns, preceding=length - 1, following=0)
    number = ibis.row_number().over(ibis.window(group_by="user_id", order_by=order.columns)) + 1
    is_known = interactions.split.isin(known)
    counted = interactions.mutate(number=is_known.cast("int64").sum().over(earlier).fill_null(0))
    past = interactions.filter(is_known)
    lists = {name: past[column].collect().over(upto) for name, column in COLUMNS.items()}
    past = past.select("user_id", number=number, **lists)
    joined = counted.filter(counted.split == target).left_join(past, ["user_id", "number"])
    # Nothing before the target: engines differ between null and an empty list.
    filled = {name: joined[name].fill_null(ibis.literal([], type=past[name].type())) for name in COLUMNS}
    return joined.select(*interactions.columns, **filled)

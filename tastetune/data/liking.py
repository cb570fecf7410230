"""Which ratings are likes, on any scale: rules that write ratings so that a like is one of `like_from` or more."""

from collections.abc import Mapping

import numpy as np
from ibis.expr import types as ir

from tastetune.data.engine import keep
from tastetune.errors import InputError

THRESHOLD, USER_MEDIAN, LOG = "threshold", "user_median", "log"

RULES: Mapping[str, str] = {
    THRESHOLD: "A rating of {like_from:g} or more is a like.",
    USER_MEDIAN: "A rating is what it was less the user's own median in train (that of everybody's ratings for a user "
    "without any). A like is {like_from:g} or more: whichever of at least the median and more than it is nearer to a "
    "half of the training rows.",
    LOG: "A rating is log2(1 + count), so that twice as much counts one more. A like is {like_from:g} or more.",
}
"""The rules by name, in the words of the dataset card."""


def with_rule(interactions: ir.Table, rule: str, like_from: float) -> tuple[ir.Table, float]:
    """Ratings as a rule of `RULES` reads them, and the rating from which on one is a like.

    Args:
        interactions: with a `split` column; what is learnt of ratings is learnt from train alone.
        like_from: on the log's own scale; `user_median` has no use for it.

    Raises:
        InputError: a count below 0 on a log scale.
    """
    if rule == LOG:
        least = float(interactions.rating.min().execute())
        if min(least, like_from) < 0:
            raise InputError(f"--like_rule log: counts are 0 or more, and {min(least, like_from):g} is among them")
        return interactions.mutate(rating=(interactions.rating + 1).log2()), float(np.log2(1 + like_from))
    if rule == USER_MEDIAN:
        moved = keep(_less_own_median(interactions))
        return moved, _nearer_to_a_half(moved.filter(moved.split == "train"))
    return interactions, like_from


def _less_own_median(interactions: ir.Table) -> ir.Table:
    train = interactions.filter(interactions.split == "train")
    medians = train.group_by("user_id").agg(own=train.rating.median())
    everybody = float(train.rating.median().execute())
    joined = interactions.left_join(medians, "user_id")
    moved = joined.mutate(rating=joined.rating - joined.own.fill_null(everybody))
    return moved.select(*interactions.columns)


def _nearer_to_a_half(train: ir.Table) -> float:
    """0, the median itself, or the least rating above it."""
    above = train.filter(train.rating > 0)
    least = above.rating.min().execute()
    if least is None or np.isnan(least):
        return 0.0
    shares = [float((train.rating >= like_from).cast("float64").mean().execute()) for like_from in (0.0, least)]
    return 0.0 if abs(shares[0] - 0.5) <= abs(shares[1] - 0.5) else float(least)

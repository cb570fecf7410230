"""What a log can teach before anything is trained on it: how much there is, and whether it could tell models apart."""

import ibis
import numpy as np
from ibis.expr import types as ir

from tastetune.metrics.clustered import roc_auc_interval_width
from tastetune.metrics.roc_auc import roc_auc

SMOOTHING = 5.0
"""Average ratings that stand beside those of a user or an item in their means."""

POINT = 0.01
"""A point of ROC-AUC."""


def lessons(rows: ir.Table, log: ir.Table) -> dict:
    """What the log teaches.

    Args:
        rows: of the `like_dislike` config, with their `split`.
        log: the ratings of the log, without sampled dislikes.

    Returns:
        `ratings`; `of_half_the_users`, `of_half_the_items`: how many ratings half of those who have any have at least;
        `likes`: their share of the rows; `user_item_mean`, `item_likes`: the ROC-AUC on test of user mean plus item
        mean, and of the number of an item's likes before test; `interval`: the width of the 95% interval of the former,
        over users; `rows_for_a_point`: test rows, of as many a user, for an interval of one point. The last four are
        None where test holds likes or dislikes alone.
    """
    asked = _scored(rows).to_pyarrow()
    labels, users = asked["label"].to_numpy(), asked["user_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    means = np.round(asked["mean"].to_numpy(), 9)  # the last digits depend on the order in which threads add up
    width = roc_auc_interval_width(labels, means, users)
    is_known = not np.isnan(width)
    return {
        "ratings": int(log.count().execute()),
        "of_half_the_users": _of_half(log, "user_id"),
        "of_half_the_items": _of_half(log, "item_id"),
        "likes": float(rows.label.mean().execute()),
        "user_item_mean": float(roc_auc(labels, means)) if is_known else None,
        "item_likes": float(roc_auc(labels, asked["item_likes"].to_numpy())) if is_known else None,
        "interval": width if is_known else None,
        "rows_for_a_point": round(len(labels) * (width / POINT) ** 2) if is_known else None,
    }


def _scored(rows: ir.Table) -> ir.Table:
    """The test rows with what user mean plus item mean says of them (`mean`), and the `item_likes` before test.

    Source: Koren, "Factor in the Neighbors", TKDD 2010, section 2.1 (baseline estimates, the decoupled form).
    """
    training, test = rows.filter(rows.split != "test"), rows.filter(rows.split == "test")
    centred = training.mutate(rest=training.label - float(training.label.mean().execute() or 0))
    items = centred.group_by("item_id").agg(
        of_item=centred.rest.sum() / (centred.count() + SMOOTHING), item_likes=centred.label.sum()
    )
    left = centred.join(items, "item_id").select("user_id", rest=ibis._.rest - ibis._.of_item)
    users = left.group_by("user_id").agg(of_user=left.rest.sum() / (left.count() + SMOOTHING))
    joined = test.left_join(items, "item_id").left_join(users, "user_id")
    return joined.select(
        "user_id",
        "label",
        mean=joined.of_item.fill_null(0.0) + joined.of_user.fill_null(0.0),
        item_likes=joined.item_likes.fill_null(0).cast("float64"),
    )


def _of_half(log: ir.Table, column: str) -> int:
    """How many ratings half of the users (items) have at least."""
    counted = log.group_by(column).agg(rows=log.count())
    return int(counted.rows.median().execute() or 0)

"""Counts of a log that is split."""

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from tastetune.data.splits import SPLITS


def count(interactions: ir.Table, items: pa.Table) -> dict:
    """Counts of interactions that carry a `split` column.

    Returns:
        `users`, `items` (rated ones), `items_unrated` and `titles_shared` (items whose title another item has too);
        `users_with_one_rating`; `ties_in_time`: share of a user's neighbouring ratings with equal timestamps;
        `test_cold_users`, `test_cold_items`: test rows whose user (item) has no train or validation row.
    """
    table = interactions
    earlier = table.timestamp.lag().over(ibis.window(group_by="user_id", order_by="timestamp"))
    ties = table.select(tie=(table.timestamp == earlier).cast("float64")).tie.mean().fill_null(0).execute()
    rows_of_user = table.group_by("user_id").agg(rows=table.count())
    titles = pc.value_counts(items["title"].combine_chunks()).field("counts")
    rated = int(table.item_id.nunique().execute())
    return {
        "users": int(rows_of_user.count().execute()),
        "items": rated,
        "items_unrated": len(items) - rated,
        "titles_shared": pc.sum(titles.filter(pc.greater(titles, 1))).as_py() or 0,
        "users_with_one_rating": int(rows_of_user.filter(rows_of_user.rows == 1).count().execute()),
        "ties_in_time": float(ties),
        "test_cold_users": _cold(table, "user_id"),
        "test_cold_items": _cold(table, "item_id"),
    }


def by_split(table: ir.Table, like_from: float) -> dict:
    """Of each split that has rows: the share of `likes` (ratings of at least `like_from`), first and last timestamp."""
    parts = table.group_by("split").agg(
        likes=(table.rating >= like_from).cast("int64").sum() / table.count(),
        first=table.timestamp.min(),
        last=table.timestamp.max(),
    )
    by_name = {row.pop("split"): row for row in parts.to_pyarrow().to_pylist()}
    return {name: by_name[name] for name in SPLITS if name in by_name}


def _cold(table: ir.Table, column: str) -> int:
    test = table.filter(table.split == "test").select(column)
    trained = table.filter(table.split != "test").select(column).distinct()
    return int(test.anti_join(trained, column).count().execute())

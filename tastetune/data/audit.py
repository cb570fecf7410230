"""What a built dataset holds, and what it lets a model know that it should not, counted in the files as written."""

from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis.expr import types as ir

from tastetune.data.engine import connect, read_parquet
from tastetune.data.splits import ORDER, SPLITS


def audit(folder: str | Path, like_from: float, *, has_sampled_dislikes: bool = False) -> dict:
    """The counts of a `like_dislike` dataset for its card: see `count`, `by_split` (`splits`) and `leakage`.

    `empty_histories` is the number of rows whose history is empty.

    Args:
        folder: the dataset's.
        like_from: the rating from which on a row is a like.
        has_sampled_dislikes: whether rows rated 0 were sampled, and are no part of the log (`negatives`).
    """
    table = _splits(folder, "interactions")
    items = pq.read_table(Path(folder) / "items" / "train.parquet", partitioning=None)
    log = table.filter(table.rating > 0) if has_sampled_dislikes else table
    rows = _splits(folder, "like_dislike")
    return {
        **count(log, items),
        "empty_histories": _number(rows.filter(rows.history.length() == 0).count()),
        "splits": by_split(table, like_from),
        "leakage": leakage(folder),
    }


def count(interactions: ir.Table, items: pa.Table) -> dict:
    """Counts of interactions that carry a `split` column.

    Returns:
        `users`, `items` (rated ones), `items_unrated` and `titles_shared` (items whose title another item has too);
        `users_with_one_rating`; `ties_in_time`: share of a user's neighbouring ratings with equal timestamps;
        `test_cold_users`, `test_cold_items`: test rows whose user (item) has no train or validation row.
    """
    table = interactions
    earlier = table.timestamp.lag().over(ibis.window(group_by="user_id", order_by=ORDER))
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


def leakage(folder: str | Path) -> dict:
    """Count leaks in the `like_dislike` config of a built dataset. Training rows are train and validation together.

    Returns:
        `test_before_training`: test rows before which (in time) not all training rows of other users lie;
        `training_after_test`: mean over test rows of the share of training rows that are later;
        `repeated_pairs`: rows whose user and item stand in another row too;
        `targets_in_history`: rows whose target is in their own history;
        `duplicate_prompts`: test rows whose prompt is a training row's, letter by letter.
    """
    rows = _splits(folder, "like_dislike")
    rows = rows.mutate(training=rows.split != "test")
    training, test = rows.filter(rows.training), rows.filter(~rows.training)
    pairs = rows.group_by("user_id", "item_id").agg(rows=rows.count())
    return {
        "test_before_training": _number(_before_others(training, test).count()),
        "training_after_test": float(_later_share(rows).execute()),
        "repeated_pairs": _number(pairs.filter(pairs.rows > 1).rows.sum()),
        "targets_in_history": _number(rows.filter(rows.history.contains(rows.item_id)).count()),
        "duplicate_prompts": _number(test.semi_join(training.select("prompt"), "prompt").count()),
    }


def _splits(folder: str | Path, config: str) -> ir.Table:
    """The rows of `SPLITS` with their `split`; of like_dislike's, test_sample is a part of test already."""
    con = connect()
    files = {name: read_parquet(con, Path(folder) / config / f"{name}.parquet") for name in SPLITS}
    return ibis.union(*(table.mutate(split=ibis.literal(name)) for name, table in files.items()))


def _cold(table: ir.Table, column: str) -> int:
    test = table.filter(table.split == "test").select(column)
    trained = table.filter(table.split != "test").select(column).distinct()
    return int(test.anti_join(trained, column).count().execute())


def _before_others(training: ir.Table, test: ir.Table) -> ir.Table:
    """Test rows earlier than the last training row of any other user."""
    last = training.group_by("user_id").agg(last=training.timestamp.max())
    latest = last.order_by(ibis.desc("last"), "user_id").limit(2).mutate(other=ibis._.user_id).drop("user_id")
    joined = test.select("user_id", "item_id", "timestamp").join(
        latest, [latest.other != test.user_id, latest.last > test.timestamp]
    )
    return joined.select("user_id", "item_id").distinct()


def _later_share(rows: ir.Table) -> ir.FloatingScalar:
    moments = rows.group_by("timestamp").agg(
        training=rows.training.cast("int64").sum(), test=(~rows.training).cast("int64").sum()
    )
    later = moments.training.sum().over(ibis.window(order_by=ibis.desc("timestamp"), preceding=(None, 1)))
    counted = moments.mutate(later=later.fill_null(0))
    return (counted.later * counted.test).sum() / (counted.test.sum() * counted.training.sum())


def _number(value: ir.IntegerScalar) -> int:
    return int(value.fill_null(0).execute())

"""What a built dataset lets a model know that it should not: an audit of the files as they were written."""

from pathlib import Path

import ibis
from ibis.expr import types as ir

from tastetune.data.logs import connect
from tastetune.data.splits import SPLITS


def leakage(folder: str | Path) -> dict:
    """Count leaks in the `like_dislike` config of a built dataset. Training rows are train and validation together.

    Returns:
        `test_before_training`: test rows before which (in time) not all training rows of other users lie;
        `training_after_test`: mean over test rows of the share of training rows that are later;
        `repeated_pairs`: rows whose user and item stand in another row too;
        `targets_in_history`: rows whose target is in their own history;
        `duplicate_prompts`: test rows whose prompt is a training row's, letter by letter.
    """
    con = connect()
    files = {name: con.read_parquet(Path(folder) / "like_dislike" / f"{name}.parquet") for name in SPLITS}
    rows = ibis.union(*(table.mutate(training=ibis.literal(name != "test")) for name, table in files.items()))
    training, test = rows.filter(rows.training), rows.filter(~rows.training)
    pairs = rows.group_by("user_id", "item_id").agg(rows=rows.count())
    return {
        "test_before_training": _number(_before_others(training, test).count()),
        "training_after_test": float(_later_share(rows).execute()),
        "repeated_pairs": _number(pairs.filter(pairs.rows > 1).rows.sum()),
        "targets_in_history": _number(rows.filter(rows.history.contains(rows.item_id)).count()),
        "duplicate_prompts": _number(test.semi_join(training.select("prompt"), "prompt").count()),
    }


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

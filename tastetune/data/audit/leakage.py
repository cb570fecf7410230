"""What a dataset lets a model know that it should not."""

import ibis
import numpy as np
from ibis.expr import types as ir


def leakage(rows: ir.Table, *, has_times: bool = True) -> dict:
    """Count leaks in `rows` of the `like_dislike` config with their `split`. Training rows are train and validation.

    Args:
        has_times: without times the first two counts are left out.

    Returns:
        `test_before_training`: test rows before which (in time) not all training rows of other users lie;
        `training_after_test`: mean over test rows of the share of training rows that are later;
        `repeated_pairs`: rows whose user and item stand in another row too;
        `targets_in_history`: rows whose target is in their own history.
    """
    rows = rows.mutate(training=rows.split != "test")
    training, test = rows.filter(rows.training), rows.filter(~rows.training)
    in_time = {
        "test_before_training": lambda: number(_before_others(training, test).count()),
        "training_after_test": lambda: float(_later_share(rows).execute()),
    }
    return {name: count() for name, count in in_time.items() if has_times} | {
        "repeated_pairs": repeated(rows),
        "targets_in_history": number(rows.filter(rows.history.contains(rows.item_id)).count()),
    }


def repeated(rows: ir.Table) -> int:
    """Rows whose user and item stand in another row too.

    Hashes are sorted, for 8 bytes a row: groups of all pairs outgrow memory. Pairs whose hashes agree are compared.
    """
    hashed = rows.select("user_id", "item_id", pair=(rows.user_id + "\0" + rows.item_id).hash())
    pairs = np.sort(hashed.pair.to_pyarrow().to_numpy())
    twice = np.unique(pairs[1:][pairs[1:] == pairs[:-1]])
    if not len(twice):
        return 0
    alike = hashed.semi_join(ibis.memtable({"pair": twice}), "pair")
    counted = alike.group_by("user_id", "item_id").agg(rows=alike.count())
    return number(counted.filter(counted.rows > 1).rows.sum())


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


def number(value: ir.IntegerScalar) -> int:
    """A count of no rows is 0."""
    return int(value.fill_null(0).execute())

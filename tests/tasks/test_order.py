"""The order of a user's ratings: in Arrow and on an engine alike."""

from hashlib import md5

import hypothesis.strategies as st
import ibis
import pyarrow as pa
from hypothesis import given, settings
from made_log import log_table

from tastetune.tasks.order import Order

ROWS = [("u", "9", 3.0, 7), ("u", "10", 3.0, 7), ("u", "8", 3.0, 6), ("v", "1", 3.0, 0)]


def items(order, rows):
    return order.sorted(log_table(rows).to_pyarrow())["item_id"].to_pylist()


def test_ties_go_by_the_item_id_as_a_string():
    assert items(Order(), ROWS) == ["8", "10", "9", "1"]


def test_ties_go_by_lot_where_the_dataset_says_so():
    # The MD5 of "u:9:1" begins 3f..., say: whichever of the two is less comes first, and another seed may turn them.
    for seed in range(5):
        by_lot = sorted(["9", "10"], key=lambda item: md5(f"u:{item}:{seed}".encode()).hexdigest())
        assert items(Order("hash", seed), ROWS) == ["8", *by_lot, "1"]
    assert len({tuple(items(Order("hash", seed), ROWS)) for seed in range(5)}) == 2


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abé"), st.text("xyß:9", max_size=3), st.integers(0, 2)), min_size=1, unique=True
    ),
    st.sampled_from(["item_id", "hash"]),
    st.integers(0, 9),
)
def test_arrow_and_the_engine_order_alike(drawn, ties, seed):
    order, rows = Order(ties, seed), [(user, item, 3.0, time) for user, item, time in drawn]
    table = log_table(rows)
    ordered = table.order_by("user_id", *order.columns).to_pyarrow()
    assert order.sorted(table.to_pyarrow()).equals(ordered)
    place = ibis.row_number().over(ibis.window(group_by="user_id", order_by=order.columns))
    placed = table.mutate(place=place).order_by("user_id", "place").drop("place").to_pyarrow()
    assert pa.Table.equals(placed, ordered)

"""Streaming a table of any size, in parts of one size."""

import hypothesis.strategies as st
import pyarrow as pa
from hypothesis import given, settings
from made_log import log_table, made_rows

from tastetune.data.engine import batches, even

ROWS = made_rows()


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 50))
def test_every_row_comes_once_in_the_order_asked_for(rows):
    table = log_table(ROWS).order_by("user_id", "timestamp", "item_id")
    read = [tuple(row.values()) for batch in batches(table, rows) for row in batch.to_pylist()]
    assert read == sorted(ROWS, key=lambda row: (row[0], row[3], row[1]))


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 12))
def test_parts_are_even_however_the_rows_came(sizes, rows):
    """Batches of any sizes, empty ones too; all parts but the last have the size asked for."""
    numbers, stream = 0, []
    for size in sizes:
        stream.append(pa.record_batch({"n": pa.array(range(numbers, numbers + size), pa.int64())}))
        numbers += size
    parts = list(even(iter(stream), rows))
    assert [n for part in parts for n in part["n"].to_pylist()] == list(range(numbers))
    assert all(len(part) == rows for part in parts[:-1])
    assert all(0 < len(part) <= rows for part in parts)

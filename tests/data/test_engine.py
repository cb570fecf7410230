"""Streaming a table of any size, in parts of one size."""

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from made_log import engine, log_table, made_rows

from tastetune.data.engine import batches, even, read_parquet, this_file
from tastetune.data.engine.threads import in_order
from tastetune.errors import InputError

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


@settings(deadline=None)
@given(st.lists(st.integers(0, 99), max_size=12), st.integers(1, 4))
def test_what_threads_make_of_parts_comes_in_the_order_of_the_parts(numbers, threads):
    assert list(in_order(lambda number: 2 * number, iter(numbers), threads)) == [2 * number for number in numbers]


@pytest.mark.parametrize("threads", [1, 2])
def test_work_that_fails_raises_its_own_error_in_its_place_and_little_more_is_read(threads):
    read, made = [], []

    def numbers():
        for number in range(100):
            read.append(number)
            yield number

    def work(number):
        if number == 3:
            raise InputError("the fourth part is wrong")
        return number

    with pytest.raises(InputError, match="the fourth part is wrong"):
        made.extend(in_order(work, numbers(), threads))
    assert made == [0, 1, 2]
    assert len(read) <= 3 + threads + 1  # those before it, itself, and one a thread


def test_a_reader_that_fails_raises_its_own_error():
    def broken():
        yield 1
        raise InputError("the file is cut")

    with pytest.raises(InputError, match="the file is cut"):
        list(in_order(str, broken()))


def test_a_table_is_read_from_the_files_named_alone(tmp_path):
    """Though their names match other files, and their folders look like partitions."""
    folder = tmp_path / "n=7"
    folder.mkdir()
    for name, n in (("a[1].parquet", 1), ("a1.parquet", 2), ("?.parquet", 3), ("b.parquet", 4)):
        pq.write_table(pa.table({"n": [n]}), folder / name)
    table = read_parquet(engine(), folder / "a[1].parquet", folder / "?.parquet")
    assert sorted(table.to_pyarrow()["n"].to_pylist()) == [1, 3]


@pytest.mark.parametrize(
    ("name", "message"), [("a\udc80.csv", "a path that is not UTF-8"), ("a\\b*.csv", "a backslash and one of")]
)
def test_a_name_that_duckdb_cannot_be_told_is_refused(name, message):
    with pytest.raises(InputError, match=message):
        this_file(name)

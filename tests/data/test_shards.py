"""Large splits in several files: the same rows, the same fingerprint, and metadata that `datasets` reads."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tastetune.artifacts.dataset import split_files
from tastetune.artifacts.dataset.files import shard_names
from tastetune.artifacts.dataset.shards import write_shards
from tastetune.config.output import file_size
from tastetune.data.viewer import Config, metadata
from tastetune.errors import InputError

SCHEMA = pa.schema([("id", pa.string()), ("past", pa.list_(pa.string()))])


def parts(number: int, rows: int = 10):
    """Tables of `rows` rows that hardly compress."""
    for part in range(number):
        names = [str(hash((part, row))) for row in range(rows)]
        yield pa.table({"id": names, "past": [[name] for name in names]}, SCHEMA)


def test_a_small_split_is_one_file(tmp_path):
    written = write_shards(tmp_path / "rows", "test", SCHEMA, parts(3), rows_a_group=10, most_bytes=1_000_000)
    assert [path.name for path in written.paths] == ["test.parquet"]
    assert (written.rows, pq.read_table(written.paths[0]).num_rows) == (30, 30)


def test_a_large_split_is_several_in_the_order_of_its_rows(tmp_path):
    written = write_shards(tmp_path / "rows", "test", SCHEMA, parts(30), rows_a_group=10, most_bytes=2_500)
    assert [path.name for path in written.paths] == shard_names("test", len(written.paths))
    assert len(written.paths) > 2
    assert max(path.stat().st_size for path in written.paths) < 5_000  # a file's end lists its columns
    assert split_files(tmp_path, "rows", "test") == written.paths
    together = pa.concat_tables(pq.read_table(path) for path in written.paths)
    assert together.equals(pa.concat_tables(parts(30)))
    written.paths[1].unlink()
    with pytest.raises(InputError, match="not all files of split 'test' are there"):
        split_files(tmp_path, "rows", "test")


def test_a_split_without_rows_is_a_file_with_its_columns(tmp_path):
    written = write_shards(tmp_path, "test_sample", SCHEMA, [], rows_a_group=10, most_bytes=2_500)
    assert (written.rows, pq.read_schema(written.paths[0]).names) == (0, SCHEMA.names)


def test_a_split_is_not_taken_for_another_that_begins_alike(tmp_path):
    write_shards(tmp_path / "rows", "test_sample", SCHEMA, parts(9), rows_a_group=10, most_bytes=2_500)
    assert split_files(tmp_path, "rows", "test") == []


@pytest.mark.parametrize(
    ("rows", "size"), [(7, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**6, "1M<n<10M")]
)
def test_the_number_of_rows_is_called_as_the_hub_calls_it(tmp_path, rows, size):
    written = write_shards(tmp_path, "train", SCHEMA, parts(1), rows_a_group=10, most_bytes=1_000)._replace(rows=rows)
    assert f"size_categories:\n- {size}\n" in metadata([Config("rows", {"train": written, "test_sample": written})])


def test_a_size_is_a_number_and_a_unit():
    assert [file_size(text) for text in ("500MB", "2GB", "10 kb", "7B")] == [500_000_000, 2_000_000_000, 10_000, 7]
    for text in ("much", "0MB", "5", "-1MB"):
        with pytest.raises(InputError, match="expected a number and a unit, such as 500MB or 2GB"):
            file_size(text)

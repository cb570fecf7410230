import pyarrow as pa
import pytest

from tastetune.artifacts.list_predictions import SCHEMA, Line, aligned, read_lists, write_lists
from tastetune.artifacts.predictions import Meta, write_table
from tastetune.errors import InputError

META = Meta(model="m", kind="base", dataset="d", config="top_n", split="test", fingerprint="f")
LISTS = {
    "u1": [Line("i1", 0.5, "Film 1"), Line(None, None, "No such film")],
    "u2": [],
    "u3": [Line("i2"), Line("i2")],
}


def test_what_is_written_is_read_and_an_empty_list_stays_one(tmp_path):
    write_lists(tmp_path / "m.parquet", META, LISTS)
    found = read_lists(tmp_path / "m.parquet")
    assert (found.meta, found.lists) == (META, LISTS)
    assert aligned(found, ["u3", "u1", "u2"]) == [LISTS["u3"], LISTS["u1"], []]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["u1", "u2", "u3", "u4"], "1 of 4 rows of split 'test' are not answered, first 'u4'"),
        (["u1", "u2"], "1 lists belong to no row of the split, first 'u3'"),
    ],
)
def test_rows_and_lists_must_be_the_same_users(tmp_path, ids, message):
    write_lists(tmp_path / "m.parquet", META, LISTS)
    with pytest.raises(InputError, match=message):
        aligned(read_lists(tmp_path / "m.parquet"), ids)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("u", 1, "a", None, None), ("u", 1, "b", None, None)], "rank 1 of example_id 'u' stands twice"),
        ([("u", 1, "a", None, None), ("u", 3, "b", None, None)], r"example_id 'u': ranks \[1, 3\]; expected 1 to 2"),
        ([("u", 0, "a", None, None)], r"ranks \[0\]; expected 1 to 1"),
        ([("u", None, "a", None, None)], "a line without example_id or rank"),
        ([("u", 1, "a", float("nan"), None)], "rank 1: score nan is not finite"),
        ([("u", 1, "a", None, None), ("u", 2, None, None, None)], "rank 2: neither item_id nor answer"),
    ],
)
def test_a_table_that_holds_no_lists_is_refused(tmp_path, rows, message):
    columns = dict(zip(SCHEMA.names, map(list, zip(*rows, strict=True)), strict=True))
    write_table(tmp_path / "m.parquet", META, pa.table(columns, schema=SCHEMA))
    with pytest.raises(InputError, match=message):
        read_lists(tmp_path / "m.parquet")


def test_predictions_of_single_rows_are_no_lists(tmp_path):
    write_table(tmp_path / "m.parquet", META, pa.table({"example_id": ["u"], "score": [1.0], "answer": ["Yes"]}))
    with pytest.raises(InputError, match="column 'rank' is missing; it has example_id, score, answer"):
        read_lists(tmp_path / "m.parquet")

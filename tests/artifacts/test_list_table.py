import json
from dataclasses import asdict

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tastetune.artifacts.list_table import SCHEMA, ListLine, list_table, lists_of
from tastetune.artifacts.predictions import Meta, read_predictions, write_predictions
from tastetune.errors import InputError

META = Meta(model="m", kind="base", dataset="d", config="top_n", split="test", fingerprint="f")
LISTS = {
    "u1": [ListLine("i1", 0.5, "Film 1"), ListLine(None, None, "No such film")],
    "u2": [],
    "u3": [ListLine("i2"), ListLine("i2")],
}


def test_what_is_written_is_read_and_an_empty_list_stays_one(tmp_path):
    write_predictions(tmp_path / "m.parquet", META, list_table(LISTS))
    predictions = read_predictions(tmp_path / "m.parquet")
    assert (predictions.meta, lists_of(predictions.table)) == (META, LISTS)
    assert predictions.lists(["u3", "u1", "u2"]) == [LISTS["u3"], LISTS["u1"], []]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["u1", "u2", "u3", "u4"], "1 of 4 rows of split 'test' are not answered, first 'u4'"),
        (["u1", "u2"], "1 lists belong to no row of the split, first 'u3'"),
    ],
)
def test_rows_and_lists_must_be_the_same_users(tmp_path, ids, message):
    write_predictions(tmp_path / "m.parquet", META, list_table(LISTS))
    with pytest.raises(InputError, match=message):
        read_predictions(tmp_path / "m.parquet").lists(ids)


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
    with pytest.raises(InputError, match=message):
        write_predictions(tmp_path / "m.parquet", META, pa.table(columns, schema=SCHEMA))
    write_raw(tmp_path / "m.parquet", pa.table(columns, schema=SCHEMA))
    with pytest.raises(InputError, match=message):
        read_predictions(tmp_path / "m.parquet")


def write_raw(path, table):
    """A predictions file by other means than `write_predictions`."""
    pq.write_table(table.replace_schema_metadata({"tastetune": json.dumps(asdict(META))}), path)


def test_lists_without_their_items_are_refused(tmp_path):
    write_raw(tmp_path / "m.parquet", pa.table({"example_id": ["u"], "rank": [1], "answer": ["Yes"]}))
    with pytest.raises(InputError, match="column 'item_id' is missing; it has example_id, rank, answer"):
        read_predictions(tmp_path / "m.parquet")

"""Named parts of the rows."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import INTERACTIONS, make_dataset, sealed

from tastetune.artifacts.dataset import open_dataset
from tastetune.evaluation.slices import _popularity, slices
from tastetune.tasks import TASKS, Rows


@pytest.fixture
def dataset(tmp_path):
    """Two users: `a` likes two of three, `b` one of one. Item x is rated twice, y and z once."""
    train = [("a", "x", 5.0, 1), ("a", "y", 4.0, 2), ("b", "x", 4.0, 1)]
    folder = tmp_path / "interactions"
    folder.mkdir()
    for split, part in (("train", train), ("validation", [("a", "z", 1.0, 3)])):
        table = pa.table([list(column) for column in zip(*part, strict=True)], schema=INTERACTIONS)
        pq.write_table(table, folder / f"{split}.parquet")
    info = {"name": "two", "fingerprint": "f", "settings": {}, "counts": {}}
    (tmp_path / "tastetune.json").write_text(json.dumps(info))
    return open_dataset(sealed(tmp_path))


ROWS = pa.table(
    {
        "user_id": ["a", "b", "c", "a"],
        "item_id": ["x", "y", "w", "w"],
        "history": [["y"] * 10, ["x"], [], ["x"] * 6],
    }
)


def rows_of(dataset):
    return Rows(TASKS["like_dislike"], dataset, "test", ROWS, np.array([0, 1, 2, 0]), 3)


def test_rows_of_validation_are_not_known_before_they_are_asked(dataset):
    # z stands in validation alone: warm for a row of test, cold for one of validation
    asked = Rows(TASKS["like_dislike"], dataset, "validation", ROWS.slice(0, 1), np.array([0]), 1)
    asked = replace(asked, table=asked.table.set_column(1, "item_id", pa.array(["z"])))
    assert slices(replace(asked, split="test"))["item:warm"].tolist() == [True]
    assert slices(asked)["item:cold"].tolist() == [True]


def test_by_hand(dataset):
    found = {name: np.flatnonzero(mask).tolist() for name, mask in slices(rows_of(dataset)).items()}
    assert found["user:cold"] == [2]
    assert found["item:cold"] == [2, 3]
    assert found["item:warm"] == [0, 1]
    assert found["history:0"] == [2]
    assert found["history:1-4"] == [1]
    assert found["history:5-9"] == [3]
    assert found["history:10+"] == [0]
    assert found["user_likes:60-80%"] == [0, 3]  # two likes of three
    assert found["user_likes:80-100%"] == [1]
    assert found["user_likes:unknown"] == [2]


def test_what_is_a_like_is_the_datasets_own(dataset):
    picky = replace(dataset, info=dataset.info | {"settings": {"task": {"like_from": 5.0}}})
    found = slices(rows_of(picky))
    assert np.flatnonzero(found["user_likes:20-40%"]).tolist() == [0, 3]  # one of three
    assert np.flatnonzero(found["user_likes:0-20%"]).tolist() == [1]


def test_fifths_go_from_rare_to_popular():
    found = _popularity(np.array([9, 1, 5, 3, 7]))
    assert [np.flatnonzero(found[f"popularity:{k}"]).tolist() for k in range(1, 6)] == [[1], [3], [2], [4], [0]]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_items_rated_equally_often_share_a_fifth(ratings):
    ratings = np.array(ratings)
    found = np.stack(list(_popularity(ratings).values()))
    assert (found.sum(axis=0) == 1).all()
    assert all(len({tuple(column) for column in found[:, ratings == n].T}) == 1 for n in set(ratings))


def test_each_family_covers_every_row_once(tmp_path):
    dataset = open_dataset(make_dataset(tmp_path / "made", n_users=20, n_items=20))
    families = {}
    for name, mask in slices(TASKS["like_dislike"].rows(dataset, "test")).items():
        families.setdefault(name.partition(":")[0], []).append(mask)
    assert set(families) == {"user", "item", "popularity", "history", "user_likes"}
    for masks in families.values():
        assert (np.sum(masks, axis=0) == 1).all()

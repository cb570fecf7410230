"""The leakage report, counted by hand."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tastetune.data.audit import leakage
from tastetune.data.rows import SCHEMA

# (user, item, time, history, prompt)
TRAIN = [("u", "a", 10, [], "first a"), ("v", "b", 30, [], "first b")]
VALIDATION = [("u", "b", 20, ["a"], "a, then b")]
TEST = [("u", "c", 40, ["a", "b"], "a, b, then c"), ("v", "c", 25, ["b"], "b, then c")]


def write(folder, **parts):
    (folder / "like_dislike").mkdir(parents=True)
    for name, rows in parts.items():
        made = [
            {"example_id": f"{u}:{i}", "user_id": u, "item_id": i, "timestamp": t, "history": h, "prompt": p}
            | {"label": 1, "rating": 5.0, "history_ratings": [5.0] * len(h), "completion": " Yes"}
            for u, i, t, h, p in rows
        ]
        pq.write_table(pa.Table.from_pylist(made, SCHEMA), folder / "like_dislike" / f"{name}.parquet")
    return folder


def test_rows_that_training_lies_after(tmp_path):
    found = leakage(write(tmp_path, train=TRAIN, validation=VALIDATION, test=TEST))
    # Of the two test rows, that of 40 is later than all training rows. That of 25 is user v's; v's own row of 30 is
    # no other user's, and u's last training row is of 20: so no training row of others is later.
    assert found["test_before_training"] == 0
    # Later than 40: none of three training rows. Later than 25: one of three, v's own.
    assert found["training_after_test"] == pytest.approx((0 + 1 / 3) / 2)


def test_a_test_row_before_another_users_training(tmp_path):
    found = leakage(write(tmp_path, train=[*TRAIN, ("w", "a", 26, [], "w")], validation=VALIDATION, test=TEST))
    assert found["test_before_training"] == 1  # v's row of 25 is before w's of 26
    found = leakage(write(tmp_path / "tie", train=[*TRAIN, ("w", "a", 25, [], "w")], validation=VALIDATION, test=TEST))
    assert found["test_before_training"] == 0  # the same moment is not before


def test_a_clean_dataset_counts_nothing(tmp_path):
    found = leakage(write(tmp_path, train=TRAIN[:1], validation=VALIDATION, test=TEST[:1]))
    assert set(found.values()) == {0}
    assert json.dumps(found)  # plain numbers


def test_repeats_targets_in_histories_and_doubled_prompts(tmp_path):
    again = ("u", "a", 50, ["b"], "b, then a")  # u rated a in training
    own = ("v", "d", 60, ["b", "d"], "b, d, then d")  # its target is in its history
    doubled = ("w", "a", 70, [], "first a")  # another user's training prompt
    found = leakage(write(tmp_path, train=TRAIN, validation=VALIDATION, test=[*TEST, again, own, doubled]))
    assert found["repeated_pairs"] == 2
    assert found["targets_in_history"] == 1
    assert found["duplicate_prompts"] == 1

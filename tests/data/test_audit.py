"""The leakage report, counted by hand."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tastetune.data import audit as audits
from tastetune.data.audit import audit, splits_of
from tastetune.data.audit.copies import PromptCopies
from tastetune.data.interactions import INTERACTIONS, ITEMS
from tastetune.data.rows import SCHEMA

# (user, item, time, history, prompt)
TRAIN = [("u", "a", 10, [], "first a"), ("v", "b", 30, [], "first b")]
VALIDATION = [("u", "b", 20, ["a"], "a, then b")]
TEST = [("u", "c", 40, ["a", "b"], "a, b, then c"), ("v", "c", 25, ["b"], "b, then c")]


def leakage(folder, **settings):
    return audits.leakage(splits_of(folder, "like_dislike"), **settings)


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


def test_sampled_dislikes_are_no_part_of_the_log_and_part_of_the_splits(tmp_path):
    folder = write(tmp_path, train=TRAIN, validation=VALIDATION, test=TEST)
    # Clicks are rated 1. Beside v's only click of training, of b, stands a sampled dislike of c, rated 0.
    parts = {
        "train": [("u", "a", 1.0, 10), ("v", "b", 1.0, 30), ("v", "c", 0.0, 30)],
        "validation": [("u", "b", 1.0, 20)],
        "test": [("w", "c", 1.0, 40)],
    }
    (folder / "interactions").mkdir()
    for name, rows in parts.items():
        columns = dict(zip(INTERACTIONS.names, map(list, zip(*rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns, INTERACTIONS), folder / "interactions" / f"{name}.parquet")
    (folder / "items").mkdir()
    items = [{"item_id": item, "title": title, "genres": []} for item, title in ("aT", "bT", "cU", "dV")]
    pq.write_table(pa.Table.from_pylist(items, ITEMS), folder / "items" / "train.parquet")
    counts = audit(folder, 0.5, duplicate_prompts=0, has_sampled_dislikes=True)
    assert (counts["users"], counts["items"], counts["items_unrated"], counts["titles_shared"]) == (3, 3, 1, 2)
    assert counts["users_with_one_rating"] == 2  # v, who has one click, and w
    assert counts["ties_in_time"] == 0.0  # the dislike's moment is its click's, and does not count
    assert (counts["test_cold_users"], counts["test_cold_items"]) == (1, 1)  # w; and c, which nobody clicked before
    assert counts["splits"]["train"] == {"likes": pytest.approx(2 / 3), "first": 10, "last": 30}
    assert counts["empty_histories"] == 2
    assert audit(folder, 0.5, duplicate_prompts=0)["users_with_one_rating"] == 1


def test_rows_that_training_lies_after(tmp_path):
    leaks = leakage(write(tmp_path, train=TRAIN, validation=VALIDATION, test=TEST))
    # Of the two test rows, that of 40 is later than all training rows. That of 25 is user v's; v's own row of 30 is
    # no other user's, and u's last training row is of 20: so no training row of others is later.
    assert leaks["test_before_training"] == 0
    # Later than 40: none of three training rows. Later than 25: one of three, v's own.
    assert leaks["training_after_test"] == pytest.approx((0 + 1 / 3) / 2)


def test_a_test_row_before_another_users_training(tmp_path):
    leaks = leakage(write(tmp_path, train=[*TRAIN, ("w", "a", 26, [], "w")], validation=VALIDATION, test=TEST))
    assert leaks["test_before_training"] == 1  # v's row of 25 is before w's of 26
    leaks = leakage(write(tmp_path / "tie", train=[*TRAIN, ("w", "a", 25, [], "w")], validation=VALIDATION, test=TEST))
    assert leaks["test_before_training"] == 0  # the same moment is not before


def test_a_clean_dataset_counts_nothing(tmp_path):
    leaks = leakage(write(tmp_path, train=TRAIN[:1], validation=VALIDATION, test=TEST[:1]))
    assert set(leaks.values()) == {0}
    assert json.dumps(leaks)  # plain numbers


def test_without_times_nothing_is_counted_in_time(tmp_path):
    folder = write(tmp_path, train=TRAIN, validation=VALIDATION, test=TEST)
    assert set(leakage(folder)) - set(leakage(folder, has_times=False)) == {
        "test_before_training",
        "training_after_test",
    }


def test_repeats_and_targets_in_histories(tmp_path):
    again = ("u", "a", 50, ["b"], "b, then a")  # u rated a in training
    own = ("v", "d", 60, ["b", "d"], "b, d, then d")  # its target is in its history
    leaks = leakage(write(tmp_path, train=TRAIN, validation=VALIDATION, test=[*TEST, again, own]))
    assert leaks["repeated_pairs"] == 2
    assert leaks["targets_in_history"] == 1


def test_test_prompts_that_are_training_prompts():
    copies = PromptCopies()
    assert copies.count() == 0
    copies.add("test", pa.chunked_array([["a", "b"], ["c", "a"]]))
    assert copies.count() == 0
    copies.add("train", pa.chunked_array([["a", "d"]]))
    copies.add("validation", pa.chunked_array([["c", "e", "c"]]))
    assert copies.count() == 3  # both rows of a, which is a training prompt, and that of c; b is none

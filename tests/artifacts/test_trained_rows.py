"""No dataset can ask a model for a row that it was trained on."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made import make_dataset, sealed
from made_lists import make_lists

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.run import read_record
from tastetune.artifacts.trained_rows import ROWS, read_row_keys, refuse_trained, row_keys, write_row_keys
from tastetune.errors import InputError


@pytest.fixture
def dataset(tmp_path):
    return open_dataset(make_dataset(tmp_path / "made", 12, 20))


def cut_in_time(dataset, folder):
    """The same log built again, cut at one moment for all: the last tenth of all ratings is the test."""
    shutil.copytree(dataset.folder, folder)
    rows = dataset.read("like_dislike", "train+validation+test").sort_by([("timestamp", "ascending")])
    cuts = [0, int(0.81 * len(rows)), int(0.9 * len(rows)), len(rows)]
    for name, start, stop in zip(("train", "validation", "test"), cuts, cuts[1:], strict=False):
        pq.write_table(rows.slice(start, stop - start), folder / "like_dislike" / f"{name}.parquet")
    info = json.loads((folder / "tastetune.json").read_text())
    (folder / "tastetune.json").write_text(json.dumps(info | {"fingerprint": "timeline"}))
    return open_dataset(sealed(folder))


def trained(folder, dataset, split="train+validation", config="like_dislike"):
    """The record of a run on these rows."""
    folder.mkdir()
    settings = {"dataset": dataset.name, "fingerprint": dataset.fingerprint, "dataset_train_split": split}
    (folder / "run.json").write_text(json.dumps(settings))
    write_row_keys(folder / ROWS, row_keys(dataset, config, split))
    return read_record(folder)


def test_a_row_has_the_same_key_in_every_config_and_dataset_of_one_log(dataset, tmp_path):
    rows = dataset.read("like_dislike", "train")
    keys = row_keys(dataset, "like_dislike", "train")
    assert (keys.dtype, len(keys)) == (np.uint64, len(rows))
    assert (keys == row_keys(dataset, "interactions", "train")).all()
    whole = "train+validation+test"
    again = cut_in_time(dataset, tmp_path / "timeline")
    assert (row_keys(dataset, "like_dislike", whole) == row_keys(again, "like_dislike", whole)).all()
    # Another log with the same names of users and items shares no rating: it was given at another moment
    other = open_dataset(make_dataset(tmp_path / "other", 12, 20, seed=1))
    pairs, moments = (
        [set(zip(*(of.read("interactions", whole)[name].to_pylist() for name in names), strict=True)) for of in both]
        for both in [(dataset, other)]
        for names in (("user_id", "item_id"), ("user_id", "item_id", "timestamp"))
    )
    shared = np.intersect1d(*(row_keys(of, "interactions", whole) for of in (dataset, other)))
    assert len(pairs[0] & pairs[1]) > len(shared) == len(moments[0] & moments[1])


def test_keys_are_written_and_read_back(tmp_path):
    write_row_keys(tmp_path / ROWS, np.array([2**64 - 1, 0, 5, 5], np.uint64))
    assert read_row_keys(tmp_path / ROWS).tolist() == [0, 5, 2**64 - 1]


def test_splits_that_the_run_names_are_refused_and_others_are_not(dataset, tmp_path):
    record = trained(tmp_path / "adapter", dataset)
    refuse_trained([record], dataset, "like_dislike", "test")
    refuse_trained([record], dataset, "like_dislike", "test_sample")
    with pytest.raises(InputError, match=r"adapter was trained on train\+validation, so its answers to validation"):
        refuse_trained([record], dataset, "like_dislike", "validation")


def test_a_log_built_twice_is_refused_with_the_number_of_rows_that_were_trained_on(dataset, tmp_path):
    record, again = trained(tmp_path / "adapter", dataset), cut_in_time(dataset, tmp_path / "timeline")
    before, test = (
        set(of.read("like_dislike", split)["example_id"].to_pylist())
        for of, split in ((dataset, "train+validation"), (again, "test"))
    )
    shared = len(before & test)
    assert 0 < shared < len(test)
    with pytest.raises(
        InputError, match=rf"adapter was trained on {shared} of the {len(test)} rows of split 'test' of .*timeline"
    ):
        refuse_trained([record], again, "like_dislike", "test")
    # One that was trained on none of them may answer
    other = open_dataset(make_dataset(tmp_path / "other", 12, 20, seed=1))
    assert not set(row_keys(other, "like_dislike", "train")) & set(row_keys(again, "like_dislike", "test"))
    refuse_trained([trained(tmp_path / "stranger", other)], again, "like_dislike", "test")


def test_the_stand_in_has_seen_the_ratings_that_it_was_pre_trained_on(dataset, tmp_path):
    model = trained(tmp_path / "model", dataset, config="interactions")
    refuse_trained([model], dataset, "like_dislike", "test")
    with pytest.raises(InputError, match=r"model was trained on train\+validation"):
        refuse_trained([model], dataset, "like_dislike", "validation")
    with pytest.raises(InputError, match=r"model was trained on \d+ of the \d+ rows"):
        refuse_trained([model], cut_in_time(dataset, tmp_path / "timeline"), "like_dislike", "test")


def test_rows_that_stand_under_another_name_are_noticed_too(dataset, tmp_path):
    record = trained(tmp_path / "adapter", dataset, "test")
    n = len(dataset.read("like_dislike", "test_sample"))
    with pytest.raises(InputError, match=rf"was trained on {n} of the {n} rows of split 'test_sample'"):
        refuse_trained([record], dataset, "like_dislike", "test_sample")


def test_a_run_on_another_dataset_that_keeps_no_rows_is_refused(dataset, tmp_path):
    record = trained(tmp_path / "adapter", dataset)
    (tmp_path / "adapter" / ROWS).unlink()
    refuse_trained([read_record(tmp_path / "adapter")], dataset, "like_dislike", "test")
    again = cut_in_time(dataset, tmp_path / "timeline")
    with pytest.raises(InputError, match=r"trained on another dataset \(its run names dataset 'made', .* keeps no"):
        refuse_trained([read_record(tmp_path / "adapter")], again, "like_dislike", "test")
    assert record.rows is not None


def test_lists_mined_twice_from_one_log_share_their_users(tmp_path):
    lists = open_dataset(make_lists(tmp_path / "lists"))
    record = trained(tmp_path / "adapter", lists, "train", "top_n")
    refuse_trained([record], lists, "top_n", "test")
    # Users drawn otherwise: the former train is the test
    again = tmp_path / "again"
    shutil.copytree(lists.folder, again)
    shutil.copy(again / "top_n" / "train.parquet", again / "top_n" / "test.parquet")
    info = json.loads((again / "tastetune.json").read_text())
    (again / "tastetune.json").write_text(json.dumps(info | {"fingerprint": "again"}))
    users = len(pa.table(lists.read("top_n", "train")))
    with pytest.raises(InputError, match=rf"was trained on {users} of the {users} rows"):
        refuse_trained([record], open_dataset(sealed(again)), "top_n", "test")

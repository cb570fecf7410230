"""Predictions that are pushed, and scored by somebody else who has the same rows."""

import json
import re
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from documents import ROOT
from huggingface_hub import DatasetCard
from made import make_dataset
from made_lists import make_lists
from scored import make_scored, run_in, write

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.list_table import ListLine, list_table
from tastetune.artifacts.predictions import Meta, read_predictions, write_predictions
from tastetune.errors import InputError
from tastetune.reporting.exports.repository import predictions_repository
from tastetune.reporting.run import find_predictions


def bind(folder) -> None:
    """Put a dataset under a licence that forbids redistribution."""
    info = json.loads((folder / "tastetune.json").read_text())
    info["settings"] |= {"redistribution": False, "clause": "not to be passed on", "citation": "The source."}
    (folder / "tastetune.json").write_text(json.dumps(info))


@pytest.fixture
def run(tmp_path):
    """A run of ratings that may not be passed on, five models in it."""
    make_scored(tmp_path / "run")
    bind(tmp_path / "run" / "data")
    return tmp_path / "run"


@pytest.fixture
def script(monkeypatch, capsys):
    def called(name, *args) -> str:
        status, out, err = run_in(ROOT, monkeypatch, capsys, name, *args)
        assert status == 0, err
        return out

    return called


@pytest.fixture
def refused(monkeypatch, capsys):
    def called(*args) -> str:
        status, _, err = run_in(ROOT, monkeypatch, capsys, "score.py", *args, "--resamples", 5)
        assert status == 1
        return err.strip().splitlines()[-1]

    return called


def rename(path, model) -> None:
    """Have the predictions in a file be another model's."""
    of = read_predictions(path)
    write_predictions(path, replace(of.meta, model=model), of.table)


def scored(script, dataset, folder, *predictions) -> dict:
    script(
        "score.py", "--dataset_name", dataset, "--scores_dir", folder, "--resamples", 5, "--predictions", *predictions
    )
    return {model["model"]: model for model in json.loads((folder / "scores.json").read_text())["models"]}


def test_what_others_published_is_scored_as_if_it_lay_here(near_hub, script, run, tmp_path):
    """Of five models three are in two tables; both publishers' names tell them apart, and figures stay the same."""
    script("push.py", run / "predictions", "org/theirs", "--public")
    script("push.py", run / "predictions", "me/again", "--public")
    before = scored(script, run / "data", tmp_path / "before", run / "predictions")
    both = scored(script, run / "data", tmp_path / "both", run / "predictions", "org/theirs", "me/again")
    assert len(both) == 15
    for name, model in before.items():
        for other in (name, f"{name} (org)", f"{name} (me)"):
            assert both[other]["metrics"] == model["metrics"]
            assert both[other]["chosen_threshold"] == model["chosen_threshold"]
    assert before["sft-500"]["chosen_threshold"] is not None
    commit = near_hub.repositories["dataset", "org/theirs"].refs["main"]
    assert both["sft-500 (org)"]["predictions"] == f"hf://datasets/org/theirs@{commit}/sft-500/test.parquet"
    alone = scored(script, run / "data", tmp_path / "alone", f"org/theirs@{commit}")
    assert {name: model["metrics"] for name, model in alone.items()} == {n: m["metrics"] for n, m in before.items()}
    assert not [path for _, path in near_hub.requests if "/resolve/" in path and not path.endswith(".parquet")]


def test_nobody_learns_from_them_who_rated_what_nor_where_they_were_made(near_hub, script, run):
    script("push.py", run / "predictions", "org/theirs", "--public")
    rows = open_dataset(run / "data").read("like_dislike", "test")
    for name, content in near_hub.files("dataset", "org/theirs").items():
        assert str(run).encode() not in content, name
        assert b"hf_x" not in content
        assert not any(row.encode() in content for row in rows["example_id"].to_pylist())
    card = near_hub.files("dataset", "org/theirs")["README.md"].decode()
    assert "| sft-500 | adapter | meta-llama/Llama-3.2-1B-Instruct |" in card
    assert "--predictions outputs/my_run/predictions org/theirs" in card
    assert "The ratings: The source." in card


def test_rows_that_may_be_passed_on_keep_their_ids(tmp_path):
    dataset = make_scored(tmp_path)
    with predictions_repository(tmp_path / "predictions", "org/theirs") as folder:
        of = read_predictions(folder / "sft-500" / "test.parquet")
        assert of.table.equals(read_predictions(tmp_path / "predictions" / "sft-500.parquet").table)
        assert (of.meta.hashed_ids, of.meta.adapter) == (False, None)
        assert (folder / "sft-500" / "validation.parquet").is_file()
    assert dataset.may_be_shared


def test_lists_keep_their_items_and_lose_their_texts(near_hub, script, tmp_path):
    data = make_lists(tmp_path / "run" / "data")
    bind(data)
    dataset = open_dataset(data)
    rows = dataset.read("top_n", "test")
    lines = {
        row["example_id"]: [ListLine(item, None, "A Title") for item in row["gold"][:3]] for row in rows.to_pylist()
    }
    lines[rows["example_id"][0].as_py()] += [ListLine(None, None, "A Film of My Own"), ListLine(None, None, "")]
    known = {"dataset": dataset.name, "config": "top_n", "split": "test", "fingerprint": dataset.fingerprint}
    path = tmp_path / "run" / "predictions" / "lists.parquet"
    path.parent.mkdir()
    write_predictions(path, Meta(model="lists", kind="base", settings={"mode": "free"}, **known), list_table(lines))
    script("push.py", path.parent, "org/lists", "--public")
    content = near_hub.files("dataset", "org/lists")["lists/test.parquet"]
    assert b"A Title" not in content
    assert b"My Own" not in content
    here, there = (
        scored(script, data, tmp_path / name, of)["lists"] for name, of in (("here", path), ("there", "org/lists"))
    )
    assert here["metrics"] == there["metrics"]


def test_a_models_name_is_its_folder_as_far_as_a_folder_can_be_called_so(tmp_path):
    """Whoever scores them looks one folder deep, and nothing is written beside the repository."""
    make_scored(tmp_path)
    rename(tmp_path / "predictions" / "sft-100.parquet", "org/model")
    rename(tmp_path / "predictions" / "sasrec-seed1.parquet", "../up")
    with predictions_repository(tmp_path / "predictions", "org/theirs") as folder:
        there = {path.relative_to(folder.parent).as_posix() for path in folder.parent.rglob("test.parquet")}
        names = ("org_model", "_up", "sft-500", "user_item_mean", "sasrec-seed2")
        assert there == {f"predictions/{name}/test.parquet" for name in names}
        assert read_predictions(folder / "org_model" / "test.parquet").meta.model == "org/model"
        configs = DatasetCard.load(folder / "README.md").data.configs
        assert {config["config_name"] for config in configs} == set(names)


def test_two_files_of_one_model_are_refused_so_that_none_is_lost(tmp_path):
    make_scored(tmp_path)
    path = tmp_path / "predictions" / "sft-100.parquet"
    rename(path, "sft-500")
    with pytest.raises(InputError, match="model 'sft-500' has answered split 'test' in another file already") as said:
        predictions_repository(path.parent, "org/theirs").__enter__()
    assert str(said.value).startswith(str(path.parent / "sft-500.parquet"))


def test_what_cannot_be_scored_says_why(near_hub, script, refused, run, tmp_path):
    script("push.py", run / "predictions", "org/theirs")
    flags = ["--dataset_name", run / "data", "--scores_dir", tmp_path / "out", "--predictions"]
    assert re.search("dataset 'org/nothing': .*shows no such repository; check the id", refused(*flags, "org/nothing"))
    assert "has no such branch, tag or commit" in refused(*flags, "org/theirs@v9")
    other = make_dataset(tmp_path / "other", n_users=12)
    said = refused("--dataset_name", other, "--scores_dir", tmp_path / "out", "--predictions", "org/theirs")
    assert re.search("hf://datasets/org/theirs@.*: fingerprint is .*, but fingerprint .* is scored; predict on", said)
    said = refused(
        "--dataset_name", run / "data", "--scores_dir", tmp_path / "o", "--split", "train", *flags[-1:], "org/theirs"
    )
    assert "no predictions of split 'train' in it; expected a file MODEL/train.parquet" in said
    repository = near_hub.repositories["dataset", "org/theirs"]
    name = "sft-100/test.parquet"
    table = pq.read_table(run / "predictions" / "sft-100.parquet").drop_columns(["score"])
    pq.write_table(table, tmp_path / "cut.parquet")
    repository.commit("main", {name: (tmp_path / "cut.parquet").read_bytes()})
    said = refused(*flags, "org/theirs")
    assert re.search(rf"hf://datasets/org/theirs@\w+/{name}: column 'score' is missing; it has example_id", said)
    repository.commit("main", {name: b"pickled"})
    assert re.search(rf"hf://datasets/org/theirs@\w+/{name}: not a whole parquet file", refused(*flags, "org/theirs"))


def test_a_file_that_is_cut_short_or_of_something_else_is_named(near_hub, run, monkeypatch, capsys):
    file = run / "predictions" / "sasrec-seed1.parquet"
    whole, other = file.read_bytes(), (run / "data" / "items" / "train.parquet").read_bytes()
    for content, told in (
        (whole[: len(whole) // 2], "not a whole parquet file"),
        (other, "column 'example_id' is missi"),
    ):
        file.write_bytes(content)
        status, _, err = run_in(ROOT, monkeypatch, capsys, "push.py", run / "predictions", "org/theirs")
        assert (status, err.startswith(f"error: {file}: {told}")) == (1, True)
    assert not near_hub.repositories


def test_predictions_without_their_dataset_are_not_pushed(run, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (run / "predictions").rename(tmp_path / "elsewhere" / "predictions")
    with pytest.raises(InputError, match=r"no folder data lies beside them; name it with --dataset FOLDER"):
        predictions_repository(tmp_path / "elsewhere" / "predictions", "org/theirs").__enter__()
    assert find_predictions([tmp_path / "elsewhere" / "predictions"])
    other = open_dataset(make_dataset(tmp_path / "other", n_users=12))
    path = write(tmp_path / "mixed", other, "svd", 1.0)
    with pytest.raises(InputError, match="fingerprint is"):
        predictions_repository(path.parent, "org/theirs", str(run / "data")).__enter__()

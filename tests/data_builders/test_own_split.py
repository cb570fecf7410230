"""A stranger's predefined split, three files of likes and no ratings, by three commands to a leaderboard."""

import json

import pytest
from made_library import WORDS, write_three_files
from scored import ROOT, run, run_in

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions

TRIVIAL = {"always_yes", "item_mean", "likes_in_prompt", "most_popular", "user_item_mean", "user_mean"}


@pytest.mark.usefixtures("one_thread")
def test_three_files_of_likes_go_through_builder_baselines_and_scorer(tmp_path, monkeypatch, capsys):
    parts, flags = write_three_files(tmp_path)
    run("csv_log.py", monkeypatch, *flags, *WORDS, "--name", "library", "--output_dir", tmp_path / "data")

    def script(name, *args):
        status, _, stderr = run_in(tmp_path, monkeypatch, capsys, name, *args, "--dataset_name", "data")
        assert status == 0, stderr

    script("baseline.py", "--predictions_dir", "predictions", "--baselines", ROOT / "recbole_configs" / "svd.yaml")
    script("score.py", "--predictions", "predictions", "--scores_dir", "out", "--resamples", "50")

    dataset = open_dataset(tmp_path / "data")
    rows = dataset.read("like_dislike", "test").to_pylist()
    assert {(row["user_id"], row["item_id"]) for row in rows} == {(reader, book) for reader, book, *_ in parts["test"]}
    for path in (tmp_path / "predictions").glob("*.parquet"):
        predictions = read_predictions(path)
        predictions.scores([row["example_id"] for row in rows])  # every row of the stranger's split, and no other
        assert predictions.meta.threshold == (0.0 if path.stem == "most_popular" else 0.5)  # a like is 1

    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert scores["dataset"]["settings"]["protocol"] == "predefined"
    assert scores["dataset"]["base_rate"] == pytest.approx(
        sum(stars >= 4 for *_, stars, _ in parts["test"]) / len(rows)
    )
    assert {model["model"] for model in scores["models"]} == TRIVIAL | {"svd"}
    for model in scores["models"]:
        assert model["n"] == len(rows)
        assert 0 <= model["metrics"]["roc_auc"]["value"] <= 1
        assert model["metrics"]["rmse"] == {
            "value": None,
            "low": None,
            "high": None,
            "reason": "the log has no ratings",
        }
    assert "| svd | recbole | 0." in (tmp_path / "out" / "leaderboard.md").read_text()

"""A few single rows with every model's answer."""

import json

import pytest
from scored import make_scored, write

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.evaluation.samples import SIZE, sample_rows
from tastetune.tasks import TASKS

TASK = TASKS["like_dislike"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    make_scored(folder)
    return folder


def sampled(folder, with_text=None):
    rows = TASK.rows(open_dataset(folder / "data"), "test")
    predictions = [
        read_predictions(folder / "predictions" / f"{name}.parquet") for name in ("sft-500", "user_item_mean")
    ]
    answers = {prediction.meta.model: TASK.answers(rows, prediction) for prediction in predictions}
    return rows, predictions, sample_rows(rows, answers, seed=0, with_text=with_text)


def test_each_row_holds_its_prompt_and_every_answer(folder):
    rows, predictions, found = sampled(folder)
    assert not found["withheld"]
    assert len(found["sample"]) == min(SIZE, len(rows.table))
    table = {row["example_id"]: row for row in rows.dataset.read("like_dislike", "test").to_pylist()}
    scores = [dict(zip(*(p.table[c].to_pylist() for c in ("example_id", "score")), strict=True)) for p in predictions]
    for row in found["sample"]:
        original = table[row["row"]]
        assert {key: row[key] for key in ("label", "rating", "prompt", "completion")} == {
            key: original[key] for key in ("label", "rating", "prompt", "completion")
        }
        assert row["scores"]["sft-500"] == pytest.approx(scores[0][row["row"]], abs=1e-4)
        assert row["yes"]["user_item_mean"] == (scores[1][row["row"]] >= 4)
        assert row["written"] == {}


def test_a_licence_withholds_ids_ratings_and_prompts(folder, tmp_path):
    info = json.loads((folder / "data" / "tastetune.json").read_text())
    info["settings"]["redistribution"] = False
    for part in ("like_dislike", "interactions"):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / part).symlink_to(folder / "data" / part)
    (tmp_path / "data" / "tastetune.json").write_text(json.dumps(info))
    (tmp_path / "predictions").symlink_to(folder / "predictions")
    _, _, kept = sampled(tmp_path)
    assert kept["withheld"]
    assert {key for row in kept["sample"] for key in row} == {"row", "label", "scores", "yes", "written"}
    assert [row["row"] for row in kept["sample"][:2]] == ["row 1", "row 2"]
    assert not sampled(tmp_path, with_text=True)[2]["withheld"]


def test_what_was_generated_is_shown(folder, tmp_path):
    dataset = open_dataset(folder / "data")
    rows = TASK.rows(dataset, "test")
    texts = ["Yes, because"] * len(rows.table)
    prediction = read_predictions(write(tmp_path, dataset, "model", 1.0, answers=texts))
    found = sample_rows(rows, {"model": TASK.answers(rows, prediction)}, seed=0)
    assert found["sample"][0]["written"] == {"model": "Yes, because"}

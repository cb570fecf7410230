"""The learning curve."""

import json

import pytest
from scored import make_scored, run_in, write

from tastetune import plots
from tastetune.answers import read_rows
from tastetune.curves import learning_curve, read_learning_curve
from tastetune.errors import InputError
from tastetune.evaluate import score
from tastetune.predictions import read_predictions


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curve")
    dataset = make_scored(folder)
    for epoch, noise in ((1, 3.0), (2, 2.0), (10, 1.2)):
        training = {"examples": 400 * epoch, "seconds": 0.5 * epoch, "flops": 1e6 * epoch}
        name = f"sasrec-epoch-{epoch}" if epoch < 10 else "sasrec"
        write(folder / "curve", dataset, name, noise, training=training)
    write(folder / "curve", dataset, "sft-100", 2.0, kind="adapter", training={"examples": 6400, "seconds": 9.0})
    write(folder / "curve", dataset, "sft-500", 0.5, kind="adapter", training={"examples": 32000, "seconds": 45.0})
    write(folder / "curve", dataset, "user_item_mean", 1.0, kind="trivial", threshold=4.0)
    return folder


@pytest.fixture(scope="module")
def rows(folder):
    from tastetune.dataset import open_dataset

    return read_rows(open_dataset(folder / "data"), "test")


@pytest.fixture(scope="module")
def predictions(folder):
    return [read_predictions(path) for path in sorted((folder / "curve").glob("*.parquet"))]


@pytest.fixture(scope="module")
def curve(rows, predictions):
    return learning_curve(rows, predictions, resamples=30)


def test_checkpoints_of_one_model_are_one_curve_in_the_order_of_training(curve):
    found = {line["name"]: [point["model"] for point in line["points"]] for line in curve["curves"]}
    assert found == {
        "sasrec": ["sasrec-epoch-1", "sasrec-epoch-2", "sasrec"],
        "sft": ["sft-100", "sft-500"],
        "user_item_mean": ["user_item_mean"],
    }


def test_a_seed_is_no_checkpoint(rows, folder):
    found = learning_curve(
        rows, [read_predictions(folder / "predictions" / f"sasrec-seed{k}.parquet") for k in (1, 2)], resamples=5
    )
    assert [line["name"] for line in found["curves"]] == ["sasrec-seed1", "sasrec-seed2"]


def test_points_hold_the_cost_and_the_scorers_own_figures(rows, curve, predictions):
    (point,) = (p for line in curve["curves"] for p in line["points"] if p["model"] == "sft-100")
    assert (point["examples"], point["seconds"], point["flops"]) == (6400, 9.0, None)
    (scored,) = (m for m in score(rows, predictions, resamples=30)["models"] if m["model"] == "sft-100")
    assert point["roc_auc"] == scored["metrics"]["roc_auc"]


def test_it_is_drawn(curve):
    assert plots.learning_curve(curve).startswith(b"\x89PNG")


def test_a_curve_of_other_rows_is_refused(curve, tmp_path):
    (tmp_path / "learning_curve.json").write_text(json.dumps(curve))
    there = {"dataset": {"fingerprint": curve["dataset"]["fingerprint"], "split": "test"}}
    assert read_learning_curve(tmp_path / "learning_curve.json", there) == curve
    with pytest.raises(InputError, match="draw the curve on the same rows"):
        read_learning_curve(tmp_path / "learning_curve.json", {"dataset": there["dataset"] | {"split": "test_sample"}})


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_file_that_is_none_is_refused(text, tmp_path):
    (tmp_path / "curve.json").write_text(text)
    with pytest.raises(InputError, match=r"scripts/learning_curve\.py did not write it"):
        read_learning_curve(tmp_path / "curve.json", {"dataset": {"fingerprint": "", "split": ""}})


@pytest.fixture
def run_script(folder, monkeypatch, capsys):
    given = ("--dataset", "data", "--output_dir", "out", "--resamples", "20", "--predictions")
    return lambda *predictions: run_in(folder, monkeypatch, capsys, "learning_curve.py", *given, *predictions)


def test_the_command(run_script, folder):
    status, stdout, stderr = run_script("curve")
    assert status == 0, stderr
    assert "3 models, 6 points" in stdout
    assert len(json.loads((folder / "out" / "learning_curve.json").read_text())["curves"]) == 3
    assert (folder / "out" / "learning_curve.png").exists()


def test_the_command_refuses_two_files_of_one_model(run_script):
    status, _, stderr = run_script("curve", "predictions")
    assert status == 1
    assert "is also the model of" in stderr

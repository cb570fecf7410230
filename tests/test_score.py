"""scripts/score.py from the command line."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scored import make_scored

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    make_scored(folder)
    return folder


def run_score(*args, cwd=ROOT):
    command = [sys.executable, ROOT / "scripts" / "score.py", *map(str, args)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def outputs(folder):
    done = run_score(
        *("--dataset", "data", "--predictions", "predictions", "--adapter", "adapter"),
        *("--output_dir", "out", "--resamples", "50"),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_it_writes_everything(folder, outputs):
    assert sorted(path.name for path in outputs.iterdir()) == ["leaderboard.md", "leaderboard.png", "scores.json"]
    assert (outputs / "leaderboard.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "adapter" / "README.md").read_text().startswith("---\nbase_model: meta-llama/")


def test_the_file_has_the_promised_shape(outputs):
    def refuse(constant):
        raise ValueError(constant)  # NaN and Infinity are no JSON

    scores = json.loads((outputs / "scores.json").read_text(), parse_constant=refuse)
    assert {"name", "config", "split", "fingerprint", "n"} <= set(scores["dataset"])
    (mean,) = (model for model in scores["models"] if model["model"] == "user_item_mean")
    assert {"model", "kind", "predictions", "n", "unparsed", "metrics", "slices", "against"} <= set(mean)
    assert mean["predictions"] == "../predictions/user_item_mean.parquet"
    (tuned,) = (model for model in scores["models"] if model["model"] == "sft-500")
    assert {"difference", "low", "high", "p"} <= set(tuned["against"]["user_item_mean"]["roc_auc"])
    assert {"n", "metrics"} <= set(tuned["slices"]["item:cold"])


def test_the_same_command_gives_the_same_bytes(folder, outputs):
    before = {path.name: path.read_bytes() for path in outputs.iterdir()}
    run_score(
        *("--dataset", "data", "--predictions", "predictions", "--adapter", "adapter"),
        *("--output_dir", "out", "--resamples", "50"),
        cwd=folder,
    )
    assert {path.name: path.read_bytes() for path in outputs.iterdir()} == before


def test_rendering_again_needs_the_scores_alone(folder, outputs, tmp_path):
    done = run_score("--from_scores", outputs / "scores.json", "--output_dir", tmp_path, cwd=folder)
    assert done.returncode == 0, done.stderr
    for name in ("leaderboard.md", "leaderboard.png", "scores.json"):
        assert (tmp_path / name).read_bytes() == (outputs / name).read_bytes()


def test_a_changed_score_changes_what_is_shown(folder, outputs, tmp_path):
    scores = json.loads((outputs / "scores.json").read_text())
    scores["models"][0]["metrics"]["roc_auc"]["value"] = 0.12345
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    run_score("--from_scores", tmp_path / "scores.json", "--output_dir", tmp_path, cwd=folder)
    assert "| 0.123 [" in (tmp_path / "leaderboard.md").read_text()


def files(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--dataset", "data"], "--dataset and --predictions say what to score"),
        (["--dataset", "nowhere", "--predictions", "predictions"], "nowhere"),
        (["--dataset", "data", "--predictions", "absent.parquet"], "absent.parquet: no such predictions file"),
        (["--dataset", "data", "--predictions", "predictions", "--split", "tset"], "no split 'tset'"),
        (["--dataset", "data", "--predictions", "predictions", "--split", "validation"], "split is 'test'"),
        (["--dataset", "data", "--predictions", "predictions", "--reference", "svd"], "reference 'svd' is not among"),
        (["--dataset", "data", "--predictions", "predictions", "--adapter", "none"], "--adapter none: no such folder"),
        (["--dataset", "data", "--predictions", "predictions", "--adapter", "data"], "none of the scored models"),
        (["--dataset", "data", "--predictions", "predictions", "--resamples", "0"], "--resamples is 0"),
        (["--from_scores", "data/tastetune.json"], "key 'dataset' is missing"),
        (["--dataset", "data", "--predictions", "cut.parquet"], "cut.parquet: not a whole parquet file"),
    ],
)
def test_bad_input_ends_with_one_message_and_nothing_written(folder, outputs, args, message):
    whole = (folder / "predictions" / "sft-100.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    before = files(folder)
    done = run_score(*args, "--output_dir", "bad", cwd=folder)
    assert done.returncode == 1
    assert re.search(r"^error: .*", done.stderr, flags=re.MULTILINE)
    assert "Traceback" not in done.stderr
    assert message in done.stderr
    assert files(folder) == before


def test_an_older_output_survives_a_refusal(folder, outputs, tmp_path):
    shutil.copytree(outputs, tmp_path / "out")
    done = run_score("--dataset", "data", "--predictions", "absent", "--output_dir", tmp_path / "out", cwd=folder)
    assert done.returncode == 1
    assert (tmp_path / "out" / "scores.json").read_bytes() == (outputs / "scores.json").read_bytes()

"""scripts/baseline.py from the command line: exit status, the closing line, nothing half-written."""

import subprocess
import sys
from pathlib import Path

import pytest
from made import make_dataset

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import align, read_predictions

HOME = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("made"), n_users=20)


def run(*args, cwd):
    command = [sys.executable, HOME / "scripts" / "baseline.py", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_a_config_answers_every_row_and_writes_nothing_else(folder, tmp_path):
    done = run(
        HOME / "recbole_configs" / "svd.yaml",
        "--dataset",
        folder,
        "--output",
        "p/svd.parquet",
        "--seed=7",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "Answered test of made" in done.stdout
    assert "p/svd.parquet" in done.stdout
    predictions, dataset = read_predictions(tmp_path / "p" / "svd.parquet"), open_dataset(folder)
    align(predictions, dataset.read("like_dislike", "test")["example_id"].to_pylist())
    assert predictions.meta.seed == predictions.meta.settings["seed"] == 7
    assert "baseline.py" in predictions.meta.command
    assert "100%" in done.stderr  # a progress bar
    assert "Warning" not in done.stderr
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["p", "p/svd.parquet"]


def test_nothing_is_fitted_before_every_config_is_known_to_be_good(folder, tmp_path):
    (tmp_path / "untuned.yaml").write_text("model: SVD\n")
    svd = HOME / "recbole_configs" / "svd.yaml"
    done = run("trivial", svd, "untuned.yaml", "--tune=1", "--dataset", folder, "--output_dir", "p", cwd=tmp_path)
    assert done.returncode == 1
    assert "error: untuned.yaml: no block 'tune' with ranges to try" in done.stderr
    assert not (tmp_path / "p").exists()


def test_several_models_and_a_folder_of_configs_go_into_one_folder(folder, tmp_path):
    """Two configs of the task, one of another task that is left out and said so, and the six trivial models."""
    configs = tmp_path / "configs"
    configs.mkdir()
    for name, model in {"few": "SVD", "more": "SVD", "itemknn": "ItemKNN"}.items():
        epochs = "" if model == "ItemKNN" else f"epochs: {len(name)}\n"
        (configs / f"{name}.yaml").write_text(f"model: {model}\nseed: 1\n{epochs}")
    done = run("trivial", "configs", "--dataset", folder, "--output_dir", "p", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "configs: left out itemknn, for they answer another task" in done.stdout
    assert len(list((tmp_path / "p").glob("*.parquet"))) == 6 + 2
    assert [read_predictions(tmp_path / "p" / f"{n}.parquet").meta.settings["epochs"] for n in ("few", "more")] == [
        3,
        4,
    ]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ["trivial", "--output_dir", "p", "--dataset", "nowhere"],
            "error: dataset 'nowhere'",
        ),
        (["trivial"], "--output_dir, a folder for several"),
        (["svd.yaml"], "give --output"),
        (
            ["svd.yaml", "sasrec.yaml", "--output", "p.parquet"],
            "svd.yaml sasrec.yaml: several models; give --output_dir",
        ),
        (["svd.yaml", "--output", "p.parquet"], "svd.yaml: no such file"),
        ([".", "--output_dir", "p"], "no .yaml file of a model for this task"),
        (
            [HOME / "recbole_configs" / "svd.yaml"] * 2 + ["--output_dir", "p"],
            "are both called svd; rename one",
        ),
        ([HOME / "recbole_configs" / "ease.yaml", "--output", "p.parquet"], "EASE learns from who chose what"),
    ],
)
def test_a_mistake_is_one_message(args, said, folder, tmp_path):
    args = args if "--dataset" in args else [*args, "--dataset", folder]
    done = run(*args, cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())

"""Where a stage cannot write, or another one writes, it says so before its work; a full disk leaves what was there."""

import os
from dataclasses import dataclass

import pytest
from made_log import made_rows, write_ml1m
from made_model import make_tiny_model
from scored import make_scored
from stages import contents, ended, hidden, same

from tastetune.locks import held_place

pytestmark = pytest.mark.slow

MODEL = ("recipe.yaml", "--dataset_name", "data", "--model_name_or_path")
ROWS = ("--dataset_name", "data")


@dataclass(frozen=True)
class Stage:
    """A stage.

    Attributes:
        flags: those without its output.
        output: the flag that names its output, and where that lies in a folder `out`.
        holds: the file or folder in `out` that it holds while it works.
        anew: flags by which another run differs.
        broken: flags by which its work would fail.
    """

    script: str
    flags: tuple
    output: tuple[str, str]
    holds: str
    anew: tuple
    broken: tuple = ()


STAGES = {
    "ml1m": Stage(
        "data_builders/ml1m.py",
        (),
        ("--output_dir", "/data"),
        "data",
        ("--source", "log", "--history_length", 3),
        ("--source", "nowhere"),
    ),
    "predict": Stage(
        "scripts/predict.py",
        MODEL,
        ("--output", "/zero.parquet"),
        "zero.parquet",
        ("model", "--seed", 3),
        ("no-such/model",),
    ),
    "baseline": Stage(
        "scripts/baseline.py",
        (*ROWS, "--only", "svd", "--baselines", "svd.yaml"),
        ("--predictions_dir", ""),
        "svd.parquet",
        ("--force",),
    ),
    "learning_curve": Stage(
        "scripts/learning_curve.py",
        (*ROWS, "--baselines", "svd.yaml"),
        ("--curve_dir", ""),
        "learning_curve.json",
        ("--resamples", 9),
        ("--dataset_name", "nowhere"),
    ),
    "score": Stage(
        "scripts/score.py",
        (*ROWS, "--predictions", "predictions"),
        ("--scores_dir", ""),
        "scores.json",
        ("--resamples", 9),
        ("--dataset_name", "nowhere"),
    ),
    "probe": Stage(
        "scripts/probe.py",
        MODEL,
        ("--output", "/zero.json"),
        "zero.json",
        ("model", "--items", 7),
        ("no-such/model",),
    ),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A dataset and predictions, and in `out` what every stage has written before."""
    home = tmp_path_factory.mktemp("home")
    make_scored(home)
    make_tiny_model(home / "model")
    write_ml1m(home / "log", made_rows())
    (home / "recipe.yaml").write_text("run_dir: run\ndtype: float32\nbf16: false\nseed: 0\n")
    (home / "svd.yaml").write_text("model: SVD\nseed: 1\nembedding_size: 4\nepochs: 2\n")
    first = {"ml1m": ("--source", "log"), "predict": ("model",), "probe": ("model", "--items", 5)}
    for name, stage in STAGES.items():
        status, printed = run(home, stage, "out", first.get(name, ()))
        assert status == 0, printed
    return home


def run(home, stage, out, more, largest_file=None):
    flag, name = stage.output
    return ended(stage.script, [*stage.flags, *more, flag, f"{out}{name}"], home, largest_file)


@pytest.mark.parametrize("name", STAGES)
def test_a_second_run_is_refused_with_who_holds_the_output(home, name):
    stage, before = STAGES[name], contents(home)
    # A builder would fail at its log, and does not come to it
    with held_place(home / "out" / stage.holds):
        status, printed = run(home, stage, "out", stage.broken if name == "ml1m" else stage.anew)
    assert status == 1
    assert f"out/{stage.holds} is held by process {os.getpid()} (" in printed
    assert "Traceback" not in printed
    assert same(contents(home), before)
    assert not hidden(home)


@pytest.mark.parametrize("name", STAGES)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(home, name):
    """What the work would fail at (a log, dataset or model that is not there) is not reached."""
    (home / "file").write_text("mine")
    stage, before = STAGES[name], contents(home)
    status, printed = run(home, stage, "file", stage.broken or stage.anew)
    assert status == 1
    assert printed.splitlines()[-1].startswith("error: file/")
    assert "Not a directory" in printed
    assert "100%" not in printed
    assert same(contents(home), before)


@pytest.mark.parametrize("name", STAGES)
def test_a_full_disk_ends_in_one_error_and_leaves_what_was_there(home, name):
    stage, before = STAGES[name], contents(home)
    status, printed = run(home, stage, "out", stage.anew, largest_file=3000)
    assert status == 1
    assert "error: " in printed
    assert "Traceback" not in printed
    assert "too large" in printed
    assert same(contents(home), before)
    assert not hidden(home)


def test_predict_and_baseline_write_into_one_folder_at_the_same_time(home):
    """Each holds its own file alone."""
    with held_place(home / "out" / "zero.parquet"):
        status, printed = run(home, STAGES["baseline"], "out", ("--force",))
        assert (status, "answered: out/svd.parquet" in printed) == (0, True)
    with held_place(home / "out" / "svd.parquet"):
        status, printed = run(home, STAGES["predict"], "out", ("model", "--force"))
        assert (status, "predictions: out/zero.parquet" in printed) == (0, True)


@pytest.mark.parametrize("name", STAGES)
def test_behind_a_link_the_folder_that_it_points_to_is_written(home, name, tmp_path):
    stage, far = STAGES[name], tmp_path / "far"
    far.mkdir()
    # A builder replaces its whole folder; the others write into one that may hold more
    link, out = (tmp_path / "data", tmp_path) if name == "ml1m" else (tmp_path / "link", tmp_path / "link")
    link.symlink_to(far)
    status, printed = run(home, stage, out, stage.anew)
    assert status == 0, printed
    assert link.is_symlink()
    assert any(far.iterdir())

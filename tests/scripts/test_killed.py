"""Each stage, killed at random moments: nothing half-written is taken for whole, and the next run ends the same.

`pytest tests/scripts/test_killed.py --kills 200 -s` kills each stage 200 times, and says how many resumed equal.
"""

import itertools
import os
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from made import make_dataset
from made_log import made_rows, write_ml1m
from made_model import make_tiny_model
from safetensors.numpy import load_file
from stages import content, contents, hidden, same, start, visible

from tastetune.artifacts.run import whole_checkpoints
from tastetune.files import is_unfinished

pytestmark = pytest.mark.slow

RECIPE = """
run_dir: run
model_name_or_path: model
dataset_train_split: train+validation
dtype: float32
bf16: false
use_peft: true
lora_r: 4
lora_target_modules: [all-linear]
total_train_batch_size: 8
per_device_train_batch_size: 8
max_steps: 8
save_strategy: steps
save_steps: 2
logging_steps: 1
learning_rate: 1.0e-3
report_to: none
seed: 0
shots: [0, 3]
checkpoints: [2, 8]
baselines: [svd.yaml]
"""
SVD = "model: SVD\nseed: 1\nembedding_size: 4\nepochs: 4\n"
FEW = ("--liked", 5, "--favourite", 4, "--favourites_over", 2, "--high", 4, "--watched_by", 0.2)


@dataclass(frozen=True)
class Stage:
    """A stage.

    Attributes:
        flags: behind the recipe, if it takes one.
        other: flags by which an earlier run differs, whose result is there in every second kill.
        tolerance: of the numbers that training ends with.
    """

    script: str
    flags: tuple = ()
    other: tuple = ()
    tolerance: dict = field(default_factory=dict)


STAGES = {
    "ml1m": Stage("data_builders/ml1m.py", ("--source", "log", "--output_dir", "ml1m"), ("--history_length", 3)),
    "top_n": Stage("data_builders/top_n.py", ("--source", "run/data", "--output_dir", "lists", *FEW), ("--seed", 3)),
    "sft": Stage("scripts/sft.py", ("recipe.yaml",), tolerance={"rtol": 1e-3, "atol": 1e-5}),
    "predict": Stage("scripts/predict.py", ("recipe.yaml",), ("--seed", 3)),
    "baseline": Stage("scripts/baseline.py", ("recipe.yaml", "--each_epoch"), ("--config_seed", 3)),
    "learning_curve": Stage("scripts/learning_curve.py", ("recipe.yaml", "--resamples", 50), ("--resamples", 20)),
    "score": Stage("scripts/score.py", ("recipe.yaml", "--resamples", 50), ("--resamples", 20)),
    "merge": Stage("scripts/merge.py", ("run/adapter", "merged")),
}
"""In the order in which each needs what those before it wrote."""


@dataclass(frozen=True)
class Undisturbed:
    """What a stage did when it was let be: where it began, how long it took, and all that lay there in the end."""

    before: Path
    seconds: float
    after: dict[str, object]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("killed") / "home"
    make_dataset(home / "run" / "data", 40, 30)
    make_tiny_model(home / "model")
    write_ml1m(home / "log", made_rows(60))
    (home / "recipe.yaml").write_text(RECIPE)
    (home / "svd.yaml").write_text(SVD)
    return home


@pytest.fixture(scope="module")
def undisturbed(home):
    """Every stage's undisturbed run, one after the other in one folder."""
    start("scripts/score.py", ["--help"], home, home.with_name("log")).join()  # loads what all of them share
    runs = {}
    for name, stage in STAGES.items():
        before = home.with_name(f"before-{name}")
        shutil.copytree(home, before)
        began = time.perf_counter()
        finish(home, stage)
        runs[name] = Undisturbed(before, time.perf_counter() - began, contents(home))
    return runs


def finish(home: Path, stage: Stage, *more) -> None:
    process = start(stage.script, [*stage.flags, *more], home, home.with_name("log"))
    process.join(300)
    assert process.exitcode == 0, home.with_name("log").read_text()


def kill(home: Path, stage: Stage, after: float) -> bool:
    """Start the stage and kill it after so many seconds; whether it was still running."""
    process = start(stage.script, stage.flags, home, home.with_name("log"))
    process.join(after)
    with_it = process.is_alive()
    if with_it:
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return with_it and process.exitcode == -signal.SIGKILL


def begin_again(home: Path, before: Path) -> None:
    shutil.rmtree(home)
    shutil.copytree(before, home)


@pytest.mark.parametrize("name", STAGES)
def test_killed_anywhere_a_stage_ends_as_if_nothing_had_been(home, undisturbed, name, request):
    stage, whole = STAGES[name], undisturbed[name]
    kills, random, shares = request.config.getoption("--kills"), np.random.default_rng(len(name)), []
    old = {}
    for attempt in itertools.count():
        if len(shares) == kills:
            break
        assert attempt < 10 * kills, "it ended before nearly every kill"
        begin_again(home, whole.before)
        if stage.other and len(shares) % 2:
            finish(home, stage, *stage.other)
            old = contents(home)
        share = random.uniform()
        if not kill(home, stage, share * whole.seconds):
            continue
        shares.append(share)
        moment = f"{name}, killed after {share:.2f} of {whole.seconds:.1f} s"
        check_nothing_is_half_written(home, stage, [old, whole.after, contents(whole.before)], moment)
        finish(home, stage)
        ended = contents(home)
        assert ended.keys() == whole.after.keys(), moment
        differing = [path for path in ended if not equal(path, ended[path], whole.after[path], stage)]
        assert not differing, moment
        assert not hidden(home), moment
    print(f"{name}: {kills} kills in a run of {whole.seconds:.1f} s, all resumed equal")


def equal(path: str, one: object, other: object, stage: Stage) -> bool:
    """Of training's files, weights and losses count: optimizers hold the same, and pickles differ in their bytes."""
    if "adapter/" in path and Path(path).suffix in (".bin", ".pt", ".pth"):
        return True
    return same(one, other, **stage.tolerance)


def check_nothing_is_half_written(home: Path, stage: Stage, wholes: list[dict], moment: str) -> None:
    """Every file is one that a run has finished, unless the trainer writes it: then what is taken for whole is."""
    files = visible(home)
    if stage is STAGES["sft"]:
        files = {path: file for path, file in files.items() if not path.startswith("run/adapter/")}
        check_adapter(home / "run" / "adapter", wholes[1], moment)
    for path, file in files.items():
        assert any(path in whole and same(content(file), whole[path]) for whole in wholes), f"{moment}: {path}"
    if stage is STAGES["score"] and not is_unfinished(home / "run" / "scores.json"):
        ages = {
            age
            for age, whole in enumerate(wholes[:2])
            for path in ("scores.json", "report.html", "leaderboard.md")
            if whole and f"run/{path}" in files and same(content(files[f"run/{path}"]), whole[f"run/{path}"])
        }
        assert len(ages) <= 1, f"{moment}: files of two ages"


def check_adapter(adapter: Path, whole: dict, moment: str) -> None:
    places = list(whole_checkpoints(adapter).values())
    if (adapter / "run.json").is_file() and not is_unfinished(adapter / "run.json"):
        places.append(adapter)  # its end is marked
    for place in places:
        weights = place / "adapter_model.safetensors"
        if weights.is_file() or place != adapter:
            name = str(weights.relative_to(adapter.parents[1]))
            assert same(load_file(weights), whole[name], rtol=1e-3, atol=1e-5), f"{moment}: {name}"

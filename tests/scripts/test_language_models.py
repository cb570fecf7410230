"""The scripts that make, train and question a language model, run as a person runs them."""

import contextlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
import warm
from made_model import make_home, make_tiny_model
from safetensors.torch import load_file
from stages import script

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.artifacts.run import read_cost

RECIPE = "recipes/quickstart/sft.yaml"
ENV = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE", "ACCELERATE_USE_CPU": "true"}


def python(*command):
    return warm.python(*command, env=ENV)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("home"), 40, 30)


def small(home, output):
    """Flags for six steps of eight examples on the made data, with a checkpoint in the middle."""
    flags = ["--dataset_name", home / "data", "--model_name_or_path", home / "model", "--output_dir", home / output]
    flags += ["--total_train_batch_size", 8, "--per_device_train_batch_size", 4]
    return [*flags, "--max_steps", 6, "--save_steps", 3]


def predict(home, name, *flags):
    fixed = ("--dataset_name", home / "data", "--model_name_or_path", home / "model")
    script("scripts/predict.py", RECIPE, *fixed, "--output", home / f"{name}.parquet", *flags)


@pytest.fixture(scope="module")
def adapter(home):
    launch = ["-m", "accelerate.commands.launch", "--config_file", "recipes/accelerate/cpu.yaml"]
    done = python(*launch, "scripts/sft.py", RECIPE, *small(home, "adapter"))
    assert done.returncode == 0, done.stderr
    assert "starting from the base model" in done.stdout
    return home / "adapter"


def test_training_writes_an_adapter_its_checkpoints_and_its_cost(adapter):
    assert json.loads((adapter / "adapter_config.json").read_text())["r"] == 16
    assert sorted(p.name for p in adapter.glob("checkpoint-*")) == ["checkpoint-3", "checkpoint-6"]
    # Eight examples a step, in two passes of four
    assert [read_cost(adapter / c)["examples"] for c in ("checkpoint-3", "checkpoint-6", "")] == [24, 48, 48]
    early, late = (read_cost(adapter / c)["tokens"] for c in ("checkpoint-3", ""))
    assert 24 * 50 < early < late < 48 * 500  # a prompt is read for each example


def test_every_way_of_answering_answers_every_row(home, adapter):
    rows = open_dataset(home / "data").read("like_dislike", "test")["example_id"].to_pylist()
    found = {}
    for name, flags in {
        "zero": [],
        "three": ["--shots", 3],
        "tuned": ["--adapter", adapter],
        "early": ["--adapter", adapter / "checkpoint-3"],
        "written": ["--modes", "generate"],
    }.items():
        predict(home, name, *flags)
        found[name] = read_predictions(home / f"{name}.parquet")
        scores, answers = found[name].scores(rows)
        assert ((scores >= 0) & (scores <= 1)).all()
        assert (answers[0] is None) == (name != "written")
    assert {name: (p.meta.kind, p.meta.shots) for name, p in found.items()} == {
        "zero": ("base", 0),
        "three": ("base", 3),
        "tuned": ("adapter", 0),
        "early": ("adapter", 0),
        "written": ("base", 0),
    }
    assert found["early"].meta.training["examples"] == 24
    assert found["zero"].meta.settings["stand_in"] is True
    assert found["early"].meta.settings["total_train_batch_size"] == 8, "as it was trained, not as the recipe says"
    assert found["early"].meta.training["command"].startswith("accelerate launch scripts/sft.py recipes/quickstart")
    by_model = {name: p.scores(rows)[0] for name, p in found.items()}
    assert np.abs(by_model["zero"] - by_model["tuned"]).max() > 1e-3
    assert np.abs(by_model["early"] - by_model["tuned"]).max() > 1e-5


def test_the_same_command_gives_the_same_predictions(home):
    for name in ("once", "again"):
        predict(home, name)
    once, again = (read_predictions(home / f"{name}.parquet").table for name in ("once", "again"))
    assert once.equals(again)


def test_a_killed_run_goes_on_from_its_last_checkpoint_and_ends_the_same(home, adapter):
    command = ["scripts/sft.py", RECIPE, *small(home, "killed")]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    first = subprocess.Popen([sys.executable, *map(str, command)], env=ENV, **silent)
    costs = home / "killed" / "checkpoint-3" / "cost.json"  # the last file of a checkpoint
    while first.poll() is None and not costs.is_file():
        with contextlib.suppress(subprocess.TimeoutExpired):
            first.wait(0.01)
    first.kill()
    first.wait()
    shutil.rmtree(home / "killed" / "checkpoint-6", ignore_errors=True)  # as if killed before it
    (home / "killed" / "adapter_model.safetensors").unlink(missing_ok=True)
    second = python(*command)
    assert second.returncode == 0, second.stderr
    assert f"resuming from {home}/killed/checkpoint-3" in second.stdout
    resumed, whole = (load_file(home / name / "adapter_model.safetensors") for name in ("killed", "adapter"))
    assert {weight.dtype for weight in whole.values()} == {torch.float32}
    for name, weight in whole.items():
        torch.testing.assert_close(resumed[name], weight, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--dataset_name", "no/such"], r"dataset 'no/such': .* no folder of that name lies here either"),
        (
            ["--model_name_or_path", "no-such/model"],
            r"'no-such/model' could not be .*accept its licence .*hf auth login",
        ),
        (["--max_length", "20"], r"rows are longer than max_length 20"),
        (["--total_train_batch_size", "7"], r"does not divide it"),
        (["--dataset_train_split", "trian"], r"no split 'trian' in config 'like_dislike'; it has"),
        (["--learning_rat", "1"], r"unknown flag --learning_rat; did you mean --learning_rate"),
        (["--max_step", "1"], r"unknown flag --max_step; did you mean --max_steps"),
    ],
)
def test_bad_input_ends_in_one_clear_message(home, adapter, flags, message):
    with pytest.raises(SystemExit, match=message) as stop:
        script("scripts/sft.py", RECIPE, *small(home, "refused"), *flags)
    assert str(stop.value).startswith("error: ")
    assert not (home / "refused").exists()


def test_a_run_of_other_settings_is_not_mixed_with_this_one(home, adapter):
    before = (adapter / "adapter_model.safetensors").read_bytes()
    with pytest.raises(SystemExit, match=r"holds a run with learning_rate 0\.00\d+, this one has 0.5; choose another"):
        script("scripts/sft.py", RECIPE, *small(home, "adapter"), "--learning_rate", 0.5)
    assert (adapter / "adapter_model.safetensors").read_bytes() == before


def test_what_is_done_is_not_done_again_unless_it_is_forced(home, adapter, capsys):
    shutil.copytree(adapter, home / "done")
    (home / "done" / "notes.txt").write_text("mine")
    weights = home / "done" / "adapter_model.safetensors"
    weights.write_bytes(b"not touched")
    script("scripts/sft.py", RECIPE, *small(home, "done"))
    assert f"done already: {home}/done holds this very run; --force trains it anew" in capsys.readouterr().out
    assert weights.read_bytes() == b"not touched"
    script("scripts/sft.py", RECIPE, *small(home, "done"), "--force", "--max_steps", 3)
    assert f"adapter: {home}/done after 3 steps" in capsys.readouterr().out
    assert sorted(p.name for p in (home / "done").glob("checkpoint-*")) == ["checkpoint-3"]
    assert load_file(weights)
    assert (home / "done" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["sft", "dpo", "grpo", "pretrain"])
def test_before_its_data_is_built_a_script_says_first_how_to_build_it(name, tmp_path):
    """And says so before any library of training is loaded."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"run_dir: {tmp_path}/run\nbuilt_by: python data_builders/ml1m.py\nbeta: 0.1\n")
    code = (
        "import runpy, sys\nsys.argv = sys.argv[1:]\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as stop: print(stop.code)\n"
        "print([name for name in ('torch', 'trl', 'transformers') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, f"scripts/{name}.py", recipe, "--max_steps", "5"]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        f"error: {tmp_path}/run/data is not there; build it first: python data_builders/ml1m.py",
        "[]",
    ]


def test_an_adapter_of_another_model_is_refused(home, adapter, tmp_path):
    other = make_tiny_model(tmp_path / "wider", width=128)
    with pytest.raises(SystemExit, match="was trained on a base model with other weights than these"):
        predict(home, "unfit", "--adapter", adapter, "--model_name_or_path", other)
    with pytest.raises(SystemExit, match=r"no adapter_config\.json inside"):
        predict(home, "unfit", "--adapter", home / "data")
    assert not (home / "unfit.parquet").exists()


def test_rows_that_were_trained_on_are_not_predicted(home, adapter):
    with pytest.raises(SystemExit, match=r"was trained on train\+validation, so its answers to validation"):
        predict(home, "seen", "--adapter", adapter / "checkpoint-3", "--split", "validation")
    predict(home, "unseen", "--split", "validation")  # the base model has seen none of them
    assert read_predictions(home / "unseen.parquet").meta.split == "validation"

"""A recipe's settings are chosen by trials on validation, which are written down and never run twice."""

import json
import os
import shutil
import signal

import numpy as np
import pyarrow.parquet as pq
import pytest
from documents import ROOT
from hypothesis import given
from hypothesis import strategies as st
from made import make_dataset, rewritten
from made_lists import make_lists
from made_model import make_tiny_model
from stages import script, start
from transformers import set_seed

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.run import read_record
from tastetune.artifacts.trained_rows import row_keys
from tastetune.config.recipe import parse_recipe
from tastetune.config.validation import ValidationArguments
from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError
from tastetune.training.preparation import FineTuning
from tastetune.training.tuning.record import read_trials, record_file, write_record
from tastetune.training.tuning.space import _stream, own_values, space_of, with_values

PROMPTS, STREAMS = "recipes/quickstart/sft.yaml", "recipes/quickstart/stream.yaml"

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_dataset(folder / "data", 40, 30, 0)
    make_tiny_model(folder / "model")
    # Rank 8 with an alpha of twice that, and three trials of ranks and rates
    (folder / "recipe.yaml").write_text(
        f"base: {ROOT}/{PROMPTS}\nlora_r: 8\nlora_alpha: 16\nlearning_rate: 1.0e-3\nwarmup_steps: 0\n"
        "max_steps: 3\ntotal_train_batch_size: 8\nper_device_train_batch_size: 8\nsave_strategy: 'no'\neval_rows: 40\n"
        f"dataset_name: {folder}/data\nmodel_name_or_path: {folder}/model\ntune: 3\n"
        "tune_space: {lora_r: [2, 4, 8], learning_rate: {low: 1.0e-4, high: 1.0e-2, log: true}}\n"
    )
    return folder


def train(home, name, *flags):
    script("scripts/sft.py", home / "recipe.yaml", "--run_dir", home / name, *flags)
    return home / name / "adapter"


def trials_of(adapter):
    return json.loads(record_file(adapter).read_text())["trials"]


@pytest.fixture(scope="module")
def adapter(home):
    return train(home, "whole")


def test_the_run_is_the_recipes_with_the_values_of_the_best_trial(home, adapter):
    trials, settings = trials_of(adapter), read_record(adapter).settings
    best = max(trials, key=lambda trial: trial["score"])
    assert len(trials) == 3
    assert trials[0]["values"] == {"lora_r": 8, "learning_rate": 1e-3}  # the recipe's own
    assert all(trial["seconds"] > 0 and trial["error"] is None for trial in trials)
    tuning = settings["tuning"]
    assert (tuning["budget"], tuning["metric"], tuning["score"]) == (3, "roc_auc", best["score"])
    assert settings["learning_rate"] == best["values"]["learning_rate"]
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"]) == (best["values"]["lora_r"], 2 * best["values"]["lora_r"])
    # Trials train on train alone, the run on what the recipe says
    rows = row_keys(open_dataset(home / "data"), "like_dislike", "train+validation")
    assert np.array_equal(read_record(adapter).rows, rows)
    assert not list(adapter.parent.glob(".*"))


def test_a_trial_is_the_run_itself_on_the_training_split_judged_on_validation(home, adapter, capsys):
    last = trials_of(adapter)[-1]
    set_seed(0)
    (home / "alone.yaml").write_text((home / "recipe.yaml").read_text().replace("tune: 3\n", ""))
    flags = [word for key, value in last["values"].items() for word in (f"--{key}", value)]
    flags += ["--lora_alpha", 2 * last["values"]["lora_r"], "--dataset_train_split", "train"]
    flags += ["--eval_strategy", "steps", "--eval_steps", 3, "--run_dir", home / "alone", "--save_strategy", "steps"]
    script("scripts/sft.py", home / "alone.yaml", *flags)
    state = json.loads((home / "alone" / "adapter" / "checkpoint-3" / "trainer_state.json").read_text())
    (auc,) = (line["eval_roc_auc"] for line in state["log_history"] if "eval_roc_auc" in line)
    assert auc == last["score"]


def test_killed_it_goes_on_and_ends_as_if_nothing_had_been(home, adapter):
    """After the first trial is on record; the one that was running is lost, and run again."""
    record, flags = record_file(home / "killed" / "adapter"), [home / "recipe.yaml", "--run_dir", home / "killed"]
    process = start("scripts/sft.py", flags, home, home / "log")
    while process.is_alive() and not record.is_file():
        process.join(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL, (home / "log").read_text()
    before = trials_of(record.with_name("adapter"))
    assert 1 <= len(before) < 3
    after = trials_of(train(home, "killed"))
    assert after[: len(before)] == before  # the seconds too: they were not run again
    chosen = [[(trial["values"], trial["score"]) for trial in trials] for trials in (after, trials_of(adapter))]
    assert chosen[0] == chosen[1]
    assert not list((home / "killed").glob(".*"))


def test_what_is_done_is_not_done_again(home, adapter, capsys):
    before = record_file(adapter).read_bytes()
    assert train(home, "whole") == adapter
    out = capsys.readouterr().out
    assert "3 of 3 trials are done already" in out
    assert f"done already: {adapter} holds this very run" in out
    assert record_file(adapter).read_bytes() == before


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--tune", "0"], "tune is 0; give the number of trials, at least 1"),
        (["--tune", "2"], "holds a run tuned by 3 trials, and tune is 2"),
        (["--weight_decay", "0.5"], r"trials of a recipe with weight_decay 0\.01, this one has 0\.5; start anew"),
        (["--use_peft", "false", "--load_in_4bit", "false"], "tune_space: lora_r is of LoRA, and use_peft is false"),
        (["--tune_space", "x"], "tune_space is 'x' .*expected dict"),
        (["--run_dir", "{home}/plain"], "plain/adapter holds a run without tuning, and tune is 3"),
        (["--dataset_name", "{home}/unjudged"], "unjudged/like_dislike/validation.parquet: no rows; rebuild"),
        (["--dataset_name", "{home}/lists", "--dataset_config", "top_n"], "answers to 'top_n' are not scored while"),
    ],
)
def test_bad_input_ends_in_one_clear_message_before_anything_is_trained(home, adapter, flags, message):
    if not (home / "plain").exists():
        shutil.copytree(adapter, home / "plain" / "adapter")
        run = home / "plain" / "adapter" / "run.json"
        run.write_text(json.dumps({k: v for k, v in json.loads(run.read_text()).items() if k != "tuning"}))
        make_lists(home / "lists")
        shutil.copytree(home / "data", home / "unjudged")
        for config in ("like_dislike", "interactions"):
            path = home / "unjudged" / config / "validation.parquet"
            rewritten(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(SystemExit, match=message):
        train(home, "whole", *(flag.format(home=home) for flag in flags))


def prepared(home, recipe, *flags):
    argv = [recipe, "--dataset_name", home / "data", "--model_name_or_path", home / "model", *flags]
    return FineTuning(*parse_recipe("", FineTuning.arguments, [str(word) for word in argv]), {})


def test_without_a_space_in_the_recipe_values_around_its_own_are_tried(home):
    run = prepared(home, STREAMS)
    assert space_of(run) == {
        "lora_r": [4, 8, 16, 32, 64],
        "lora_dropout": [0.0, 0.05, 0.1, 0.2],
        "learning_rate": {"low": 5e-4, "high": 8e-3, "log": True},
        "stream_window": [20, 40, 80],
        "stream_min_past": [5, 10],
    }
    assert own_values(run, space_of(run)) == {
        "lora_r": 16,
        "lora_dropout": 0.0,
        "learning_rate": 2e-3,
        "stream_window": 40,
        "stream_min_past": 10,
    }
    assert not any(key.startswith("stream") for key in space_of(prepared(home, PROMPTS)))
    assert list(space_of(prepared(home, PROMPTS, "--use_peft", "false"))) == ["learning_rate"]


@given(st.integers(0, 200), st.integers(1, 300))
def test_each_past_fits_into_each_window(past, more):
    space = _stream(past + more, past)
    assert past + more in space["stream_window"]
    assert past in space["stream_min_past"]
    for window in space["stream_window"]:
        for least in space["stream_min_past"]:
            WindowLimits(window, least)


def test_a_trial_changes_its_own_values_and_the_recipe_stays_as_it_was(home):
    run = prepared(home, STREAMS)
    trial = with_values(run, {"lora_r": 4, "learning_rate": 0.5, "stream_window": 12})
    assert (trial.model.lora_r, trial.model.lora_alpha) == (4, 8)  # alpha is twice the rank in the recipe
    assert (trial.training.learning_rate, trial.data.stream_window) == (0.5, 12)
    assert (run.model.lora_r, run.model.lora_alpha, run.training.learning_rate) == (16, 32, 2e-3)
    assert run.data.stream_window == 40
    assert with_values(run, {"lora_r": 4, "lora_alpha": 5}).model.lora_alpha == 5


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"lora_rank": [8]}, "'lora_rank' under 'tune_space' is no key that a trial can change"),
        ({"seed": [1, 2]}, "'seed' under 'tune_space' is no key"),
        ({"lora_r": []}, "lora_r has no choices"),
        ({"lora_r": [0]}, "tune_space: lora_r is 0; expected 1 to 4096"),
        ({"learning_rate": ["fast"]}, "tune_space: learning_rate is 'fast'"),
        ({"learning_rate": {"low": 0.1, "high": 0.01}}, "is no range of numbers"),
        ({"learning_rate": {"low": 0.1}}, "expected a range"),
        ({"learning_rate": {"low": 0.1, "high": 1, "log": 3}}, "log is 3 under 'tune_space', expected true or false"),
    ],
)
def test_a_mistake_in_the_space_is_named(space, message):
    with pytest.raises(InputError, match=message):
        ValidationArguments(tune_space=space)


def test_a_whole_number_is_a_rate_too():
    assert ValidationArguments(tune_space={"learning_rate": [1, "5e-5"], "lora_r": 8}).tune_space == {
        "learning_rate": [1.0, 5e-5],
        "lora_r": [8],
    }


def test_a_damaged_record_is_refused(tmp_path):
    path = record_file(tmp_path / "adapter")
    assert path == tmp_path / "adapter.tuning.json"
    assert read_trials(path, {"seed": 0}, 3) == []
    write_record(path, {"seed": 0}, "roc_auc", [])
    assert read_trials(path, {"seed": 0}, 3) == []
    path.write_text(path.read_text().replace('"trials": []', '"trials": [{"score": 1}]'))
    with pytest.raises(InputError, match=r"adapter\.tuning\.json: key 'trials\[0\]\.values' is missing; start anew"):
        read_trials(path, {"seed": 0}, 3)
    path.write_text("{")
    with pytest.raises(InputError, match="not a whole JSON file"):
        read_trials(path, {"seed": 0}, 3)

"""Two processes on a CPU, started by `accelerate launch` as a person starts them, do what one does."""

import json
import os

import numpy as np
import pytest
from made_model import make_home
from safetensors.numpy import load_file
from stages import ENVIRONMENT, script
from warm import python

RECIPE, DPO = "recipes/quickstart/sft.yaml", "recipes/quickstart/dpo.yaml"
DDP, FSDP = (f"recipes/accelerate/{name}.yaml" for name in ("ddp", "fsdp"))


def launch(*words, config=DDP):
    """`accelerate launch`; the configurations of several GPUs are for two CPU processes too, but for bfloat16."""
    several = ["--num_processes", "2", "--mixed_precision", "no", "--main_process_port", "0"]
    launcher = ["-m", "accelerate.commands.launch", "--config_file", config, *several]
    return python(*launcher, *words, env=os.environ | ENVIRONMENT)


def launched(*words, config=DDP):
    """What the command printed."""
    done = launch(*words, config=config)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("home"), 40, 30)


def small(home, output, each):
    """Four steps of eight examples, `each` of them at a time in a process, in float32 and without chance."""
    flags = ["--dataset_name", home / "data", "--model_name_or_path", home / "model", "--load_in_4bit", "false"]
    flags += ["--output_dir", home / output, "--total_train_batch_size", 8, "--per_device_train_batch_size", each]
    return [*flags, "--max_steps", 4, "--save_strategy", "steps", "--save_steps", 2, "--logging_steps", 1]


def losses(folder):
    history = json.loads((folder / "checkpoint-4" / "trainer_state.json").read_text())["log_history"]
    return [line["loss"] for line in history if "loss" in line]


def alike(one, other):
    one, other = (load_file(folder / "adapter_model.safetensors") for folder in (one, other))
    return one.keys() == other.keys() and all(np.allclose(one[name], other[name], rtol=1e-3, atol=1e-5) for name in one)


@pytest.fixture(scope="module")
def alone(home):
    """The run in one process: two passes of four examples a step."""
    script("scripts/sft.py", RECIPE, *small(home, "alone", 4))
    return home / "alone"


def test_fine_tuning_in_two_processes_has_the_loss_of_one(home, alone):
    """Each process reads four of the eight examples that one process reads in two passes."""
    printed = launched("scripts/sft.py", RECIPE, *small(home, "two", 4))
    assert printed.count(f"adapter: {home}/two after 4 steps") == 1
    assert np.abs(np.subtract(losses(home / "two"), losses(alone))).max() < 1e-4
    assert alike(home / "two", alone)


def test_a_model_in_slices_has_the_loss_of_a_whole_one(home, alone):
    """FSDP 2: each process holds a slice of every layer; what is saved is whole."""
    launched("scripts/sft.py", RECIPE, *small(home, "slices", 4), config=FSDP)
    assert np.abs(np.subtract(losses(home / "slices"), losses(alone))).max() < 1e-4
    assert alike(home / "slices", alone)


def test_preferences_learnt_in_two_processes_are_those_of_one(home, alone):
    flags = ["--dataset_config", "like_dislike", "--sft_adapter", alone, "--learning_rate", 0.01, "--warmup_steps", 0]
    script("scripts/dpo.py", DPO, *small(home, "dpo-alone", 4), *flags)
    launched("scripts/dpo.py", DPO, *small(home, "dpo-two", 4), *flags)
    assert np.abs(np.subtract(losses(home / "dpo-two"), losses(home / "dpo-alone"))).max() < 1e-4
    assert alike(home / "dpo-two", home / "dpo-alone")


def test_predictions_are_one_table_of_the_same_bytes(home, alone):
    """A batch holds the same rows in whichever process it is answered; 75 rows are several batches."""
    file = home / "sft.parquet"
    fixed = [RECIPE, *small(home, "unused", 4)[:6], "--adapter", alone, "--output", file]
    script("scripts/predict.py", *fixed)
    by_one = file.read_bytes()
    file.unlink()
    printed = launched("scripts/predict.py", *fixed)
    assert printed.count(f"predictions: {file} (75 rows)") == 1
    assert file.read_bytes() == by_one


def test_a_learning_curve_is_drawn_once_and_is_the_same(home, alone):
    curves = {}
    for name, run in {"one": script, "two": launched}.items():
        fixed = [RECIPE, *small(home, "unused", 4)[:6], "--adapter", alone, "--curve_dir", home / name]
        printed = run("scripts/learning_curve.py", *fixed, "--baselines", "--resamples", 20)
        curves[name] = json.loads((home / name / "learning_curve.json").read_text())
    assert printed.count("learning curve: ") == 1
    assert curves["one"]["curves"] == curves["two"]["curves"]
    asked = [[point["model"] for point in curve["points"]] for curve in curves["two"]["curves"]]
    assert asked == [["zero-shot"], ["zero-shot", "alone-2", "alone-4"]]


@pytest.mark.parametrize("flags", [["--cpu"], ["--config_file", "recipes/accelerate/cpu.yaml"]])
def test_one_process_where_two_were_asked_for_is_refused(flags):
    """`accelerate launch` starts one without a word, unless --multi_gpu is given."""
    words = [*flags, "--num_processes", "2", "scripts/predict.py", RECIPE, "--shots", "3"]
    done = python("-m", "accelerate.commands.launch", *words, env=os.environ | ENVIRONMENT)
    assert done.returncode == 1
    assert (
        "error: accelerate launch was asked for several processes and has started one; leave --cpu out and give "
        "--multi_gpu, with 2 or as many as you want: ACCELERATE_USE_CPU=true accelerate launch --multi_gpu "
        f"--num_processes 2 scripts/predict.py {RECIPE} --shots 3\n"
    ) in done.stderr

"""A run that is followed: what trackio and TensorBoard hold of it, read back by their own readers."""

import importlib.util
import json
import os

import pytest
import warm
from made import make_dataset
from made_model import make_tiny_model
from stages import ENVIRONMENT, ROOT

from tastetune.errors import InputError
from tastetune.training.configs import FineTuningConfig
from tastetune.training.constructions import check_trackers

PROGRAM = """
import runpy, sys

def heard(event, args):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "webbrowser.open") and args[-1] != ("::1", 0):
        with open("heard.txt", "a") as file:
            print(event, args, file=file)

sys.addaudithook(heard)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script and writes down whom it speaks to: `sys.argv` is the script and its flags.

When urllib3 is imported it binds no port, 0, of this machine to see whether there is IPv6; nobody hears of that.
"""

READER = """
import json, trackio
from trackio.sqlite_storage import SQLiteStorage
run, = trackio.Api().runs("likes")
logs = SQLiteStorage.get_logs("likes", run.name, run_id=run.id)
print(json.dumps({"name": run.name, "steps": run.config["max_steps"], "logs": logs}))
"""


def python(folder, program, *flags):
    environment = os.environ | ENVIRONMENT | {"TRACKIO_DIR": str(folder / "tracked"), "PYTHONPATH": str(ROOT)}
    environment["HF_HUB_OFFLINE"] = "0"  # else the libraries would not even try
    program = f"import sys; sys.argv = {list(map(str, flags))}\n{program}"
    done = warm.python("-c", program, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A folder in which four steps were trained and followed."""
    pytest.importorskip("trackio")
    folder = tmp_path_factory.mktemp("followed")
    make_dataset(folder / "data", 12, 30)
    make_tiny_model(folder / "model")
    fixed = ["--dataset_name", "data", "--model_name_or_path", "model", "--output_dir", "adapter", "--max_steps", 4]
    names = ["--report_to", "trackio", "tensorboard", "--project", "likes", "--run_name", "one", "--logging_steps", 2]
    python(folder, PROGRAM, ROOT / "scripts/sft.py", ROOT / "recipes/quickstart/sft.yaml", *fixed, *names)
    return folder


def losses(folder):
    """What the trainer itself recorded, by step."""
    state = json.loads((folder / "adapter/checkpoint-4/trainer_state.json").read_text())
    return {entry["step"]: entry["loss"] for entry in state["log_history"] if "loss" in entry}


def test_trackio_holds_what_the_trainer_recorded(followed):
    run = json.loads(python(followed, READER).splitlines()[-1])
    assert (run["name"], run["steps"]) == ("one", 4)
    logged = {log["train/global_step"]: log["train/loss"] for log in run["logs"] if "train/loss" in log}
    assert logged == losses(followed)
    assert list(logged) == [2, 4]


def test_tensorboard_holds_it_as_well(followed):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(next((followed / "adapter/runs").iterdir()))).Reload()
    logged = {event.step: event.value for event in events.Scalars("train/loss")}
    assert logged == pytest.approx(losses(followed))


def test_nothing_leaves_this_machine_and_no_server_is_opened(followed):
    assert not (followed / "heard.txt").exists()


@pytest.mark.parametrize("variable", ["TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL"])
def test_an_environment_by_which_trackio_would_send_a_run_away_is_refused(monkeypatch, tmp_path, variable):
    monkeypatch.setenv(variable, "https://somewhere.example")
    args = FineTuningConfig(str(tmp_path), report_to="trackio", use_cpu=True, bf16=False)
    with pytest.raises(InputError, match=rf"recipe.yaml, line 3: report_to is 'trackio', .* and {variable} in"):
        check_trackers(args, {"report_to": "recipe.yaml, line 3: report_to"})


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("trackio", r"pip install 'tastetune\[trackio\]'"),
        ("tensorboard", "pip install tensorboard"),
        ("wandb", "pip install wandb"),
    ],
)
def test_a_library_that_is_missing_is_named_with_the_command_that_installs_it(monkeypatch, tmp_path, name, command):
    """As Python sees a library that was never installed: there is no place to load it from."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda wanted, *at: None if name in wanted else find_spec(wanted))
    args = FineTuningConfig(str(tmp_path), report_to=name, use_cpu=True, bf16=False)
    with pytest.raises(InputError, match=f"report_to is '{name}', which is not installed; run {command}"):
        check_trackers(args, {})

"""What cannot be shown is said in one sentence, before a model is loaded."""

import shutil
import socket

import pytest
import yaml
from made import make_dataset, rewritten
from made_lists import make_lists
from stages import script

from tastetune.artifacts.dataset import open_dataset


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A run's folder without an adapter, and its recipe."""
    folder = tmp_path_factory.mktemp("home")
    make_dataset(folder / "run" / "data", 6, 30)
    recipe = {"run_dir": str(folder / "run"), "model_name_or_path": str(folder / "model"), "report_to": "none"}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe | {"bf16": False, "use_cpu": True}))
    return folder


@pytest.fixture(scope="module")
def port():
    """One that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def refused(home, message, *flags):
    with pytest.raises(SystemExit, match=f"^error: .*{message}"):
        script("scripts/demo.py", home / "recipe.yaml", *flags)


def test_a_run_without_an_adapter(home, port):
    refused(home, r"run/adapter: no adapter lies there, .*scripts/sft\.py .* with --adapter", "--port", port)


def test_a_port_that_is_in_use(home):
    with socket.create_server(("127.0.0.1", 0)) as used:
        number = used.getsockname()[1]
        refused(home, rf"--port {number}: cannot be had .*; name another", "--port", number)


def test_a_port_that_there_is_not(home):
    refused(home, "--port 70000: expected a number from 1 to 65535", "--port", 70000)


def test_a_dataset_of_lists(home, tmp_path, port):
    make_lists(tmp_path / "lists")
    refused(home, "its rows ask for lists", "--dataset_name", tmp_path / "lists", "--port", port)


def test_a_dataset_whose_titles_are_its_ids(home, tmp_path, port):
    shutil.copytree(home / "run" / "data", tmp_path / "ids")
    items = open_dataset(tmp_path / "ids").read("items", "train")
    rewritten(items.set_column(1, "title", items["item_id"]), tmp_path / "ids" / "items" / "train.parquet")
    refused(home, "its titles are its ids or made of them", "--dataset_name", tmp_path / "ids", "--port", port)


def test_a_dataset_that_is_not_built(home, tmp_path):
    refused(home, "nowhere/data is not there; build it first", "--run_dir", tmp_path / "nowhere")


def test_gradio_that_is_not_installed(home, monkeypatch):
    monkeypatch.setattr("tastetune.demo.serve.find_spec", lambda name: None)
    refused(home, r"needs gradio, which is not installed; run pip install 'tastetune\[demo\]'")


def test_a_space_of_what_lies_here_alone(home):
    refused(home, r"a Space loads its adapter from the Hub, .* --adapter ORG/NAME", "--push_to_space", "org/page")

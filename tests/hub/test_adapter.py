"""An adapter on the Hub remembers the run that made it."""

import json
import shutil
from copy import deepcopy

import pytest
from made import make_dataset
from made_model import make_tiny_model
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.digests import weights_digest
from tastetune.artifacts.predictions import read_predictions
from tastetune.artifacts.trained_rows import ROWS, row_keys, write_row_keys

PUSH = """
import sys
from tastetune.hub.push import push_folder
push_folder(sys.argv[2], "org/base")
push_folder(sys.argv[1], "org/adapter")
"""


@pytest.fixture(scope="module")
def pushed(tmp_path_factory, new_hub):
    """A folder with a dataset and a base model, and a Hub that has both the model and an adapter of it."""
    home, hub = tmp_path_factory.mktemp("home"), new_hub()
    dataset, model = open_dataset(make_dataset(home / "data", 12, 20)), make_tiny_model(home / "model")
    (model / "README.md").write_text("---\nlibrary_name: transformers\n---\n")
    tuned = get_peft_model(
        AutoModelForCausalLM.from_pretrained(model), LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM")
    )
    tuned.peft_config["default"].base_model_name_or_path = "org/base"
    adapter = home / "adapter"
    tuned.save_pretrained(adapter, save_embedding_layers=False)  # else it asks the Hub for the base
    (adapter / "README.md").write_text("---\nlibrary_name: peft\nbase_model: org/base\n---\n")
    record = {"dataset": "made", "fingerprint": dataset.fingerprint, "dataset_train_split": "train+validation"}
    record |= {"learning_rate": 0.125, "base_weights": weights_digest(str(model))}
    (adapter / "run.json").write_text(json.dumps(record))
    (adapter / "cost.json").write_text('{"steps": 7, "examples": 56}')
    write_row_keys(adapter / ROWS, row_keys(dataset, "like_dislike", "train+validation"))
    hub.start()
    done = hub.run("-c", PUSH, adapter, model)
    hub.stop()
    assert done.returncode == 0, done.stderr
    return home, hub


@pytest.fixture
def home(hub, pushed, tmp_path):
    """What `pushed` made, for one test to do with as it likes."""
    folder, server = pushed
    hub.repositories |= deepcopy(server.repositories)
    hub.objects |= server.objects
    return shutil.copytree(folder, tmp_path / "home")


def predict(hub, home, *flags, **environment):
    flags = ["--dataset_name", home / "data", "--adapter", "org/adapter", "--output", home / "sft.parquet", *flags]
    return hub.run("scripts/predict.py", "recipes/quickstart/sft.yaml", *flags, **environment)


def recommitted(hub, changed):
    """The adapter's repository with a commit more; a file whose content is None is gone."""
    repository = hub.repositories["model", "org/adapter"]
    files = repository.commits[repository.refs["main"]] | changed
    repository.commit("main", {name: content for name, content in files.items() if content is not None})


def test_what_it_was_trained_on_is_read_from_where_it_is(hub, home):
    assert ROWS in hub.files("model", "org/adapter")
    done = predict(hub, home, "--model_name_or_path", "org/base", "--split", "validation")
    assert done.returncode == 1
    assert "org/adapter was trained on train+validation, so its answers to validation" in done.stderr
    done = predict(hub, home, "--model_name_or_path", "org/base", "--learning_rate", 0.5)
    assert done.returncode == 0, done.stderr
    meta = read_predictions(home / "sft.parquet").meta
    assert meta.settings["learning_rate"] == 0.125, "as it was trained, not as the flags of today say"
    assert meta.training == {"steps": 7, "examples": 56}
    other = make_tiny_model(home / "other", seed=1)
    done = predict(hub, home, "--model_name_or_path", other, "--force")
    assert (done.returncode, "org/adapter was trained on a base model with other weights" in done.stderr) == (1, True)


def test_a_record_that_cannot_be_asked_for_is_none_to_trust(hub, home):
    """The weights lie in the cache, as another program left them; whether there is a record, the cache does not say."""
    fetched = "from huggingface_hub import snapshot_download as d; d('org/adapter', allow_patterns='adapter_*')"
    assert hub.run("-c", fetched).returncode == 0
    done = predict(hub, home, "--model_name_or_path", home / "model", HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert "org/adapter: no folder of that name lies here, and the Hub cannot be asked for its run.json" in done.stderr
    assert "HF_HUB_OFFLINE is set" in done.stderr or "the cache has no copy" in done.stderr
    hub.repositories["model", "org/adapter"].gated = True
    done = predict(hub, home, "--model_name_or_path", home / "model")
    assert (done.returncode, "gated; ask for access" in done.stderr) == (1, True)


def test_an_adapter_that_truly_has_no_record_answers_and_its_figures_say_so(hub, home):
    """Once it was asked, the cache remembers that there is none."""
    recommitted(hub, dict.fromkeys(("run.json", "cost.json", ROWS)))
    flags = ["--model_name_or_path", home / "model"]
    done = predict(hub, home, *flags)
    assert done.returncode == 0, done.stderr
    assert "org/adapter: no run's record lies beside it" in done.stdout
    assert read_predictions(home / "sft.parquet").meta.settings["trained_rows"] == "unknown"
    done = predict(hub, home, *flags, "--force", HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr


def test_a_pickle_on_the_hub_is_neither_fetched_nor_opened(hub, home):
    recommitted(hub, {"adapter_model.bin": b"pickled", "adapter_model.safetensors": None})
    done = predict(hub, home, "--model_name_or_path", home / "model")
    assert done.returncode == 1
    assert "no adapter_model.safetensors inside" in done.stderr
    assert "a pickle may run anything" in done.stderr
    assert not [path for _, path in hub.requests if path.endswith("adapter_model.bin")]


def test_what_is_checked_of_a_folder_is_checked_of_the_hub(hub, home):
    whole = hub.files("model", "org/adapter")["adapter_model.safetensors"]
    recommitted(hub, {"adapter_model.safetensors": whole[:-8]})
    done = predict(hub, home, "--model_name_or_path", home / "model")
    assert (done.returncode, "no whole safetensors file" in done.stderr) == (1, True)
    other = AutoTokenizer.from_pretrained(home / "model")
    other.add_tokens(["Léon"])
    other.save_pretrained(home / "other")
    tokenizer = {path.name: path.read_bytes() for path in (home / "other").iterdir()}
    recommitted(hub, tokenizer | {"adapter_model.safetensors": whole})
    done = predict(hub, home, "--model_name_or_path", home / "model")
    assert (done.returncode, "with a tokenizer of another vocabulary" in done.stderr) == (1, True)

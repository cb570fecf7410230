"""Which model may answer which rows: nothing that it was trained on, and no adapter on a base that is not its own."""

import json
import runpy
import shutil
import sys

import pytest
from made import make_dataset
from made_model import make_tiny_model
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, set_seed
from trl import ModelConfig, SFTConfig

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.digests import weights_digest
from tastetune.artifacts.predictions import read_predictions
from tastetune.artifacts.trained_rows import ROWS, row_keys, write_row_keys
from tastetune.config.arguments import SftArguments
from tastetune.config.recipe import parse_recipe
from tastetune.errors import InputError
from tastetune.language_models.adapters import load_adapter
from tastetune.language_models.language_model import ModelRecipe

RECIPE = "recipes/quickstart/sft.yaml"
STREAMS = "recipes/quickstart/stream.yaml"


def record(folder, dataset, split="train+validation", **settings):
    """What a run leaves beside the model that it made."""
    settings = {
        "dataset": dataset.name,
        "fingerprint": dataset.fingerprint,
        "dataset_train_split": split,
        "learning_rate": 0.125,
        **settings,
    }
    (folder / "run.json").write_text(json.dumps(settings))
    (folder / "cost.json").write_text(json.dumps({"steps": 7, "examples": 56}))
    write_row_keys(folder / ROWS, row_keys(dataset, "like_dislike", split))
    return folder


def make_adapter(folder, model):
    set_seed(1)
    lora = LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(AutoModelForCausalLM.from_pretrained(model), lora).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    dataset = open_dataset(make_dataset(home / "data", 12, 20))
    model = make_tiny_model(home / "model", layers=2)
    adapter = make_adapter(home / "adapter", model)
    record(adapter, dataset, base_weights=weights_digest(str(model)), model_name_or_path="model")
    return home


def predict(home, output, *flags):
    with pytest.MonkeyPatch.context() as patch:
        words = ["--dataset_name", home / "data", "--output", output, *flags]
        if "--model_name_or_path" not in flags:
            words += ["--model_name_or_path", home / "model"]
        patch.setattr(sys, "argv", ["scripts/predict.py", RECIPE, *map(str, words)])
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        runpy.run_path("scripts/predict.py", run_name="__main__")
    return read_predictions(output).meta


def refused(home, tmp_path, *flags):
    """The message that predicting ends with; nothing is written."""
    with pytest.raises(SystemExit) as stop:
        predict(home, tmp_path / "refused.parquet", *flags)
    assert not (tmp_path / "refused.parquet").exists()
    assert str(stop.value).startswith("error: ")
    return str(stop.value)


def test_an_adapter_answers_on_its_own_base_and_on_a_copy_of_it_elsewhere(home, tmp_path):
    shutil.copytree(home / "model", tmp_path / "copy")
    for model in (home / "model", tmp_path / "copy"):
        meta = predict(
            home, tmp_path / "own.parquet", "--force", "--adapter", home / "adapter", "--model_name_or_path", model
        )
        assert (meta.kind, meta.settings["learning_rate"]) == ("adapter", 0.125)
        assert meta.training == {"steps": 7, "examples": 56}
        assert meta.settings["base_weights"] == weights_digest(str(home / "model"))
        # The name under which training that goes on from the adapter records the same digest is sft_weights
        of_adapter = weights_digest(str(home / "adapter"), patterns=("adapter_model.safetensors",))
        assert meta.settings["adapter_weights"] == of_adapter


@pytest.mark.parametrize("other", [{"seed": 1}, {"layers": 3}, {"layers": 1}, {"width": 128}, "architecture"])
def test_an_adapter_on_a_foreign_base_is_refused_whether_or_not_its_run_is_known(home, tmp_path, other):
    if other == "architecture":
        other = {}
        make_tiny_model(tmp_path / "other")  # for its tokenizer
        config = GPT2Config(vocab_size=600, n_embd=64, n_layer=2, n_head=4)
        GPT2LMHeadModel(config).save_pretrained(tmp_path / "other")
    else:
        make_tiny_model(tmp_path / "other", **{"layers": 2} | other)
    flags = ["--model_name_or_path", tmp_path / "other", "--adapter"]
    assert "was trained on a base model with other weights" in refused(home, tmp_path, *flags, home / "adapter")
    if other != {"seed": 1}:  # every weight has its place there: the record alone tells them apart
        shutil.copytree(home / "adapter", tmp_path / "adapter")
        (tmp_path / "adapter" / "run.json").unlink()
        assert "does not fit the base model" in refused(home, tmp_path, *flags, tmp_path / "adapter")


@pytest.mark.parametrize(
    ("config", "is_refused"),
    [
        ({"target_modules": "all-linear"}, True),
        ({"target_modules": ["q_proj"]}, True),
        ({"target_modules": ["q_proj"], "layers_to_transform": [0, 1]}, False),  # which says that two are meant
        ({"target_modules": ["q_proj"], "layers_to_transform": [0, 1, 2]}, True),
        ({"target_modules": r".*\.[01]\.self_attn\.q_proj"}, False),  # and so does a pattern
        ({"target_modules": "all-linear", "exclude_modules": r".*\.2\..*"}, False),
        ({"target_modules": "all-linear", "exclude_modules": ["down_proj"]}, True),
    ],
)
def test_an_adapter_of_two_layers_goes_onto_three_only_if_it_means_two(home, tmp_path, config, is_refused):
    lora = LoraConfig(r=2, task_type="CAUSAL_LM", **config)
    get_peft_model(AutoModelForCausalLM.from_pretrained(home / "model"), lora).save_pretrained(tmp_path / "adapter")
    deeper = AutoModelForCausalLM.from_pretrained(make_tiny_model(tmp_path / "deeper", layers=3))
    if is_refused:
        with pytest.raises(InputError, match=r"it has no weights for (1|2|6|7) of .*first '.*layers\.2\."):
            load_adapter(deeper, str(tmp_path / "adapter"))
    else:
        assert load_adapter(deeper, str(tmp_path / "adapter")).peft_config["default"].r == 2
    own = AutoModelForCausalLM.from_pretrained(home / "model")
    assert load_adapter(own, str(tmp_path / "adapter"))


def test_an_adapter_trained_on_some_layers_of_a_base_that_its_run_records_goes_onto_that(home, tmp_path):
    lora = LoraConfig(r=2, task_type="CAUSAL_LM", target_modules=["model.layers.1.self_attn.q_proj"])
    get_peft_model(AutoModelForCausalLM.from_pretrained(home / "model"), lora).save_pretrained(tmp_path / "adapter")
    with pytest.raises(InputError, match=r"no weights for 1 of 2 layers like its own, first 'model\.layers\.0"):
        load_adapter(AutoModelForCausalLM.from_pretrained(home / "model"), str(tmp_path / "adapter"))
    record(tmp_path / "adapter", open_dataset(home / "data"), base_weights=weights_digest(str(home / "model")))
    assert load_adapter(AutoModelForCausalLM.from_pretrained(home / "model"), str(tmp_path / "adapter"))


def half(weights):
    return dict(list(weights.items())[: len(weights) // 2])


def renamed(weights):
    return {name.replace("self_attn", "attention"): weight for name, weight in weights.items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (half, r"of its 14 weights and the 28 that belong there, it has no weights for 14 of the base model's places"),
        (renamed, r"it has no weights for 16 of the base model's places, first '.*self_attn"),
        (
            lambda weights: weights | {"base_model.model.x.lora_A.weight": weights[min(weights)].clone()},
            "1 are for none",
        ),
    ],
)
def test_an_adapter_whose_weights_are_missing_or_bear_foreign_names_is_refused(home, tmp_path, change, message):
    """Two layers of seven matrices, two weights each: 28."""
    shutil.copytree(home / "adapter", tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    save_file(change(load_file(path)), path)
    for wrapped in (False, True):  # as the first adapter, and as one beside it
        model = AutoModelForCausalLM.from_pretrained(home / "model")
        model = load_adapter(model, str(home / "adapter")) if wrapped else model
        with pytest.raises(InputError, match=message):
            load_adapter(model, str(tmp_path / "adapter"), name="second" if wrapped else "default")


def test_rows_of_the_training_splits_are_refused_for_adapter_and_stand_in_alike(home, tmp_path):
    dataset = open_dataset(home / "data")
    flags = ["--split", "validation"]
    assert "adapter was trained on train+validation" in refused(home, tmp_path, *flags, "--adapter", home / "adapter")
    shutil.copytree(home / "model", tmp_path / "stand-in")
    record(tmp_path / "stand-in", dataset, vocab_size=600)
    model = ["--model_name_or_path", tmp_path / "stand-in"]
    assert "stand-in was trained on train+validation" in refused(home, tmp_path, *flags, *model)
    meta = predict(home, tmp_path / "test.parquet", *model)
    assert (meta.kind, meta.training) == ("base", {})


def test_predictions_say_which_file_a_model_was_made_from(home, tmp_path):
    shutil.copytree(home / "model", tmp_path / "model")
    path = tmp_path / "model" / "config.json"
    said = "made.gguf, Q4_1, sha256 00ff"
    for origin, expected in ((said, said), (["no text"], None)):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"imported_from": origin}))
        meta = predict(home, tmp_path / "test.parquet", "--model_name_or_path", tmp_path / "model", "--force")
        assert meta.settings.get("imported_from") == expected


def test_a_model_that_was_fine_tuned_as_a_whole_is_no_base(home, tmp_path, capsys):
    shutil.copytree(home / "model", tmp_path / "whole")
    record(tmp_path / "whole", open_dataset(home / "data"), use_peft=False, model_name_or_path="model")
    model = ["--model_name_or_path", tmp_path / "whole"]
    assert "whole was trained on train+validation" in refused(home, tmp_path, "--split", "validation", *model)
    meta = predict(home, tmp_path / "sft.parquet", *model)
    assert (meta.kind, meta.adapter, meta.training["examples"]) == ("fine-tuned", None, 56)
    assert meta.settings["learning_rate"] == 0.125
    with pytest.MonkeyPatch.context() as patch:  # named after its folder where no file is named
        words = ["--run_dir", tmp_path / "run", "--dataset_name", home / "data", *model, "--shots", 0, "--checkpoints"]
        patch.setattr(sys, "argv", ["scripts/predict.py", RECIPE, *map(str, words)])
        runpy.run_path("scripts/predict.py", run_name="__main__")
    assert [path.name for path in (tmp_path / "run" / "predictions").iterdir()] == ["whole.parquet"]


def test_of_an_adapter_without_a_record_todays_flags_say_nothing(home, tmp_path, capsys):
    shutil.copytree(home / "adapter", tmp_path / "foreign")
    for name in ("run.json", "cost.json", ROWS):
        (tmp_path / "foreign" / name).unlink()
    meta = predict(home, tmp_path / "foreign.parquet", "--adapter", tmp_path / "foreign")
    assert "no run's record lies beside it" in capsys.readouterr().out
    assert "learning_rate" not in meta.settings
    assert "dataset_train_split" not in meta.settings
    assert meta.training == {}


@pytest.mark.parametrize(
    ("tuning", "lengths"),
    [
        (None, (40, 10)),
        ({"budget": 3, "values": {"lora_r": 4}}, (40, 10)),
        ({"budget": 3, "values": {"stream_window": 60, "stream_min_past": 5}}, (60, 5)),
        ("of another kind", (40, 10)),
    ],
)
def test_an_adapter_is_shown_as_many_ratings_as_it_was_tuned_to(tmp_path, tuning, lengths):
    (tmp_path / "run.json").write_text(json.dumps({} if tuning is None else {"tuning": tuning}))
    data, training, model = parse_recipe("", (SftArguments, SFTConfig, ModelConfig), [STREAMS])
    recipe = ModelRecipe(data, training, model)
    windows = recipe.windows_of(str(tmp_path))
    assert (windows.ratings, windows.min_past, windows.tokens) == (*lengths, 1024)
    assert recipe.windows_of(None) == recipe.windows

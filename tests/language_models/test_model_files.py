"""Folders of models and adapters that cannot be loaded are refused by what they lack, and nothing in them is run."""

import io
import json
import shutil
import struct
import sys

import pytest
import torch
from made_model import make_tiny_model
from peft import LoraConfig, get_peft_model
from transformers import AutoTokenizer
from trl import ModelConfig

from tastetune.errors import InputError
from tastetune.language_models.adapters import load_adapter
from tastetune.language_models.loading import load_model, load_tokenizer

CODE = "from pathlib import Path\nPath({ran!r}).touch()\nclass Own:\n    pass\n"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("made") / "model", width=16)


@pytest.fixture(scope="module")
def made_adapter(made, tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("made_adapter")
    model = get_peft_model(load_model(arguments(made)), LoraConfig(r=2, target_modules=["q_proj"]))
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def model(made, tmp_path):
    return shutil.copytree(made, tmp_path / "model")


@pytest.fixture
def adapter(made_adapter, tmp_path):
    return shutil.copytree(made_adapter, tmp_path / "adapter")


def arguments(folder):
    return ModelConfig(model_name_or_path=str(folder), dtype="float32")


def load(folder):
    load_tokenizer(arguments(folder))
    return load_model(arguments(folder))


def edit(path, **changed):
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def cut(path, kept):
    path.write_bytes(path.read_bytes()[:kept])


def pickled(folder, name):
    (folder / name).unlink()
    torch.save({}, folder / name.replace(".safetensors", ".bin"))


def deeper(folder):
    edit(folder / "config.json", num_hidden_layers=2)


FAULTS = {
    "no config": (lambda f: (f / "config.json").unlink(), r"model: no config\.json inside, so it is no model's folder"),
    "a GGUF folder": (
        lambda f: ((f / "config.json").unlink(), (f / "m.Q4_1.gguf").touch()),
        r"model: holds GGUF files and no config\.json; name a folder with config\.json, a tokenizer and safetensors",
    ),
    "an adapter": (
        lambda f: ((f / "config.json").unlink(), (f / "adapter_config.json").touch()),
        "model: holds an adapter, no base model; name the adapter with --adapter",
    ),
    "no tokenizer": (lambda f: [p.unlink() for p in f.glob("token*")], "model: no tokenizer beside the weights"),
    "a damaged tokenizer": (lambda f: cut(f / "tokenizer.json", 99), r"model: could not be loaded \("),
    "a pointer for a tokenizer": (
        lambda f: (f / "tokenizer.json").write_bytes(LFS),
        r"tokenizer\.json: a Git LFS pointer in place of the file; run `git lfs pull`",
    ),
    "a damaged config": (lambda f: cut(f / "config.json", 20), r"config\.json: not a whole JSON file"),
    "a config that is none": (
        lambda f: (f / "config.json").write_text("[]"),
        r"its content is \[\], expected an object",
    ),
    "an impossible shape": (lambda f: edit(f / "config.json", num_attention_heads=0), r"could not be loaded \("),
    "a shape of words": (lambda f: edit(f / "config.json", hidden_size="wide"), r"could not be loaded \("),
    "an unknown type": (lambda f: edit(f / "config.json", model_type="none"), r"could not be loaded \("),
    "code for attention": (
        lambda f: edit(f / "config.json", _attn_implementation="org/kernel"),
        "_attn_implementation 'org/kernel' names code of the Hub; remove the line",
    ),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), r"model: no model\.safetensors inside; fetch it anew"),
    "a pickle": (
        lambda f: pickled(f, "model.safetensors"),
        r"its weights are pickled \(model\.bin\), and a pickle may run anything; name a model with model\.safetensors",
    ),
    "weights that are a pointer": (
        lambda f: (f / "model.safetensors").write_bytes(LFS),
        r"model\.safetensors: a Git LFS pointer in place of the file",
    ),
    "cut weights": (
        lambda f: cut(f / "model.safetensors", -100),
        r"no whole safetensors file \([\d,]+ bytes, expected",
    ),
    "cut in the header": (
        lambda f: cut(f / "model.safetensors", 100),
        r"no whole safetensors file \(cut in its header",
    ),
    "empty weights": (lambda f: cut(f / "model.safetensors", 0), r"no whole safetensors file \(cut in its header"),
    "a header that is none": (
        lambda f: (f / "model.safetensors").write_bytes(struct.pack("<Q", 2) + b"[]"),
        r"no whole safetensors file \(its header is none",
    ),
    "a shard elsewhere": (
        lambda f: (
            (f / "model.safetensors").rename(f.parent / "away.safetensors"),
            (f / "model.safetensors.index.json").write_text('{"weight_map": {"w": "../away.safetensors"}}'),
        ),
        r"index\.json: '\.\./away\.safetensors' is no file beside it",
    ),
    "layers without end": (
        lambda f: edit(f / "config.json", num_hidden_layers=10**9),
        r"config\.json: num_hidden_layers is 1,000,000,000, and its weights \(11 tensors\) are too few for that",
    ),
    "a width beyond all memory": (
        lambda f: edit(f / "config.json", hidden_size=10**9),
        r"config\.json: hidden_size is 1,000,000,000, and its weights \(11 tensors\) are too few",
    ),
    "too few layers": (deeper, r"model: 9 weights are missing, first model\.layers\.1\."),
    "no end of a sequence": (
        lambda f: (
            edit(f / "tokenizer_config.json", eos_token=None, pad_token=None),
            [p.unlink() for p in f.glob("special_tokens_map.json")],
        ),
        "model: its tokenizer has no end-of-sequence token",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_is_refused_by_what_it_lacks(model, fault):
    change, message = FAULTS[fault]
    change(model)
    with pytest.raises(InputError, match=message) as refused:
        load(model)
    assert str(model) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("model_type", ["own", "llama"])
def test_code_of_a_model_is_not_run_whoever_says_yes(model, model_type, tmp_path, monkeypatch):
    """An unknown type is refused; of a known one transformers' own class is taken."""
    ran = tmp_path / "ran"
    (model / "own.py").write_text(CODE.format(ran=str(ran)))
    own = {"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Own", "AutoTokenizer": ["own.Own", "own.Own"]}
    edit(model / "config.json", model_type=model_type, auto_map=own)
    edit(model / "tokenizer_config.json", auto_map=own, tokenizer_class="Own")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 9))
    if model_type == "own":
        with pytest.raises(InputError, match=r"config\.json: a model of type 'own' needs code of its own \(auto_map\)"):
            load(model)
    else:
        assert type(load_model(arguments(model))).__name__ == "LlamaForCausalLM"
    assert not ran.exists()


@pytest.mark.parametrize("known", [True, False])
def test_code_of_a_tokenizer_is_not_run(model, known, tmp_path, monkeypatch):
    ran = tmp_path / "ran"
    (model / "own.py").write_text(CODE.format(ran=str(ran)))
    kind = {} if known else {"tokenizer_class": "Own"}
    edit(model / "tokenizer_config.json", auto_map={"AutoTokenizer": ["own.Own", "own.Own"]}, **kind)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 9))
    try:
        load_tokenizer(arguments(model))
    except InputError as error:
        assert str(error).startswith(f"{model}: could not be loaded")  # noqa: PT017 - either way is right
    assert not ran.exists()


def test_a_model_saved_in_4_bits_is_loaded_as_it_was_saved(model, tmp_path):
    small = ModelConfig(model_name_or_path=str(model), dtype="float32", load_in_4bit=True, bnb_4bit_quant_type="nf4")
    load_model(small).save_pretrained(tmp_path / "small")
    AutoTokenizer.from_pretrained(model).save_pretrained(tmp_path / "small")
    again = load(tmp_path / "small")
    assert again.is_loaded_in_4bit
    with torch.no_grad():
        assert torch.isfinite(again(torch.tensor([[1, 2, 3]])).logits).all()


ADAPTER_FAULTS = {
    "no config": (lambda f: (f / "adapter_config.json").unlink(), r"no adapter_config\.json inside \(no checkpoints\)"),
    "a damaged config": (lambda f: cut(f / "adapter_config.json", 30), r"adapter_config\.json: not a whole JSON file"),
    "a config that is none": (
        lambda f: (f / "adapter_config.json").write_text("3"),
        "its content is 3, expected an obj",
    ),
    "another kind": (
        lambda f: edit(f / "adapter_config.json", peft_type="XLORA"),
        "peft_type is 'XLORA', expected 'LORA'",
    ),
    "a module by its name": (
        lambda f: edit(f / "adapter_config.json", megatron_config={}, megatron_core="own"),
        "megatron_config imports a module by its name",
    ),
    "a rank of words": (lambda f: edit(f / "adapter_config.json", r="two"), r"adapter: could not be loaded \("),
    "no modules": (lambda f: edit(f / "adapter_config.json", target_modules=["none"]), r"could not be loaded \("),
    "a pickle": (lambda f: pickled(f, "adapter_model.safetensors"), r"its weights are pickled \(adapter_model\.bin\)"),
    "cut weights": (lambda f: cut(f / "adapter_model.safetensors", -8), r"no whole safetensors file \("),
    "a pointer": (lambda f: (f / "adapter_model.safetensors").write_bytes(LFS), "a Git LFS pointer"),
}


@pytest.mark.parametrize("fault", ADAPTER_FAULTS)
def test_an_adapter_is_refused_by_what_it_lacks(made, adapter, fault):
    change, message = ADAPTER_FAULTS[fault]
    change(adapter)
    with pytest.raises(InputError, match=message) as refused:
        load_adapter(load_model(arguments(made)), str(adapter))
    assert str(adapter) in str(refused.value)


def test_a_whole_adapter_is_loaded(made, adapter):
    assert load_adapter(load_model(arguments(made)), str(adapter)).peft_config["default"].r == 2

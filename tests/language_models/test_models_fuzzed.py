"""Folders of models and adapters with something wrong in them: loaded and asked, or refused in one message."""

import json
import shutil
import struct

import pytest
import torch
from fuzzing import HOSTILE, as_json, changed_bytes, changed_record, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from made_model import make_tiny_model
from peft import LoraConfig, get_peft_model
from trl import ModelConfig

from tastetune.artifacts.run import read_record
from tastetune.language_models.answer_tokens import spell
from tastetune.language_models.batching import refuse_beyond_context
from tastetune.language_models.chat import prompt_ids, turn_end
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.loading import load_config, load_model, load_tokenizer

pytestmark = pytest.mark.slow

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
PROMPT = "Film 1 (1991)\nLiked:"
CHAT = [{"role": "user", "content": "Which films?"}]
RUN = {"dataset_train_split": "train", "fingerprint": "0", "use_peft": True, "load_in_4bit": False, "lora_r": 2}
COST = {"steps": 3, "examples": 24, "seconds": 1.5, "flops": None}
TEMPLATES = (
    "{{ raise_exception('no') }}",
    "{{ messages[9].content }}",
    "{% for %}",
    "{{ 1 / 0 }}",
    "{{ strftime_now('%d') }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% include 'x' %}",
    "",
    "{{ messages }}",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A whole model and a whole adapter of it."""
    home = tmp_path_factory.mktemp("made")
    make_tiny_model(home / "model", width=16)
    torch.manual_seed(0)
    adapted = get_peft_model(load_model(arguments(home)), LoraConfig(r=2, target_modules=["q_proj"]))
    adapted.save_pretrained(home / "adapter")
    load_tokenizer(arguments(home)).save_pretrained(home / "adapter")
    for name, content in (("run.json", RUN), ("cost.json", COST)):
        (home / "adapter" / name).write_bytes(as_json(content))
    return home


def arguments(home):
    return ModelConfig(model_name_or_path=str(home / "model"), dtype="float32")


def use(home, adapter):
    """Load a model, and an adapter of it if `adapter` says so, and ask it one question in words and one as a chat."""
    tokenizer, config = load_tokenizer(arguments(home)), load_config(arguments(home))
    model = LanguageModel(load_model(arguments(home)), tokenizer)
    if adapter:
        record = read_record(home / "adapter")
        record.splits("0"), record.is_fine_tuned
        model.add(str(home / "adapter"))
    spelt = spell(tokenizer, [PROMPT], [" Yes", " No"])
    refuse_beyond_context(config, spelt.contexts, 1)
    with torch.no_grad():
        model.model(torch.tensor([spelt.contexts[0]]))
    if tokenizer.chat_template is not None:
        prompt_ids(tokenizer, [CHAT]), turn_end(tokenizer)


@st.composite
def changed_tensors(draw, original):
    """A safetensors file whose header, a JSON object, has one to three changes."""
    length = struct.unpack("<Q", original[:8])[0]
    header = as_json(draw(changed_record(json.loads(original[8 : 8 + length]))))
    return struct.pack("<Q", len(header)) + header + original[8 + length :]


@st.composite
def damaged(draw, path):
    """What stands in place of the file at `path`; None where it is missing."""
    content = path.read_bytes()
    ways = ["missing", "pointer", "cut", "bytes", "bytes"]
    ways += {".json": ["record"] * 4, ".safetensors": ["header"] * 2}.get(path.suffix, [])
    way = draw(st.sampled_from(ways))
    if way == "missing":
        return None
    if way == "pointer":
        return LFS
    if way == "cut":
        return content[: draw(st.integers(0, len(content)))]
    if way == "record":
        return as_json(draw(changed_record(json.loads(content))))
    return draw(changed_tensors(content)) if way == "header" else draw(changed_bytes(content))


def replaced(path, content):
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)


@fuzzed(40)
@given(data=st.data(), part=st.sampled_from(("model", "adapter")))
def test_a_damaged_file(outcomes, tmp_path, made, data, part):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    file = data.draw(st.sampled_from(sorted(path.name for path in (made / part).iterdir())))
    replaced(tmp_path / part / file, data.draw(damaged(made / part / file)))
    with outcomes.tried():
        use(tmp_path, part == "adapter")


SETTINGS = {
    "model/config.json": (
        *("model_type", "architectures", "hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size"),
        *("max_position_embeddings", "rope_scaling", "rope_parameters", "tie_word_embeddings", "torch_dtype", "dtype"),
        *("quantization_config", "auto_map", "hidden_act", "pad_token_id", "eos_token_id", "attn_implementation"),
    ),
    "model/tokenizer_config.json": (
        *(
            "eos_token",
            "pad_token",
            "bos_token",
            "chat_template",
            "tokenizer_class",
            "auto_map",
            "added_tokens_decoder",
        ),
        *("model_max_length", "padding_side", "add_eos_token", "extra_special_tokens", "clean_up_tokenization_spaces"),
    ),
    "model/generation_config.json": ("temperature", "do_sample", "num_beams", "eos_token_id", "top_p"),
    "adapter/adapter_config.json": (
        *("peft_type", "r", "lora_alpha", "target_modules", "base_model_name_or_path", "modules_to_save", "use_dora"),
        *("task_type", "rank_pattern", "layers_to_transform", "auto_mapping", "megatron_config", "bias", "use_rslora"),
        *("init_lora_weights", "layer_replication", "lora_dropout", "exclude_modules", "eva_config", "corda_config"),
    ),
    "adapter/run.json": (*RUN, "base_weights", "sft_train_split", "sft_fingerprint", "training_arguments"),
    "adapter/cost.json": tuple(COST),
}
"""Keys that the libraries read, in the files they read them from."""


@fuzzed(60)
@given(data=st.data(), file=st.sampled_from(sorted(SETTINGS)))
def test_a_setting(outcomes, tmp_path, made, data, file):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    content = json.loads((made / file).read_text())
    for key in data.draw(st.lists(st.sampled_from(SETTINGS[file]), min_size=1, max_size=2)):
        content[key] = data.draw(st.sampled_from((*HOSTILE, *(TEMPLATES if key == "chat_template" else ()))))
    (tmp_path / file).write_bytes(as_json(content))
    with outcomes.tried():
        use(tmp_path, file.startswith("adapter"))


def test_what_is_changed_is_sound(made):
    use(made, adapter=True)

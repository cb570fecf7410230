"""A GGUF file becomes an ordinary model folder, or is refused by what is wrong with it."""

import json
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from made_model import make_tiny_model
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerBase,
)
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from trl import ModelConfig

from tastetune.artifacts.digests import digest_of_file
from tastetune.errors import InputError
from tastetune.language_models.gguf.header import read_gguf
from tastetune.language_models.gguf.importing import import_gguf, load_gguf
from tastetune.language_models.loading import load_model, load_tokenizer
from tastetune.language_models.probabilities import yes_probabilities

PROMPTS = ["Film 1 (1991)\n## Response:", "Film 2 (1992)\n\n## Response:", "Ein Häuschen, 1990\n## Response:"]
CHAT = [{"role": "user", "content": "Film 1"}]


CONTROL, NORMAL = 3, 1
"""How a GGUF file marks tokens."""


def write_gguf(
    folder: str | Path,
    path: str | Path,
    *,
    architecture: str = "llama",
    packed: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.F32,
    extra: Mapping[str, np.ndarray] | None = None,
    without: str | None = None,
    **numbers: Any,
) -> Path:
    """Write the Llama in a model's folder to the GGUF file `path`, as llama.cpp's converter does, and return it.

    Args:
        architecture: what the file calls itself.
        packed: the type of the layers' matrices.
        extra: further tensors by name.
        without: a tensor that is left out.
        numbers: further keys, their dots written as two underscores, with their texts or numbers.
    """
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    writer = gguf.GGUFWriter(path, architecture)
    _describe(writer, model)
    _spell(writer, tokenizer)
    for key, value in numbers.items():
        add = {str: writer.add_string, int: writer.add_uint32, float: writer.add_float32}[type(value)]
        add(key.replace("__", "."), value)
    for name, weights in {**_tensors(model), **(extra or {})}.items():
        if name != without:
            kind = packed if weights.ndim == 2 and name.startswith("blk.") else gguf.GGMLQuantizationType.F32
            writer.add_tensor(name, gguf.quants.quantize(weights, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return Path(path)


def _describe(writer: gguf.GGUFWriter, model: LlamaForCausalLM) -> None:
    config = model.config
    writer.add_name("Made Llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)


def _spell(writer: gguf.GGUFWriter, tokenizer: PreTrainedTokenizerBase) -> None:
    bpe = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    control = set(tokenizer.all_special_tokens)
    tokens = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL if token in control else NORMAL for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in bpe["merges"]])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_add_bos_token(True)
    writer.add_chat_template(tokenizer.chat_template)


def _tensors(model: LlamaForCausalLM) -> dict[str, np.ndarray]:
    """The weights under their names in a GGUF file; queries and keys in the order of llama.cpp's rotation."""
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, model.config.num_hidden_layers)
    heads = {"q_proj": model.config.num_attention_heads, "k_proj": model.config.num_key_value_heads}
    tensors = {}
    for name, parameter in model.named_parameters():  # a tied output layer is not among them
        weights, layer = parameter.detach().numpy(), name.split(".")[-2]
        if layer in heads:  # the halves of each head's width take turns
            weights = weights.reshape(heads[layer], 2, -1, weights.shape[1]).swapaxes(1, 2).reshape(weights.shape)
        tensors[names.get_name(name, try_suffixes=(".weight",))] = weights
    return tensors


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A random Llama's folder."""
    return make_tiny_model(tmp_path_factory.mktemp("model"), layers=2)


@pytest.fixture(scope="module")
def file(made, tmp_path_factory):
    """The same Llama as a GGUF file, whose weights are not packed."""
    return write_gguf(made, tmp_path_factory.mktemp("gguf") / "made.gguf", general__file_type=0)


def likes(tokenizer, model):
    """P(Yes) for each prompt."""
    return yes_probabilities(model, tokenizer, PROMPTS, max_batch_tokens=1000).shares[:, 1]


def likes_of(folder):
    """P(Yes) by the model in a folder, loaded as a recipe's is."""
    settings = ModelConfig(str(folder), dtype="float32")
    return likes(load_tokenizer(settings), load_model(settings).eval())


def test_an_imported_model_answers_as_the_one_that_the_file_was_made_from(made, file, tmp_path):
    assert import_gguf(file, tmp_path / "model")
    assert np.allclose(likes_of(tmp_path / "model"), likes_of(made), rtol=0, atol=1e-6)
    ours, theirs = AutoTokenizer.from_pretrained(tmp_path / "model"), AutoTokenizer.from_pretrained(made)
    assert ours(PROMPTS)["input_ids"] == theirs(PROMPTS)["input_ids"]
    assert ours.apply_chat_template(CHAT, tokenize=False) == theirs.apply_chat_template(CHAT, tokenize=False)
    assert (ours.bos_token, ours.eos_token, ours.pad_token) == (theirs.bos_token, theirs.eos_token, theirs.pad_token)


def test_a_packed_model_answers_after_writing_as_it_did_when_loaded(made, tmp_path):
    path = write_gguf(made, tmp_path / "packed", packed=gguf.GGMLQuantizationType.Q4_1, general__file_type=3)
    tokenizer, loaded = load_gguf(read_gguf(path))
    assert not np.allclose(likes(tokenizer, loaded), likes_of(made), rtol=0, atol=1e-6)  # four bits lose something
    import_gguf(path, tmp_path / "model")
    written = AutoModelForCausalLM.from_pretrained(tmp_path / "model").state_dict()
    assert all(torch.equal(weights, written[name]) for name, weights in loaded.state_dict().items())
    # Sums of the same weights differ in their last digit by how they lie in memory
    assert np.allclose(likes_of(tmp_path / "model"), likes(tokenizer, loaded), rtol=0, atol=1e-6)


def test_the_configuration_says_which_file_a_model_was_made_from(made, file, tmp_path):
    import_gguf(file, tmp_path / "model", "bfloat16")
    config = AutoConfig.from_pretrained(tmp_path / "model")
    assert config.imported_from == f"made.gguf, F32, sha256 {digest_of_file(file)}"
    assert str(config.dtype) == "torch.bfloat16"
    assert not hasattr(config, "quantization_config")


def test_a_file_of_another_digest_than_the_expected_is_refused(file, tmp_path):
    with pytest.raises(InputError, match=f"its sha256 is {digest_of_file(file)}, expected 00ff"):
        import_gguf(file, tmp_path / "model", sha256="00ff")
    assert import_gguf(file, tmp_path / "model", sha256=digest_of_file(file))


@pytest.mark.parametrize(("file_type", "name"), [({"general__file_type": 3}, "Q4_1"), ({}, "Q8_0")])
def test_the_quantisation_is_the_one_the_file_names_or_that_of_most_weights(made, tmp_path, file_type, name):
    """2 layers of 64 x 64 x 4 + 64 x 192 x 3 packed weights outnumber the 600 x 64 of the vocabulary."""
    path = write_gguf(made, tmp_path / "made", packed=gguf.GGMLQuantizationType.Q8_0, **file_type)
    assert read_gguf(path).quantization == name


def test_a_model_that_is_there_is_kept_and_another_is_replaced_by_force_alone(made, file, tmp_path):
    target = tmp_path / "model"
    assert import_gguf(file, target)
    written = {path.name: path.stat().st_mtime_ns for path in target.iterdir()}
    assert not import_gguf(file, target)
    assert {path.name: path.stat().st_mtime_ns for path in target.iterdir()} == written
    with pytest.raises(InputError, match=r"holds another model, .*made\.gguf.*say --force"):
        import_gguf(file, target, "bfloat16")
    assert import_gguf(file, target, "bfloat16", force=True)
    assert AutoModelForCausalLM.from_pretrained(target).dtype.itemsize == 2


def test_what_no_import_wrote_is_never_replaced(made, file):
    for force in (False, True):
        with pytest.raises(InputError, match="holds something else than a model made from a GGUF file"):
            import_gguf(file, made, force=force)
    assert AutoModelForCausalLM.from_pretrained(made)


def test_nothing_beside_the_file_is_read(made, file, tmp_path):
    """A configuration beside it would change the model, and may name code."""
    path = tmp_path / "made.gguf"
    path.write_bytes(file.read_bytes())
    for name in ("config.json", "tokenizer_config.json", "generation_config.json"):
        (tmp_path / name).write_text("{", encoding="utf-8")
    assert import_gguf(path, tmp_path / "model")


def test_a_template_that_would_run_code_is_written_and_renders_nothing_of_it(made, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(made)
    tokenizer.chat_template = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    tokenizer.save_pretrained(tmp_path / "made")
    AutoModelForCausalLM.from_pretrained(made).save_pretrained(tmp_path / "made")
    import_gguf(write_gguf(tmp_path / "made", tmp_path / "file"), tmp_path / "model")
    with pytest.raises(Exception, match="unsafe"):
        AutoTokenizer.from_pretrained(tmp_path / "model").apply_chat_template(CHAT, tokenize=False)


def rope_freqs(factor):
    """What Llama 3.2's GGUF files hold for heads of 16: each frequency's divisor, 1 to `factor`, by transformers."""
    settings = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": factor, "low_freq_factor": 1.0}
    settings |= {"high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
    config = LlamaConfig(hidden_size=64, num_attention_heads=4, rope_parameters=settings)
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    return (10000.0 ** -(np.arange(0, 16, 2) / 16) / scaled.numpy()).astype(np.float32)


def test_the_scaling_of_llama_3_is_put_into_the_configuration(made, tmp_path):
    """Frequencies 10000^-(2i/16): the last one's wave is 2 pi x 3162 = 19,869 tokens, longer than 8,192, so divided."""
    divisors = rope_freqs(32.0)
    assert divisors[0] == 1
    assert np.isclose(divisors[-1], 32)
    path = write_gguf(made, tmp_path / "file", extra={"rope_freqs.weight": divisors})
    import_gguf(path, tmp_path / "model")
    scaling = AutoConfig.from_pretrained(tmp_path / "model").rope_parameters
    assert scaling["rope_type"] == "llama3"
    assert np.isclose(scaling["factor"], 32)
    assert np.allclose(likes_of(tmp_path / "model"), likes(*load_gguf(read_gguf(path))), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"extra": {"rope_freqs.weight": np.linspace(1, 32, 8, dtype=np.float32)}}, r"scaled \(rope_freqs.weight\)"),
        ({"llama__rope__scaling__type": "yarn"}, r"scaled \(yarn\)"),
        ({"without": "blk.1.ffn_up.weight"}, "1 weights are missing, first model.layers.1.mlp.up_proj.weight"),
        ({"architecture": "bert"}, r"its architecture is 'bert'.*it reads .*llama.*qwen3"),
        ({"split__count": 3}, "one of 3 parts; join them"),
    ],
)
def test_a_file_that_cannot_become_the_model_it_was_is_refused(made, tmp_path, changes, reason):
    with pytest.raises(InputError, match=reason):
        import_gguf(write_gguf(made, tmp_path / "file", **changes), tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


@pytest.mark.parametrize("share", [0.001, 0.2, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(file, tmp_path, share):
    content = file.read_bytes()
    (tmp_path / "cut.gguf").write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"cut\.gguf: could not be loaded .* may be cut off or damaged"):
        import_gguf(tmp_path / "cut.gguf", tmp_path / "model")


def test_a_length_beyond_the_file_is_refused_at_once(file, tmp_path):
    """The header counts the keys in bytes 16 to 24."""
    content = bytearray(file.read_bytes())
    content[16:24] = struct.pack("<Q", 2**60)
    (tmp_path / "long.gguf").write_bytes(content)
    with pytest.raises(InputError, match="may be cut off or damaged"):
        import_gguf(tmp_path / "long.gguf", tmp_path / "model")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"", "begins with b'', expected b'GGUF'"),
        (b"PK\x03\x04 a zip", r"begins with b'PK\\x03\\x04', expected b'GGUF'"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
    ],
)
def test_what_is_no_gguf_file_is_refused(tmp_path, content, reason):
    path = tmp_path / "file.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        import_gguf(path, tmp_path / "model")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="no such file; name a GGUF file in this folder"):
        import_gguf(tmp_path, tmp_path / "model")


def test_without_the_library_its_command_is_named(file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gguf", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs the library gguf, .*pip install 'tastetune\[gguf\]'"):
        read_gguf(file)

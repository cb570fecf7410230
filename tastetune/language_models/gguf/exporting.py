"""From a model's folder to a GGUF file, of Llamas alone, as llama.cpp's own converter writes it.

That converter is no library: it is a script of llama.cpp's repository, for all architectures.
https://github.com/ggml-org/llama.cpp/blob/master/convert_hf_to_gguf.py
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from tastetune.errors import InputError
from tastetune.language_models.adapters import SPELT
from tastetune.language_models.gguf.header import ROPE_FREQS, read_gguf
from tastetune.language_models.gguf.importing import load_gguf
from tastetune.language_models.gguf.positions import frequency_divisors
from tastetune.language_models.gguf.vocabulary import write_vocabulary
from tastetune.language_models.made_models import replacing_model
from tastetune.language_models.model_files import check_model, explained

KINDS = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}
"""How GGUF calls the types of weights."""

FILE_TYPES = {"F32": "ALL_F32", "F16": "MOSTLY_F16", "BF16": "MOSTLY_BF16"}
"""How it calls a file whose matrices are of that type; vectors are always F32."""


def check_exportable(config: PreTrainedConfig) -> None:
    """Raise InputError at a model that cannot be written as a GGUF file here, with the reason."""
    if find_spec("gguf") is None:
        raise InputError("--gguf needs the library gguf, not installed; run pip install 'tastetune[gguf]'")
    remedy = "leave --gguf away, and convert the merged folder with llama.cpp's convert_hf_to_gguf.py"
    if config.model_type != "llama":
        raise InputError(f"--gguf: the base model's architecture is {config.model_type}, expected llama; {remedy}")
    if config.attention_bias or config.mlp_bias:
        raise InputError(f"--gguf: the base model's layers have biases, which are not written; {remedy}")
    scaling = config.rope_parameters.get("rope_type", "default")
    if scaling not in ("default", "llama3"):
        raise InputError(f"--gguf: the base model's positions are scaled ({scaling}), which is not written; {remedy}")


def export_gguf(folder: str | Path) -> Path:
    """Write the Llama in `folder` to `NAME-F16.gguf` inside it, by the folder's name and the type of its weights.

    The file is read back before it takes its place. One that is there already is replaced.

    Returns:
        The file.

    Raises:
        InputError: see `check_exportable`; its tokenizer is of a kind that is not written; what is read back is another
            model; or the file cannot be written.
    """
    folder = Path(folder)
    check_model(folder)
    with explained(folder, "merge the adapter anew"):
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype="auto", trust_remote_code=False, use_safetensors=True
        ).eval()
    check_exportable(model.config)
    kind = KINDS[str(model.dtype).removeprefix("torch.")]
    path = folder / f"{folder.resolve().name}-{kind}.gguf"
    with replacing_model(path) as new:
        _write(new, path.stem, tokenizer, model, kind)
        _check_same(new, tokenizer, model)
    return path


def _write(path: Path, name: str, tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, kind: str) -> None:
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType[FILE_TYPES[kind]])
    _describe(writer, model.config)
    write_vocabulary(writer, tokenizer, model.config.vocab_size)
    for tensor, weights in _tensors(model):
        type_ = gguf.GGMLQuantizationType[kind if weights.ndim > 1 else "F32"]
        writer.add_tensor(tensor, gguf.quants.quantize(weights, type_), raw_dtype=type_)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer, config: PreTrainedConfig) -> None:
    width = config.head_dim or config.hidden_size // config.num_attention_heads
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(width)
    writer.add_value_length(width)
    writer.add_rope_dimension_count(width)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)


def _tensors(model: PreTrainedModel) -> Iterator[tuple[str, np.ndarray]]:
    """The weights in float32 under their names in a GGUF file, without a tied output layer.

    Rotated halves of a head's width take turns in the queries and keys, as llama.cpp rotates neighbours.
    """
    import gguf

    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, model.config.num_hidden_layers)
    heads = {"q_proj": model.config.num_attention_heads, "k_proj": model.config.num_key_value_heads}
    if (divisors := frequency_divisors(model.config)) is not None:
        yield ROPE_FREQS, divisors
    for name, parameter in model.named_parameters():
        weights, layer = parameter.detach().float().numpy(), name.split(".")[-2]
        if layer in heads:
            weights = weights.reshape(heads[layer], 2, -1, weights.shape[1]).swapaxes(1, 2).reshape(weights.shape)
        yield str(names.get_name(name, try_suffixes=(".weight",))), weights


def _check_same(path: Path, tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> None:
    """Raise InputError unless the file, read as `scripts/import_gguf.py` reads it, is the model that was written."""
    own, read = load_gguf(read_gguf(path), str(model.dtype).removeprefix("torch."))
    texts = [SPELT, *tokenizer.get_added_vocab()]
    ids = tokenizer(texts)["input_ids"]
    if own(texts)["input_ids"] != ids or own.chat_template != tokenizer.chat_template:
        raise InputError(f"{path.name}: its tokenizer, read back, spells texts otherwise; leave --gguf away")
    weights = read.state_dict()
    if any(not torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items()):
        raise InputError(f"{path.name}: its weights, read back, are not those that were written; leave --gguf away")
    tokens = torch.tensor([ids[0]])
    with torch.no_grad():
        if not torch.allclose(read(tokens).logits, model(tokens).logits, rtol=1e-3, atol=1e-3):
            raise InputError(f"{path.name}: read back, it answers otherwise; leave --gguf away")

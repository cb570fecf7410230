"""From a GGUF file to a model's folder: unpacked weights, tokenizer with chat template, configurations."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    GgufConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from tastetune.artifacts.json_files import cut
from tastetune.errors import InputError
from tastetune.language_models.gguf import IMPORTED
from tastetune.language_models.gguf.header import GgufFile, read_gguf
from tastetune.language_models.gguf.positions import scale_positions
from tastetune.language_models.made_models import made_model, replacing_model
from tastetune.language_models.model_files import FETCH_ANEW, check_model, explained
from tastetune.locks import held_place


def import_gguf(
    file: str | Path, folder: str | Path, dtype: str = "float32", *, sha256: str | None = None, force: bool = False
) -> bool:
    """Write the model in a GGUF file to `folder`, whole or not at all.

    No code from the file is run: weights and vocabulary are numbers and texts, and transformers renders a chat template
    in jinja's sandbox.

    Args:
        dtype: of the weights that are written: float32, bfloat16 or float16.
        sha256: the digest of the file's content, where it is known beforehand.
        force: write anew what is there already, and replace a model that was made from another GGUF file.

    Returns:
        False where `folder` holds this very model already, and nothing was done.

    Raises:
        InputError: see `read_gguf` and `load_gguf`; the file has another digest; or `folder` holds something else, is
            being written by another process, or cannot be written.
    """
    source, folder = read_gguf(file), Path(folder)
    if sha256 not in (None, source.sha256):
        raise InputError(f"{file}: its sha256 is {source.sha256}, expected {sha256}; {FETCH_ANEW}")
    with held_place(folder):
        if _is_there(folder, source.origin, dtype, force=force):
            return False
        tokenizer, model = load_gguf(source, dtype)
        with replacing_model(folder) as new:
            model.save_pretrained(new)
            tokenizer.save_pretrained(new)
            check_model(new)
    return True


def load_gguf(source: GgufFile, dtype: str = "float32") -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """The tokenizer and the model in a GGUF file, its weights unpacked into `dtype`, ready to be saved.

    Raises:
        InputError: it cannot be loaded, weights are missing, or see `scale_positions`.
    """
    with _alone(source.path) as place, explained(source.path, "name another file of this model"):
        config = AutoConfig.from_pretrained(**place)
        scale_positions(config, source)
        setattr(config, IMPORTED, source.origin)
        tokenizer = AutoTokenizer.from_pretrained(**place, trust_remote_code=False)
        model, loaded = AutoModelForCausalLM.from_pretrained(
            **place,
            config=config,
            dtype=getattr(torch, dtype),
            quantization_config=GgufConfig(dequantize=True),
            trust_remote_code=False,
            output_loading_info=True,
        )
    if missing := sorted(loaded["missing_keys"]):
        raise InputError(f"{source.path}: {len(missing)} weights are missing, first {missing[0]}; {FETCH_ANEW}, whole")
    # transformers goes on to call an unpacked model quantised, and would not save it
    for owner, mark in ((model.config, "quantization_config"), (model, "quantization_method"), (model, "hf_quantizer")):
        if hasattr(owner, mark):
            delattr(owner, mark)
    return tokenizer, model.eval()


@contextmanager
def _alone(path: Path) -> Iterator[dict[str, str]]:
    """The file in a folder of its own, under a name that ends in .gguf: transformers takes what lies beside it too."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.gguf").symlink_to(path.resolve())
        yield {"pretrained_model_name_or_path": folder, "gguf_file": "model.gguf"}


def _is_there(folder: Path, origin: str, dtype: str, *, force: bool) -> bool:
    """Whether `folder` holds this very model; InputError where it holds what would be lost."""
    config = made_model(folder, IMPORTED, "a model made from a GGUF file")
    if config is None or force:
        return False
    if (config[IMPORTED], config.get("dtype")) != (origin, dtype):
        raise InputError(f"{folder}: holds another model, {cut(config[IMPORTED])}; name another folder, or say --force")
    check_model(folder)
    return True

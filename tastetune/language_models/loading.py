"""Loading a language model and its tokenizer, the same way for training and for prediction."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from accelerate import PartialState
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from trl import ModelConfig, get_quantization_config

from tastetune.artifacts.hub_errors import Unasked
from tastetune.artifacts.run import RunRecord, read_record
from tastetune.errors import InputError
from tastetune.language_models.model_files import check_model, explained


def load_tokenizer(model_args: ModelConfig) -> PreTrainedTokenizerBase:
    """The model's own tokenizer; where it has no padding token, the end-of-sequence token pads.

    A tokenizer that ends every text is stopped from it: a prompt goes on, and the trainer ends what it is given.

    Raises:
        InputError: see `load_model`; or a tokenizer that cannot be stopped.
    """
    name = model_args.model_name_or_path
    check_model(name)
    with _explained(name):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=model_args.model_revision, trust_remote_code=False)
        tokenizer("A text")  # some settings are read only here
    if tokenizer.eos_token is None:
        raise InputError(f"{name}: its tokenizer has no end-of-sequence token, so no answer would end; name another")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    _stop_ending(tokenizer)
    return tokenizer


def _stop_ending(tokenizer: PreTrainedTokenizerBase) -> None:
    """Take the end token out of what the tokenizer writes around every text."""
    end = tokenizer.eos_token
    if end is None or not _ends(tokenizer):
        return
    if backend := getattr(tokenizer, "backend_tokenizer", None):
        whole = json.loads(backend.to_str())
        for processor in (whole["post_processor"], *whole["post_processor"].get("processors", [])):
            for form in ("single", "pair"):
                pieces = processor.get(form, [])
                processor[form] = [piece for piece in pieces if piece.get("SpecialToken", {}).get("id") != end]
                if not pieces:
                    del processor[form]
        backend.post_processor = type(backend).from_str(json.dumps(whole)).post_processor
    if _ends(tokenizer):
        raise InputError(
            f"the tokenizer of {tokenizer.name_or_path!r} ends every text with {end!r}, prompts as well, so that "
            "nothing could go on behind them; set add_eos_token: false in its tokenizer_config.json"
        )


def _ends(tokenizer: PreTrainedTokenizerBase) -> bool:
    return tokenizer("a")["input_ids"][-1:] == [tokenizer.eos_token_id]


def load_config(model_args: ModelConfig) -> PreTrainedConfig:
    """The model's configuration, without its weights.

    Raises:
        InputError: see `load_model`.
    """
    name = model_args.model_name_or_path
    check_model(name)
    with _explained(name):
        return AutoConfig.from_pretrained(name, revision=model_args.model_revision, trust_remote_code=False)


def load_model(model_args: ModelConfig) -> PreTrainedModel:
    """The base model in the dtype and quantisation of the recipe, on this process's device.

    QLoRA (https://arxiv.org/abs/2305.14314): with `load_in_4bit` the weights are NF4, and `dtype` is the type
    of computation.

    Raises:
        InputError: no such folder or Hub model, or one that needs a licence, a login or a network.
    """
    name, quantization = model_args.model_name_or_path, get_quantization_config(model_args)
    check_model(name)
    # Left away where there is none: a model that was saved in 4 bits says so itself
    quantized = {"quantization_config": quantization, "device_map": {"": PartialState().device}} if quantization else {}
    with _explained(name):
        model, loaded = AutoModelForCausalLM.from_pretrained(
            name,
            revision=model_args.model_revision,
            dtype=model_args.dtype if model_args.dtype in ("auto", None) else getattr(torch, model_args.dtype),
            attn_implementation=model_args.attn_implementation,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
            **quantized,
        )
    if missing := sorted(loaded["missing_keys"]):
        raise InputError(f"{name}: {len(missing)} weights are missing, first {missing[0]}; fetch the model anew, whole")
    return model


def base_record(model_args: ModelConfig) -> RunRecord:
    """The record of the run that made the base model; without settings where none did.

    Where its repository cannot be asked, that is said, and the model taken for one that no run here made: most are, and
    many a machine that trains has them in the Hub's cache and no network.
    """
    name = model_args.model_name_or_path
    try:
        return read_record(name, model_args.model_revision)
    except Unasked:
        if PartialState().is_main_process:
            print(f"warning: the Hub cannot be asked whether {name} was fine-tuned here; it is taken for a plain base")
        return RunRecord(name, {}, {}, None)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn a refusal of the Hub, a missing folder or files that are none into one sentence that says what to do."""
    with explained(name, "name a folder of a model that transformers knows, or its Hub id"):
        try:
            yield
        except OSError as error:
            if Path(name).exists():
                raise
            reason = (str(error).strip().splitlines() or [""])[0]
            raise InputError(
                f"{name!r} could not be loaded: it is neither a model's folder here nor could it be fetched "
                f"({reason}). If the model is gated, accept its licence at https://huggingface.co/{name} and log in "
                "with `hf auth login`; without a network, name a local folder with --model_name_or_path"
            ) from error

"""Loading a language model, its tokenizer and an adapter, the same way for training and for prediction."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from accelerate import PartialState
from peft import PeftConfig, PeftModel
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from trl import ModelConfig, get_quantization_config

from tastetune.artifacts.run import read_settings
from tastetune.errors import InputError
from tastetune.language_models.model_files import check_adapter, check_model, explained


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


def read_adapter_config(adapter: str, label: str) -> PeftConfig:
    """What an adapter's folder or Hub repository says of it.

    Args:
        label: how a message names the adapter.

    Raises:
        InputError: none lies there, and none could be fetched.
    """
    try:
        return PeftConfig.from_pretrained(adapter)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"{label}: no adapter lies there, nor could one be fetched ({reason}); train it with scripts/sft.py, or "
            "name the folder that it wrote"
        ) from error


def load_adapter(model: PreTrainedModel, adapter: str, *, trainable: bool = False) -> PeftModel:
    """`model` behind a trained adapter: a folder that `scripts/sft.py` wrote, or a Hub id; `trainable` to train on.

    Raises:
        InputError: no adapter lies there, or it does not fit the model.
    """
    check_adapter(adapter)
    read_adapter_config(adapter, f"adapter {adapter!r}")
    base = model.config._name_or_path
    remedy = (
        f"name an adapter's folder or Hub id, and with --model_name_or_path the base that it was trained on ({base}?)"
    )
    with explained(adapter, remedy):
        return PeftModel.from_pretrained(model, adapter, is_trainable=trainable)


def refuse_other_tokenizer(tokenizer: PreTrainedTokenizerBase, adapter: str) -> None:
    """Raise InputError if an adapter's folder holds a tokenizer of another vocabulary, spelling or chat template."""
    if not (Path(adapter) / "tokenizer_config.json").is_file():
        return
    with _explained(adapter):
        own = AutoTokenizer.from_pretrained(adapter, trust_remote_code=False)
    differences = {
        "vocabulary": own.get_vocab() != tokenizer.get_vocab(),
        "spelling": own(SPELT, add_special_tokens=False)["input_ids"]
        != tokenizer(SPELT, add_special_tokens=False)["input_ids"],
        "chat template": own.chat_template != tokenizer.chat_template,
    }
    if unlike := [name for name, differs in differences.items() if differs]:
        raise InputError(
            f"{adapter}: was trained with a tokenizer of another {' and '.join(unlike)} than that of "
            f"{tokenizer.name_or_path!r}; name the base model that it was trained on, in the same revision"
        )


SPELT = 'The film "Léon" (1994), 10 of 10:\n1. Yes\n2.  No'
"""A text by which two tokenizers are told apart."""


def warn_of_other_quantisation(model: PreTrainedModel, adapter: str) -> None:
    """Say so if an adapter was trained on a base of another quantisation than `model`: its answers will be others."""
    trained = read_settings(adapter)
    if not trained or not PartialState().is_main_process:
        return
    bits = {"4 bits": "4bit", "8 bits": "8bit"}
    before = next((name for name, flag in bits.items() if trained.get(f"load_in_{flag}")), "no quantisation")
    now = next(
        (name for name, flag in bits.items() if getattr(model, f"is_loaded_in_{flag}", False)), "no quantisation"
    )
    if before != now:
        print(
            f"warning: {adapter} was trained on a base model with {before}, and this one has {now}: it corrects errors "
            "that are not there, and its answers differ; load the base as the run's recipe does"
        )


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

"""Loading a language model, its tokenizer and an adapter, the same way for training and for prediction."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from accelerate import PartialState
from peft import PeftModel, get_peft_model_state_dict, load_peft_weights
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from trl import ModelConfig, get_quantization_config

from tastetune.errors import InputError

EMBEDDINGS = ("embed_tokens.weight", "lm_head.weight")
"""Whole layers of the base model that PEFT saves beside an adapter where the vocabulary was changed."""


def load_tokenizer(model_args: ModelConfig) -> PreTrainedTokenizerBase:
    """The model's own tokenizer; where it has no padding token, the end-of-sequence token pads.

    Raises:
        InputError: see `load_model`.
    """
    with _explained(model_args.model_name_or_path):
        tokenizer = AutoTokenizer.from_pretrained(model_args.model_name_or_path, revision=model_args.model_revision)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(model_args: ModelConfig) -> PreTrainedModel:
    """The base model in the dtype and quantisation of the recipe, on this process's device.

    QLoRA (https://arxiv.org/abs/2305.14314): with `load_in_4bit` the weights are NF4, and `dtype` is the type
    of computation.

    Raises:
        InputError: no such folder or Hub model, or one that needs a licence, a login or a network.
    """
    quantization = get_quantization_config(model_args)
    with _explained(model_args.model_name_or_path):
        return AutoModelForCausalLM.from_pretrained(
            model_args.model_name_or_path,
            revision=model_args.model_revision,
            dtype=model_args.dtype if model_args.dtype in ("auto", None) else getattr(torch, model_args.dtype),
            attn_implementation=model_args.attn_implementation,
            quantization_config=quantization,
            device_map={"": PartialState().device} if quantization else None,
        )


def load_adapter(
    model: PreTrainedModel | PeftModel, adapter: str, *, name: str = "default", trainable: bool = False
) -> PeftModel:
    """`model` behind a trained adapter: a folder that `scripts/sft.py` wrote, or a Hub id.

    Args:
        model: the base model, or one with other adapters, which gets one more.
        name: what the wrapper calls the adapter.
        trainable: to train on.

    Raises:
        InputError: the folder holds no adapter, or the adapter does not fit the model.
    """
    folder = Path(adapter)
    if folder.is_dir() and not (folder / "adapter_config.json").is_file():
        there = ", ".join(sorted(p.name for p in folder.glob("checkpoint-*"))) or "no checkpoints"
        raise InputError(f"{adapter}: no adapter_config.json inside ({there}); name a folder that scripts/sft.py wrote")
    try:
        with _explained(adapter), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Found missing adapter keys")  # refused below, in one sentence
            if isinstance(model, PeftModel):
                model.load_adapter(adapter, adapter_name=name, is_trainable=trainable)
            else:
                model = PeftModel.from_pretrained(model, adapter, adapter_name=name, is_trainable=trainable)
            _check_weights(model, adapter, name)
            return model
    except (RuntimeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{adapter}: does not fit the base model {model.config._name_or_path!r} ({str(error).splitlines()[0]}); "
            "name the base model that it was trained on"
        ) from error


def _check_weights(model: PeftModel, adapter: str, name: str) -> None:
    """Refuse an adapter whose weights are not, by name, those that the model has a place for.

    PEFT leaves a place without weights as it was made, where it does nothing, and passes weights without a place over.
    """
    places = set(get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False))
    weights = set(load_peft_weights(adapter, device="cpu"))
    missing = sorted(places - weights)
    foreign = sorted(key for key in weights - places if not key.endswith(EMBEDDINGS))
    for keys, what in ((missing, "it has no weights for {} of the base model's places"), (foreign, "{} are for none")):
        if keys:
            raise InputError(
                f"{adapter}: does not fit the base model {model.config._name_or_path!r}: of its {len(weights)} weights "
                f"and the {len(places)} that belong there, {what.format(len(keys))}, first {keys[0]!r}; name the base "
                "model that it was trained on, or save the adapter anew"
            )


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn a refusal of the Hub, or a missing folder, into one sentence that says what to do."""
    try:
        yield
    except OSError as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"{name!r} could not be loaded: it is neither a model's folder here nor could it be fetched ({reason}). "
            f"If the model is gated, accept its licence at https://huggingface.co/{name} and log in with "
            "`hf auth login`; without a network, name a local folder with --model_name_or_path"
        ) from error

"""Adapters: put onto the base model that they were trained on, and onto no other."""

import warnings
from pathlib import Path

from accelerate import PartialState
from peft import PeftConfig, PeftModel, get_peft_model_state_dict, load_peft_weights
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from tastetune.artifacts.run import read_record
from tastetune.errors import InputError
from tastetune.language_models.model_files import ADAPTER_CONFIG, check_adapter, explained

EMBEDDINGS = ("embed_tokens.weight", "lm_head.weight")
"""Whole layers of the base model that PEFT saves beside an adapter where the vocabulary was changed."""

SPELT = 'The film "Léon" (1994), 10 of 10:\n1. Yes\n2.  No'
"""A text by which two tokenizers are told apart."""


def read_adapter_config(adapter: str, label: str) -> PeftConfig:
    """What an adapter's folder or Hub repository says of it.

    Args:
        label: how a message names the adapter.

    Raises:
        InputError: none lies there, and none could be fetched, or its settings are none.
    """
    try:
        return PeftConfig.from_pretrained(adapter)
    except Exception as error:  # of every kind, by what the settings are
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if (Path(adapter) / ADAPTER_CONFIG).is_file():
            raise InputError(
                f"{label}: its {ADAPTER_CONFIG} cannot be used ({reason}); save the adapter anew"
            ) from error
        raise InputError(
            f"{label}: no adapter lies there, nor could one be fetched ({reason}); train it with scripts/sft.py, or "
            "name the folder that it wrote"
        ) from error


def load_adapter(
    model: PreTrainedModel | PeftModel, adapter: str, *, name: str = "default", trainable: bool = False
) -> PeftModel:
    """`model` behind a trained adapter: a folder that `scripts/sft.py` wrote, or a Hub id.

    Args:
        model: the base model, or one with other adapters, which gets one more.
        name: what the wrapper calls the adapter.
        trainable: to train on.

    Raises:
        InputError: no adapter lies there, or it does not fit the model.
    """
    check_adapter(adapter)
    read_adapter_config(adapter, f"adapter {adapter!r}")
    warn_of_other_quantisation(model, adapter)
    base = model.config._name_or_path
    with explained(adapter, f"it does not fit the base model {base!r}: name the one that it was trained on"):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Found missing adapter keys")  # refused below, in one sentence
            if isinstance(model, PeftModel):
                model.load_adapter(adapter, adapter_name=name, is_trainable=trainable)
            else:
                model = PeftModel.from_pretrained(model, adapter, adapter_name=name, is_trainable=trainable)
        _check_places(model, adapter, name)
    return model


def refuse_other_tokenizer(tokenizer: PreTrainedTokenizerBase, adapter: str) -> None:
    """Raise InputError if an adapter's folder holds a tokenizer of another vocabulary, spelling or chat template."""
    if not (Path(adapter) / "tokenizer_config.json").is_file():
        return
    with explained(adapter, "save the adapter anew"):
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


def warn_of_other_quantisation(model: PreTrainedModel | PeftModel, adapter: str) -> None:
    """Say so if an adapter was trained on a base of another quantisation than `model`: its answers will be others."""
    trained = read_record(adapter).settings
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


def _check_places(model: PeftModel, adapter: str, name: str) -> None:
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

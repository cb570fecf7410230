"""Adapters: put onto the base model that they were trained on, and onto no other."""

import re
import warnings
from collections.abc import Iterable
from pathlib import Path

from accelerate import PartialState
from huggingface_hub import snapshot_download
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model_state_dict, load_peft_weights
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from tastetune.artifacts.hub_errors import hub_errors
from tastetune.artifacts.run import read_record
from tastetune.errors import InputError
from tastetune.language_models.item_tokens.tokens import make_room, with_item_tokens_of
from tastetune.language_models.model_files import ADAPTER_CONFIG, check_adapter, explained

EMBEDDINGS = ("embed_tokens.weight", "lm_head.weight")
"""Whole layers of the base model that PEFT saves beside an adapter where the vocabulary was changed."""

FILES = (
    *("adapter_config.json", "adapter_model*.safetensors", "adapter_model.safetensors.index.json"),
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "*.jinja"),
)
"""What is fetched of an adapter on the Hub: no weights but safetensors, since a pickle may run anything."""

NUMBER = r"(?<=\.)\d+(?=\.)"
"""The number of a layer, or of an expert in it, in a module's name."""

UNQUANTISED, BITS = "no quantisation", {"4 bits": "4bit", "8 bits": "8bit"}
"""In words, how a base model may be quantised, and what recipes and transformers call it."""

SPELT = 'The film "Léon" (1994), 10 of 10:\n1. Yes\n2.  No'
"""A text by which two tokenizers are told apart."""


def adapter_folder(adapter: str, label: str | None = None) -> Path:
    """Where an adapter's files lie: its own folder, or of a Hub id the Hub's cache, into which they are fetched.

    Args:
        label: how a message names the adapter.

    Raises:
        InputError: none lies there, and none could be fetched.
    """
    if Path(adapter).exists():
        return Path(adapter)
    try:
        with hub_errors(adapter, "model"):
            return Path(snapshot_download(adapter, allow_patterns=FILES))
    except InputError as error:
        raise InputError(
            f"{label or f'adapter {adapter!r}'}: no adapter lies there, nor could one be fetched ({error}); train it "
            "with scripts/sft.py, or name the folder that it wrote"
        ) from error


def read_adapter_config(adapter: str, label: str | None = None) -> PeftConfig:
    """What an adapter's folder or Hub repository says of it.

    Raises:
        InputError: see `adapter_folder` and `tastetune.language_models.model_files.check_adapter`, or its settings
            cannot be used.
    """
    folder = adapter_folder(adapter, label)
    check_adapter(folder)
    try:
        return PeftConfig.from_pretrained(str(folder))
    except Exception as error:  # of every kind, by what the settings are
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{label or f'adapter {adapter!r}'}: its {ADAPTER_CONFIG} cannot be used ({reason}); save the adapter anew"
        ) from error


def load_adapter(
    model: PreTrainedModel | PeftModel,
    adapter: str,
    *,
    name: str = "default",
    trainable: bool = False,
    warn: bool = True,
) -> PeftModel:
    """`model` behind a trained adapter: a folder that `scripts/sft.py` wrote, or a Hub id.

    Args:
        model: the base model, or one with other adapters, which gets one more.
        name: what the wrapper calls the adapter.
        trainable: to train on.
        warn: say so where the model is quantised otherwise than the adapter's own base.

    Raises:
        InputError: no adapter lies there, or it does not fit the model.
    """
    make_room(model.get_base_model() if isinstance(model, PeftModel) else model, read_adapter_config(adapter))
    if warn:
        warn_of_other_quantisation(model, adapter)
    folder, base = str(adapter_folder(adapter)), model.config._name_or_path
    with explained(adapter, f"it does not fit the base model {base!r}: name the one that it was trained on"):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Found missing adapter keys")  # refused below, in one sentence
            if isinstance(model, PeftModel):
                model.load_adapter(folder, adapter_name=name, is_trainable=trainable)
            else:
                model = PeftModel.from_pretrained(model, folder, adapter_name=name, is_trainable=trainable)
        check_places(model, adapter, name)
    return model


def adapter_tokenizer(tokenizer: PreTrainedTokenizerBase, adapter: str) -> PreTrainedTokenizerBase:
    """The base model's tokenizer, with a token for each item that the adapter has learnt one for.

    Raises:
        InputError: the adapter's folder holds a tokenizer of another vocabulary, spelling or chat template.
    """
    folder = adapter_folder(adapter)
    if not (folder / "tokenizer_config.json").is_file():
        return tokenizer
    with explained(adapter, "save the adapter anew"):
        own = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    tokenizer = with_item_tokens_of(own, tokenizer)
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
    return tokenizer


def trained_quantisation(settings: dict) -> str:
    """How the base model of a run with these settings was quantised, in words."""
    return next((name for name, flag in BITS.items() if settings.get(f"load_in_{flag}")), UNQUANTISED)


def warn_of_other_quantisation(model: PreTrainedModel | PeftModel, adapter: str) -> None:
    """Say so if an adapter was trained on a base of another quantisation than `model`: its answers will be others."""
    trained = read_record(adapter).settings
    if not trained or not PartialState().is_main_process:
        return
    before = trained_quantisation(trained)
    now = next((name for name, flag in BITS.items() if getattr(model, f"is_loaded_in_{flag}", False)), UNQUANTISED)
    if before != now:
        print(
            f"warning: {adapter} was trained on a base model with {before}, and this one has {now}: it corrects errors "
            "that are not there, and its answers differ; load the base as the run's recipe does"
        )


def check_places(model: PeftModel, adapter: str, name: str) -> None:
    """Refuse an adapter whose weights are not, by name, those that the model has a place for.

    PEFT leaves a place without weights as it was made, where it does nothing, and passes weights without a place over.

    Args:
        name: what the wrapper calls the adapter.
    """
    places = set(get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False))
    weights = set(load_peft_weights(str(adapter_folder(adapter)), device="cpu"))
    missing = sorted(places - weights)
    foreign = sorted(key for key in weights - places if not key.endswith(EMBEDDINGS))
    for keys, what in ((missing, "it has no weights for {} of the base model's places"), (foreign, "{} are for none")):
        if keys:
            raise InputError(
                f"{adapter}: does not fit the base model {model.config._name_or_path!r}: of its {len(weights)} weights "
                f"and the {len(places)} that belong there, {what.format(len(keys))}, first {keys[0]!r}; name the base "
                "model that it was trained on, or save the adapter anew"
            )
    if read_record(adapter).settings.get("base_weights") is None:  # else its base is told by its weights
        _refuse_gaps(model.get_base_model(), weights, model.peft_config[name], adapter)


def _refuse_gaps(base: PreTrainedModel, weights: set[str], config: LoraConfig, adapter: str) -> None:
    """Refuse an adapter that leaves out layers of the base model though it does not say that it means only some.

    PEFT may write the modules that it adapts down one by one, so that the adapter of a shallow model has a place for
    each of its weights in a deeper one. Layers are meant by `layers_to_transform`, or by a pattern of modules' names.
    """
    if isinstance(config.target_modules, str):
        return
    adapted = {key.removeprefix("base_model.model.").split(".lora_")[0] for key in weights if ".lora_" in key}
    kinds = {re.sub(NUMBER, "*", name) for name in adapted}
    alike = [name for name, _ in base.named_modules() if re.sub(NUMBER, "*", name) in kinds]
    meant = [name for name in alike if _is_layer(name, config.layers_to_transform)]
    if left_out := [name for name in meant if name not in adapted and not _is_one_of(name, config.exclude_modules)]:
        raise InputError(
            f"{adapter}: does not fit the base model {base.config._name_or_path!r}: it has no weights for "
            f"{len(left_out)} of {len(meant)} layers like its own, first {left_out[0]!r}, so it was trained on a "
            f"shallower model; name that one, or say in layers_to_transform of its {ADAPTER_CONFIG} which are meant"
        )


def _is_layer(name: str, layers: list[int] | int | None) -> bool:
    number = re.search(NUMBER, name)
    return layers is None or number is None or int(number[0]) in ([layers] if isinstance(layers, int) else layers)


def _is_one_of(name: str, modules: Iterable[str] | str | None) -> bool:
    if isinstance(modules, str):
        return re.fullmatch(modules, name) is not None
    return any(name == module or name.endswith(f".{module}") for module in modules or ())

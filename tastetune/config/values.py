"""What a key may hold: values of a recipe or a flag held against the type hint of the key's field."""

import math
import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

from tastetune.errors import InputError

SEEDS = (0, 2**32 - 1)  # what numpy takes
BATCH = (1, 2**16)

LIMITS: Mapping[str, tuple[float, float]] = {
    "seed": SEEDS,
    "data_seed": SEEDS,
    "total_train_batch_size": BATCH,
    "per_device_train_batch_size": BATCH,
    "per_device_eval_batch_size": BATCH,
    "gradient_accumulation_steps": BATCH,
    "lora_r": (1, 4096),
    "lora_alpha": (1, 2**16),
    "lora_dropout": (0, 1),
    "residual_dropout": (0, 0.9),
    "embedding_dropout": (0, 0.9),
    "attention_dropout": (0, 0.9),
    "learning_rate": (0, 10),
    "item_learning_rate": (0, 10),
    "max_length": (1, 2**20),
    "dataloader_num_workers": (0, 256),
    "dataset_num_proc": (1, 256),
    "shots": (0, 1000),
    "checkpoints": (1, 2**31),
    "max_batch_tokens": (1, 2**26),
    "eval_rows": (2, 2**31),
    "early_stopping_patience": (1, 2**16),
    "max_new_tokens": (1, 2**16),
    "top_p": (0, 1),
    "top_k": (0, 2**31),
    "temperature": (0, 1000),
    "bootstrap_seed": SEEDS,
    "config_seed": SEEDS,
    "resamples": (0, 10**5),
    "tune": (-1, 10**4),
    "vocab_size": (1, 2**20),
    "width": (1, 2**14),
    "layers": (1, 1000),
    "heads": (1, 1024),
    "ratings_each": (1, 10**4),
    "stream_window": (1, 10**5),
    "stream_min_past": (0, 10**5),
}
"""The least and the most that a key may be, where a slip would be met hours later, or by the memory."""

GREATEST = 2**63
"""No whole number reaches it."""

_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def checked(name: str, value: Any, hint: Any, label: str) -> Any:
    """`value` if it fits `hint` and the key's limits; numbers that YAML reads as text (5e-5) become floats.

    Args:
        name: the key.
        label: how a message begins: where the key stands, and the key.

    Raises:
        InputError: the value has another type, is spaces alone or no finite number, or is beyond the limits.
    """
    if not _fits(value, hint):
        raise InputError(f"{label} is {value!r} ({type(value).__name__}); expected {_describe(hint)}")
    if isinstance(value, str) and float in _options(hint) and str not in _options(hint):
        value = float(value)
    for word in value if isinstance(value, list) else [value]:
        if isinstance(word, str):
            check_text(label, word)
            if word.isspace():
                raise InputError(f"{label} is {word!r}, spaces alone; write a word, or leave the key out")
    for number in value if isinstance(value, list) else [value]:
        if isinstance(number, int) and abs(number) >= GREATEST:
            raise InputError(f"{label} is a number of {number.bit_length()} bits; expected one of 63")
        if isinstance(number, float) and not math.isfinite(number):
            raise InputError(f"{label} is {value!r}; expected a finite number")
        if isinstance(number, int | float) and name in LIMITS:
            low, high = LIMITS[name]
            if not low <= number <= high:
                raise InputError(f"{label} is {value!r}; expected {low} to {high}")
    return value


def check_text(label: str, text: str) -> None:
    """Raise InputError at a text that no file name and no file in UTF-8 can hold."""
    if "\0" in text:
        raise InputError(f"{label} is {text[:60]!r}, which holds a NUL character; remove it")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError(f"{label} is {text[:60]!r}, which is no text in UTF-8; write it in UTF-8")


def from_words(words: Sequence[str], hint: Any) -> Any:
    """What the words behind a flag stand for; `checked` judges it.

    A flag without a word says yes, or is an empty list. Several words are a list, and so is one word where the key
    holds nothing but lists.
    """
    options = _options(hint)
    item = next((get_args(option)[0] for option in options if get_origin(option) is list), None)
    if not words:
        return True if bool in options else "" if item is None else []
    if item is not None and (len(words) > 1 or str not in options):
        return [_from_word(word, _options(item)) for word in words]
    return _from_word(words[0], options) if len(words) == 1 else list(words)


def _from_word(word: str, options: tuple) -> Any:
    if bool in options and word.lower() in _WORDS:
        return _WORDS[word.lower()]
    for kind in (int, float):
        if kind in options:
            with suppress(ValueError):
                return kind(word)
    return None if word in ("none", "null") and type(None) in options and str not in options else word


def _fits(value: Any, hint: Any) -> bool:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_fits(value, arg) for arg in args)
    if origin is list:
        return isinstance(value, list) and all(_fits(item, args[0]) for item in value)
    if origin is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        return value in (args or [member.value for member in hint])
    if hint in (int, float):
        return not isinstance(value, bool) and (isinstance(value, int) or (hint is float and _is_number(value)))
    return isinstance(value, origin or hint) if isinstance(origin or hint, type) else True


def _is_number(value: Any) -> bool:
    try:
        return float(value) is not None
    except (TypeError, ValueError, OverflowError):
        return False


def _options(hint: Any) -> tuple:
    """The types of a union, one by one; any other hint by itself."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _describe(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, get_args(hint)))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(repr(member.value) for member in hint)
    return getattr(hint, "__name__", str(hint)) if isinstance(hint, type) else str(hint).replace("typing.", "")

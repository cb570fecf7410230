"""A config's values, checked, and the ranges that tuning may draw them from."""

import math
from typing import Any

from tastetune.baselines.recbole.registry import CHOICES
from tastetune.config import search_space
from tastetune.errors import InputError

ZERO = ("seed", "eval_step", "stopping_step")
"""Whole numbers that may be 0; the others count something that must be there."""

MOST = 2**32 - 1
"""No whole number is greater: numpy takes no greater seed, and nothing else here comes near it."""

LONGEST = 16
"""Values of a list, such as a network's layers."""

SIZES = {
    "epochs": 10_000,
    "train_batch_size": 2**20,
    "eval_batch_size": 2**20,
    "MAX_ITEM_LIST_LENGTH": 1000,
    "n_layers": 64,
    "n_heads": 256,
    **dict.fromkeys(("hidden_size", "inner_size", "embedding_size", "mlp_hidden_size"), 2**14),
    **dict.fromkeys(("mf_embedding_size", "mlp_embedding_size"), 2**14),
}
"""The most that a key may be where more would fill the memory, or never end."""

SHARED = ("seed", "load_col", "MAX_ITEM_LIST_LENGTH", "use_gpu", "eval_step")
"""Keys that no trial may change: the rows are read by them once, or the trials would not compare."""


def check_value(where: str, key: str, value: Any, default: Any) -> Any:
    """`value`, as a float where one is expected.

    Raises:
        InputError: it is of another type than `default`, out of range, or none of the key's `CHOICES`.
    """
    if key == "clip_grad_norm":
        return _check_clipping(where, value)
    if isinstance(default, float):
        value = as_number(value)
    expected = type(default)
    if type(value) is not expected:
        raise InputError(f"{where}: {key} is {value!r}, expected {expected.__name__}, as in {default!r}")
    if key in CHOICES and value not in CHOICES[key]:
        raise InputError(f"{where}: {key} is {value!r}, expected one of {', '.join(CHOICES[key])}")
    if isinstance(value, list):
        if not 0 < len(value) <= LONGEST:
            raise InputError(f"{where}: {key} has {len(value)} values, expected a list as in {default!r}")
        return [check_value(where, key, element, default[0]) for element in value]
    if type(value) in (int, float):
        least = 1 if isinstance(value, int) and key not in ZERO else 0
        if not (math.isfinite(value) and value >= least):
            raise InputError(f"{where}: {key} is {value!r}, expected a number of at least {least}")
        if isinstance(value, int) and value > (most := SIZES.get(key, MOST)):
            raise InputError(f"{where}: {key} is {value!r}, expected at most {most}")
    return value


def as_number(value: Any) -> Any:
    """A whole number, or one written like 1e-3, which YAML 1.1 reads as text, as a float; anything else as it is."""
    try:
        return float(value) if isinstance(value, str | int) and not isinstance(value, bool) else value
    except (ValueError, OverflowError):
        return value


def check_space(where: str, space: object, defaults: dict) -> dict:
    """A config's `tune` block with every value checked, see `tastetune.config.search_space.check_space`.

    Args:
        defaults: a value of the right type by key.
    """
    keys = [key for key in defaults if key not in SHARED]
    lists = [key for key in keys if isinstance(defaults[key], list)]

    def check(key: str, value: Any) -> Any:
        return check_value(where, key, value, defaults[key])

    return search_space.check_space(where, "tune", space, keys=keys, lists=lists, check=check)


def _check_clipping(where: str, value: object) -> dict | None:
    """What gradients are clipped to: {max_norm: 5.0}, or None for nothing."""
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"max_norm"}:
        raise InputError(f"{where}: clip_grad_norm is {value!r}, expected {{max_norm: number}}")
    return {"max_norm": check_value(where, "max_norm", value["max_norm"], 1.0)}

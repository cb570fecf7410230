"""A config's values, checked, and the ranges that tuning may draw them from."""

import math
from typing import Any

from tastetune.baselines.recbole.registry import CHOICES
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
    """A `tune` block with every value checked.

    Args:
        space: by key a list of choices, a range {low, high} (drawn by its logarithm with `log: true`), or one value
            that every trial takes (so `epochs`, the most that a trial may train). None is no block.
        defaults: a value of the right type by key.

    Returns:
        By key a list of choices, or {low, high, log}.

    Raises:
        InputError: no block of keys, an unknown key, one that the trials must share, an empty list, or a range that is
            none.
    """
    if space is None:
        return {}
    if not isinstance(space, dict):
        raise InputError(f"{where}: tune is {space!r}, expected keys, each with its choices or its range")
    checked = {}
    for key, values in space.items():
        if key not in defaults or key in SHARED:
            raise InputError(f"{where}: {key!r} under 'tune' is no key that a trial can change; remove it")
        if isinstance(values, dict):
            checked[key] = _range(where, key, values, defaults[key])
        else:
            checked[key] = [check_value(where, key, value, defaults[key]) for value in _choices(values, defaults[key])]
        if checked[key] == []:
            raise InputError(f"{where}: {key} has no choices under 'tune'; name some or remove it")
    return checked


def suggest(trial, key: str, space: list | dict) -> object:
    """A value of `key` by an Optuna trial."""
    if isinstance(space, list):
        # Optuna keeps choices as plain values, so it is asked for the place of one.
        return space[trial.suggest_categorical(key, list(range(len(space))))]
    draw = trial.suggest_int if isinstance(space["low"], int) else trial.suggest_float
    return draw(key, space["low"], space["high"], log=space["log"])


def first(space: dict, values: dict) -> dict:
    """The parameters of the Optuna trial that takes `values`, as far as they lie in `space`."""
    parameters = {}
    for key, drawn_from in space.items():
        if isinstance(drawn_from, list) and values[key] in drawn_from:
            parameters[key] = drawn_from.index(values[key])
        elif isinstance(drawn_from, dict) and drawn_from["low"] <= values[key] <= drawn_from["high"]:
            parameters[key] = values[key]
    return parameters


def _choices(values: Any, default: Any) -> list:
    """What to choose among; where a value is a list itself, a list of plain values is one choice."""
    several = isinstance(values, list)
    if isinstance(default, list):
        several = several and all(isinstance(value, list) for value in values)
    return values if several else [values]


def _range(where: str, key: str, ends: dict, default: Any) -> dict:
    if not {"low", "high"} <= set(ends) <= {"low", "high", "log"}:
        raise InputError(
            f"{where}: {key} is {ends!r} under 'tune', expected a range {{low: ..., high: ..., log: true}}"
        )
    low, high = (check_value(where, key, ends[end], default) for end in ("low", "high"))
    log = check_value(where, key, ends.get("log", False), False)
    if type(low) not in (int, float) or not low < high or (log and low <= 0):
        raise InputError(f"{where}: {key} from {low!r} to {high!r} under 'tune' is no range of numbers; mend its ends")
    return {"low": low, "high": high, "log": log}


def _check_clipping(where: str, value: object) -> dict | None:
    """What gradients are clipped to: {max_norm: 5.0}, or None for nothing."""
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"max_norm"}:
        raise InputError(f"{where}: clip_grad_norm is {value!r}, expected {{max_norm: number}}")
    return {"max_norm": check_value(where, "max_norm", value["max_norm"], 1.0)}

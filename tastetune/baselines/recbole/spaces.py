"""A config's values, checked, and the ranges that tuning may draw them from."""

import math

from tastetune.errors import InputError

ZERO = ("seed", "eval_step", "stopping_step")
"""Whole numbers that may be 0; the others count something that must be there."""

PREPARED = ("seed", "load_col", "MAX_ITEM_LIST_LENGTH", "use_gpu", "eval_step")
"""Keys that no trial may change: the rows are read by them once, or the trials would not compare."""


def check_value(where: str, key: str, value: object, default: object) -> object:
    """`value`, as a float where one is expected.

    Raises:
        InputError: it is of another type than `default`, or out of range.
    """
    if isinstance(default, float) and not isinstance(value, bool):
        value = as_number(float(value) if isinstance(value, int) else value)
    expected = type(default)
    if default is not None and type(value) is not expected:
        raise InputError(f"{where}: {key} is {value!r}, expected {expected.__name__}, as in {default!r}")
    if type(value) in (int, float):
        least = 1 if isinstance(value, int) and key not in ZERO else 0
        if not (math.isfinite(value) and value >= least):
            raise InputError(f"{where}: {key} is {value!r}, expected a number of at least {least}")
    return value


def as_number(value: object) -> object:
    """A number written like 1e-3, which YAML 1.1 reads as text, as a float; anything else as it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def check_space(where: str, space: dict, defaults: dict) -> dict:
    """A `tune` block with every value checked.

    Args:
        space: by key a list of choices, a range {low, high} (drawn by its logarithm with `log: true`), or one value
            that every trial takes (so `epochs`, the most that a trial may train).
        defaults: a value of the right type by key.

    Returns:
        By key a list of choices, or {low, high, log}.

    Raises:
        InputError: an unknown key, one that the trials must share, an empty list, or a range that is none.
    """
    checked = {}
    for key, given in space.items():
        if key not in defaults or key in PREPARED:
            raise InputError(f"{where}: {key!r} under 'tune' is no key that a trial can change; remove it")
        if isinstance(given, list) and not isinstance(defaults[key], list):
            checked[key] = [check_value(where, key, value, defaults[key]) for value in given]
        elif isinstance(given, list) and all(isinstance(value, list) for value in given):
            checked[key] = given
        elif isinstance(given, dict):
            checked[key] = _range(where, key, given, defaults[key])
        else:
            checked[key] = [check_value(where, key, given, defaults[key])]
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
    found = {}
    for key, given in space.items():
        if isinstance(given, list) and values[key] in given:
            found[key] = given.index(values[key])
        elif isinstance(given, dict) and given["low"] <= values[key] <= given["high"]:
            found[key] = values[key]
    return found


def _range(where: str, key: str, given: dict, default: object) -> dict:
    if not {"low", "high"} <= set(given) <= {"low", "high", "log"}:
        raise InputError(
            f"{where}: {key} is {given!r} under 'tune', expected a range {{low: ..., high: ..., log: true}}"
        )
    low, high = (check_value(where, key, given[end], default) for end in ("low", "high"))
    log = check_value(where, key, given.get("log", False), False)
    if type(low) not in (int, float) or not low < high or (log and low <= 0):
        raise InputError(f"{where}: {key} from {low!r} to {high!r} under 'tune' is no range of numbers; mend its ends")
    return {"low": low, "high": high, "log": log}

"""What settings may be tried: by key a list of choices or a range, as a person writes it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from tastetune.errors import InputError

Check = Callable[[str, Any], Any]
"""Takes a key and a value, and returns the value as it counts; raises InputError at one that the key does not take."""


def check_space(
    where: str, block: str, space: object, *, keys: Collection[str], lists: Collection[str] = (), check: Check
) -> dict[str, Any]:
    """A block of choices and ranges with every value checked.

    Args:
        where: how a message begins.
        block: the key that the block stands under.
        space: by key a list of choices, a range {low, high} (drawn by its logarithm with `log: true`), or one value
            that every trial takes. None is no block.
        keys: those that a trial can change.
        lists: those of them whose values are lists themselves.

    Returns:
        By key a list of choices, or {low, high, log}.

    Raises:
        InputError: no block of keys, an unknown key, a value that `check` refuses, an empty list, or a range that is
            none.
    """
    if space is None:
        return {}
    if not isinstance(space, dict):
        raise InputError(f"{where}: {block} is {space!r}, expected keys, each with its choices or its range")
    checked: dict[str, Any] = {}
    for key, values in space.items():
        if key not in keys:
            raise InputError(f"{where}: {key!r} under {block!r} is no key that a trial can change; remove it")
        if isinstance(values, dict):
            checked[key] = _range(f"{where}: {key}", block, key, values, check)
        else:
            checked[key] = [check(key, value) for value in _choices(values, is_list=key in lists)]
        if checked[key] == []:
            raise InputError(f"{where}: {key} has no choices under {block!r}; name some or remove it")
    return checked


def _choices(values: Any, *, is_list: bool) -> list:
    """What to choose among; where a value is a list itself, a list of plain values is one choice."""
    several = isinstance(values, list)
    if is_list:
        several = several and all(isinstance(value, list) for value in values)
    return values if several else [values]


def _range(label: str, block: str, key: str, ends: Mapping, check: Check) -> dict[str, Any]:
    if not {"low", "high"} <= set(ends) <= {"low", "high", "log"}:
        raise InputError(f"{label} is {ends!r} under {block!r}, expected a range {{low: ..., high: ..., log: true}}")
    low, high = (check(key, ends[end]) for end in ("low", "high"))
    log = ends.get("log", False)
    if type(log) is not bool:
        raise InputError(f"{label}: log is {log!r} under {block!r}, expected true or false")
    if type(low) not in (int, float) or not low < high or (log and low <= 0):
        raise InputError(f"{label} from {low!r} to {high!r} under {block!r} is no range of numbers; mend its ends")
    return {"low": low, "high": high, "log": log}

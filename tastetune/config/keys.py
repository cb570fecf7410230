"""Dataclasses whose fields are keys: of what type each is, what it means, and an instance from values."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from tastetune.errors import InputError


def hints(argument_types: Sequence[type[Any]]) -> dict[str, Any]:
    """The type of every key."""
    return {
        field.name: types[field.name]
        for kind, types in ((kind, get_type_hints(kind)) for kind in argument_types)
        for field in fields(kind)
        if field.init
    }


def instance(kind: type[Any], values: Mapping[str, Any], path: str, places: Mapping[str, str]) -> Any:
    """One of `kind` from those of `values` that are its keys.

    Args:
        path: the recipe.
        places: how a message begins that is about a key, of each that stands in the recipe or is a flag.

    Raises:
        InputError: a key is missing, or what `kind` refuses.
    """
    keys = [field for field in fields(kind) if field.init]
    for field in keys:
        if field.name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise InputError(f"{path}: key {field.name!r} is missing; write it there, or give --{field.name}")
    own = {field.name: values[field.name] for field in keys if field.name in values}
    try:
        return kind(**own)
    except InputError:
        raise
    except Exception as error:  # a library's configuration raises errors of every kind at values that it does not take
        key = next((key for key in own if key in places and _is_taken(kind, own, key)), None)
        what = f"{places[key]} is {own[key]!r}" if key else path
        raise InputError(f"{what}: {' '.join(str(error).split()) or type(error).__name__}") from error


def _is_taken(kind: type[Any], values: Mapping[str, Any], without: str) -> bool:
    """Whether `kind` takes the values once one of them is left out, which so is the one that it does not take."""
    try:
        kind(**{key: value for key, value in values.items() if key != without})
    except Exception:
        return False
    return True


def key_help(argument_types: Sequence[type[Any]]) -> list[str]:
    """Lines that name the keys: the project's own with their meaning; of a library's configuration its name."""
    lines = ["", "Keys of the recipe, each a flag as well:"]
    for kind in argument_types:
        of_trl = next((base for base in kind.__mro__ if base.__module__.partition(".")[0] == "trl"), None)
        if of_trl:
            lines.append(f"  every field of trl.{of_trl.__name__}")
        taken = {field.name for field in fields(of_trl)} if of_trl else set()
        named = [field for field in fields(kind) if field.name not in taken]
        lines += [f"  --{field.name:<24} {field.metadata.get('help', '')}".rstrip() for field in named]
    return lines

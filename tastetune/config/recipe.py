"""A recipe: a YAML file in the first position, flags that override it behind, typed arguments out."""

import argparse
import difflib
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_type_hints

from tastetune.config.arguments import (
    AdapterArguments,
    AnswerArguments,
    DataArguments,
    GenerationArguments,
    SftArguments,
    ValidationArguments,
)
from tastetune.config.recipe_file import load_recipe
from tastetune.config.run_folder import RunFolder
from tastetune.config.values import checked, from_words
from tastetune.config.yaml import unknown_key
from tastetune.errors import InputError

OWN_KEYS = (
    DataArguments,
    SftArguments,
    ValidationArguments,
    AdapterArguments,
    AnswerArguments,
    GenerationArguments,
)
"""Their fields may stand in every recipe, whichever script reads it: one recipe is trained, answered and scored."""

NEAR_MISS = 0.85
"""From this likeness on (`difflib`'s ratio) a key that a script does not know counts as a misspelt one of its own."""


def parse_recipe(
    usage: str, argument_types: Sequence[type[Any]], argv: Sequence[str] | None = None, output: str = "adapter"
) -> tuple:
    """Parse `RECIPE.yaml [--key value ...]` into one instance of each dataclass of `argument_types`.

    What follows from `run_dir` need not be named: `dataset_name` is its `data`, `output_dir` its `output`, and
    `sft_adapter` its `adapter`. On a machine without an accelerator `use_cpu` defaults to true, so that a recipe
    written for a GPU runs there.

    Args:
        usage: the script's docstring, printed for `--help` and when no recipe is named.
        argument_types: dataclasses whose fields are the recipe's keys and the flags.
        argv: arguments; those of the process by default.
        output: the folder inside `run_dir` that the script writes.

    Raises:
        InputError: an unknown key or flag, a value of the wrong type or beyond its limits, a key that is missing, or
            what a dataclass refuses.
        SystemExit: after `--help`.
    """
    return _parse(usage, argument_types, argv, output=output)


def read_recipe(
    usage: str, argument_types: Sequence[type[Any]], argv: Sequence[str] | None = None, *, other_flags: bool = False
) -> tuple:
    """`parse_recipe` for a script that trains nothing: it needs no library of training to be installed.

    Keys of the recipe that only training's libraries know are passed over, unless one looks like a misspelt key of
    `argument_types`. Flags are as strict as everywhere, and may do without a recipe.

    Args:
        other_flags: pass over unknown flags too, for a script that reads the same line by `parse_recipe` afterwards.
    """
    return _parse(usage, argument_types, argv, pass_over=True, other_flags=other_flags)


def refuse_unbuilt(argv: Sequence[str] | None = None) -> None:
    """Refuse to start where the dataset of the recipe is not built yet; asked before any heavy library is loaded.

    Raises:
        InputError: the dataset lies in `run_dir` and is not there; the message says which command builds it.
    """
    argv = sys.argv[1:] if argv is None else argv
    if argv and not argv[0].startswith("-") and not {"-h", "--help"} & set(argv):
        (data_args,) = _parse("", [DataArguments], argv, pass_over=True, other_flags=True)
        data_args.refuse_unbuilt()


def _parse(
    usage: str,
    argument_types: Sequence[type[Any]],
    argv: Sequence[str] | None,
    *,
    output: str = "adapter",
    pass_over: bool = False,
    other_flags: bool = False,
) -> tuple:
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv or {"-h", "--help"} & set(argv):
        print(usage.strip(), *_key_help(argument_types), sep="\n")
        raise SystemExit(0 if argv else 2)
    path, words = (None, argv) if argv[0].startswith("-") and pass_over else (argv[0], argv[1:])
    if path is not None and path.startswith("-"):
        raise InputError(f"the first argument is {path!r}; expected a recipe: a YAML file, then flags")
    own = _hints(argument_types)
    known = _hints(OWN_KEYS) | own
    values, places = load_recipe(path) if path else ({}, {})
    path = path or "no recipe"
    for key, place in places.items():
        if key not in known and (not pass_over or difflib.get_close_matches(key, own, n=1, cutoff=NEAR_MISS)):
            raise unknown_key(place, key, own if pass_over else known)
    values = {key: checked(key, v, known[key], f"{places[key]}: {key}") for key, v in values.items() if key in known}
    flags = _read_flags(words, own, f"{path} with {' '.join(words)}", other_flags)
    values = _with_defaults(values | flags, own, output)
    if {"run_dir", "dataset_name"} & set(flags) and values.get("built_by") and values.get("dataset_name"):
        values["built_by"] = _building(values["built_by"], values["dataset_name"])
    try:
        return tuple(_instance(kind, values, path) for kind in argument_types)
    except (ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} with {' '.join(words) or 'no flags'}: {error}") from error


def _hints(argument_types: Sequence[type[Any]]) -> dict[str, Any]:
    """The type of every key."""
    return {
        field.name: hints[field.name]
        for kind, hints in ((kind, get_type_hints(kind)) for kind in argument_types)
        for field in fields(kind)
        if field.init
    }


def _read_flags(words: Sequence[str], hints: Mapping[str, Any], command: str, other_flags: bool) -> dict[str, Any]:
    """Values of `--key value ...` and `--key=value`; `--some-key` is `--some_key`."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    for name in hints:
        parser.add_argument(*dict.fromkeys((f"--{name}", f"--{name.replace('_', '-')}")), dest=name, nargs="*")
    words_by_key, rest = parser.parse_known_args(words)
    if rest and not other_flags:
        near = difflib.get_close_matches(rest[0].partition("=")[0], [f"--{name}" for name in hints], n=1)
        what = "unknown flag" if rest[0].startswith("-") else "a word that belongs to no flag:"
        raise InputError(f"{command}: {what} {rest[0]}; " + (f"did you mean {near[0]}?" if near else "see --help"))
    return {
        name: checked(name, from_words(value, hints[name]), hints[name], f"--{name}")
        for name, value in vars(words_by_key).items()
    }


def _with_defaults(values: dict[str, Any], own: Collection[str], output: str) -> dict[str, Any]:
    """`values` and what follows from them."""
    if values.get("run_dir"):
        folder = RunFolder(Path(values["run_dir"]))
        places = {"dataset_name": folder.data, "output_dir": folder.root / output, "sft_adapter": folder.adapter}
        values |= {key: str(place) for key, place in places.items() if values.get(key) is None}
    elif "output_dir" in own and not values.get("output_dir"):
        raise InputError("run_dir is missing; name the run's folder in the recipe, such as run_dir: outputs/ml1m")
    if "use_cpu" in own and "use_cpu" not in values:
        import torch

        values["use_cpu"] = not torch.accelerator.is_available()
    return values


def _building(command: str, folder: str) -> str:
    """The recipe's command that builds its dataset, for another folder."""
    return re.sub(r" --output_dir \S+$", "", command) + f" --output_dir {folder}"


def _instance(kind: type[Any], values: Mapping[str, Any], path: str) -> Any:
    keys = [field for field in fields(kind) if field.init]
    for field in keys:
        if field.name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise InputError(f"{path}: key {field.name!r} is missing; write it there, or give --{field.name}")
    return kind(**{field.name: values[field.name] for field in keys if field.name in values})


def _key_help(argument_types: Sequence[type[Any]]) -> list[str]:
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

"""A recipe: a YAML file in the first position, flags that override it behind, typed arguments out."""

import argparse
import difflib
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from tastetune.config.arguments import (
    AdapterArguments,
    AnswerArguments,
    DataArguments,
    GenerationArguments,
    SftArguments,
)
from tastetune.config.keys import hints, instance, key_help
from tastetune.config.processes import refuse_lone_process
from tastetune.config.recipe_file import load_recipe
from tastetune.config.run_folder import RunFolder
from tastetune.config.validation import ValidationArguments
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
            what a dataclass refuses; or see `refuse_lone_process`.
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


def key_places(argv: Sequence[str] | None = None) -> dict[str, str]:
    """Where each key that a command sets stands: `recipes/ml1m.yaml, line 3: max_steps`, or `--max_steps`."""
    argv = sys.argv[1:] if argv is None else argv
    _, places = load_recipe(argv[0])
    flags = [word.partition("=")[0] for word in argv[1:] if word.startswith("--")]
    return {key: f"{place}: {key}" for key, place in places.items()} | {
        flag.removeprefix("--").replace("-", "_"): flag for flag in flags
    }


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
        print(usage.strip(), *key_help(argument_types), sep="\n")
        raise SystemExit(0 if argv else 2)
    refuse_lone_process()
    path, words = (None, argv) if argv[0].startswith("-") and pass_over else (argv[0], argv[1:])
    if path is not None and path.startswith("-"):
        raise InputError(f"the first argument is {path!r}; expected a recipe: a YAML file, then flags")
    own = hints(argument_types)
    known = hints(OWN_KEYS) | own
    values, places = load_recipe(path) if path else ({}, {})
    path = path or "no recipe"
    for key, place in places.items():
        if key not in known and (not pass_over or difflib.get_close_matches(key, own, n=1, cutoff=NEAR_MISS)):
            raise unknown_key(place, key, own if pass_over else known)
    values = {key: checked(key, v, known[key], f"{places[key]}: {key}") for key, v in values.items() if key in known}
    flags, rest = _read_flags(words, own)
    if rest and not other_flags:
        raise _unknown_word(f"{path} with {' '.join(words)}", rest[0], own, {*places, *known})
    values = _with_defaults(values | flags, own, output)
    if {"run_dir", "dataset_name"} & set(flags) and values.get("built_by") and values.get("dataset_name"):
        values["built_by"] = _building(values["built_by"], values["dataset_name"])
    places = {key: f"{place}: {key}" for key, place in places.items()} | {key: f"--{key}" for key in flags}
    return tuple(instance(kind, values, path, places) for kind in argument_types)


def _read_flags(words: Sequence[str], types: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Values of `--key value ...` and `--key=value`, and the words of no flag; `--some-key` is `--some_key`."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    for name in types:
        parser.add_argument(*dict.fromkeys((f"--{name}", f"--{name.replace('_', '-')}")), dest=name, nargs="*")
    words_by_key, rest = parser.parse_known_args(words)
    values = {
        name: checked(name, from_words(value, types[name]), types[name], f"--{name}")
        for name, value in vars(words_by_key).items()
    }
    return values, rest


def _unknown_word(command: str, word: str, own: Collection[str], keys: Collection[str]) -> InputError:
    """The error for a word that is no flag of a script with the keys `own`; `keys`: all that a recipe may hold."""
    if not word.startswith("-"):
        return InputError(f"{command}: a word that belongs to no flag: {word}; see --help")
    name = word.partition("=")[0].lstrip("-").replace("-", "_")
    flags = difflib.get_close_matches(name, own, n=1)
    others = difflib.get_close_matches(name, set(keys) - set(own), n=1, cutoff=NEAR_MISS)
    remedies = [f"did you mean --{flag}?" for flag in flags]
    remedies += [f"{key} is a key of the recipe that this script does not take" for key in others]
    return InputError(f"{command}: unknown flag {word}; " + ("; ".join(remedies) or "see --help"))


def _with_defaults(values: dict[str, Any], own: Collection[str], output: str) -> dict[str, Any]:
    """`values` and what follows from them."""
    if values.get("run_dir"):
        folder = RunFolder(Path(values["run_dir"]))
        places = {"dataset_name": folder.data, "output_dir": folder.root / output, "sft_adapter": folder.adapter}
        if empty := [key for key in places if values.get(key) == ""]:
            raise InputError(f"{empty[0]} is empty; name a folder, or leave the key out, for it follows from run_dir")
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

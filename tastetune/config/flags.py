"""The command line that every builder shares."""

import sys
from argparse import ArgumentDefaultsHelpFormatter, RawDescriptionHelpFormatter
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Literal, TypeVar

from tastetune.config.yaml import load_yaml, refuse_unknown
from tastetune.errors import InputError


@dataclass
class BuildArguments:
    """What every builder asks."""

    output_dir: str = field(metadata={"help": "Folder to write the dataset to; an older one there is replaced."})
    name: str | None = field(default=None, metadata={"help": "The dataset's name in tables; its source's if none."})
    protocol: Literal["per_user", "timeline"] = field(
        default="per_user",
        metadata={"help": "`per_user`: the last tenth of each user is test; `timeline`: the last tenth of all."},
    )
    history: Literal["prior", "train"] = field(
        default="prior",
        metadata={
            "help": "What a history may hold: `prior`, whatever the user rated before the target, earlier test ratings "
            "included; `train`, for validation and test targets only ratings of the training part."
        },
    )
    history_length: int = field(default=10, metadata={"help": "Ratings in a history, the last before the target."})
    genres: bool = field(default=False, metadata={"help": "Name the genres of every item in the prompt."})
    ratings: bool = field(default=False, metadata={"help": "Show the history as stars, not as likes and dislikes."})
    neutral_titles: bool = field(
        default=False,
        metadata={"help": "Replace titles by neutral names (Movie 1193), to see what a model knew before training."},
    )
    test_sample: int = field(default=2000, metadata={"help": "Rows drawn from the test split into test_sample."})
    seed: int = field(default=42, metadata={"help": "Seed of everything drawn."})
    max_prompt_tokens: int | None = field(
        default=None, metadata={"help": "Drop the oldest history from prompts of more tokens; needs --tokenizer."}
    )
    tokenizer: str | None = field(default=None, metadata={"help": "Folder or Hub id of the tokenizer that counts."})
    push_to_hub: str | None = field(default=None, metadata={"help": "Also push the folder to this org/name."})
    public: bool = field(default=False, metadata={"help": "Make the pushed repository public; it is private if not."})


Arguments = TypeVar("Arguments", bound=BuildArguments)


def parse(arguments: type[Arguments], description: str) -> Arguments:
    """The command line as an `arguments` object; `description` heads its `--help`.

    A first argument that ends in .yaml names a file of flags, one `key: value` each; flags behind it win.

    Raises:
        InputError: an unknown key, values that cannot be, or that need another flag.
    """
    given, places = sys.argv[1:], {}
    if given and given[0].endswith((".yaml", ".yml")):
        flags, places = _flags(given[0], [f.name for f in fields(arguments)])
        given = [*flags, *given[1:]]
    args = _parsed(arguments, description, given, places)
    for name in ("history_length", "test_sample", "max_prompt_tokens"):
        if (value := getattr(args, name)) is not None and value < 1:
            raise InputError(f"--{name} {value}: expected 1 or more")
    if (args.max_prompt_tokens is None) != (args.tokenizer is None):
        raise InputError("--max_prompt_tokens and --tokenizer go together; give both or neither")
    if args.public and not args.push_to_hub:
        raise InputError("--public says how to push; name the repository with --push_to_hub org/name")
    return args


class _Help(ArgumentDefaultsHelpFormatter, RawDescriptionHelpFormatter):
    """Defaults named, and the usage of the description left in its lines."""


def _flags(path: str, known: list[str]) -> tuple[list[str], dict[str, str]]:
    """A file's keys as flags, and where each stands."""
    values, lines = load_yaml(path)
    refuse_unknown(path, lines, known)
    for key, value in values.items():
        if not isinstance(value, str | int | float):
            raise InputError(
                f"{path}, line {lines[key]}: {key} needs one value, as the flag --{key} does; got {value!r}"
            )
    flags = [part for key, value in values.items() for part in (f"--{key}", str(value))]
    return flags, {f"--{key}": f"{path}, line {line}: " for key, line in lines.items()}


def _parsed(arguments: type[Arguments], description: str, given: list[str], places: dict[str, str]) -> Arguments:
    from transformers import HfArgumentParser

    def complain(message: str):
        place = next((place for flag, place in places.items() if f"{flag}:" in message or f"{flag}/" in message), "")
        raise InputError(f"{place}{message}; see --help")

    parser = HfArgumentParser(arguments, description=description, formatter_class=_Help)
    parser.error = complain
    args, unknown = parser.parse_args_into_dataclasses(given, return_remaining_strings=True)
    if unknown:
        near = get_close_matches(unknown[0], [f"--{f.name}" for f in fields(arguments)], n=1)
        raise InputError(f"unknown argument {unknown[0]}; " + (f"did you mean {near[0]}?" if near else "see --help"))
    return args

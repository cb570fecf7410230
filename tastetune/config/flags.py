"""The command line that every builder shares: a file of flags or none, then flags."""

import sys
from argparse import ArgumentDefaultsHelpFormatter, RawDescriptionHelpFormatter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal, TypeVar

from tastetune.config.output import OutputArguments
from tastetune.config.values import SEEDS, check_text
from tastetune.config.yaml import load_yaml, refuse_unknown
from tastetune.errors import InputError

PROMPTS, PARTS = "prompts", "parts"
"""What rows of likes and dislikes keep."""


@dataclass(kw_only=True)
class BuildArguments(OutputArguments):
    """What every builder of likes and dislikes asks."""

    name: str | None = field(default=None, metadata={"help": "The dataset's name in tables; its source's if none."})
    protocol: Literal["per_user", "timeline"] = field(
        default="per_user",
        metadata={"help": "`per_user`: the last tenth of each user is test; `timeline`: the last tenth of all."},
    )
    ties: Literal["item_id", "hash"] = field(
        default="item_id",
        metadata={"help": "What orders a user's ratings of one moment: `item_id`, the ids as text; `hash`, a lot."},
    )
    like_rule: Literal["threshold", "user_median", "log"] | None = field(
        default=None,
        metadata={
            "help": "What makes a like: `threshold`, a rating from which on; `user_median`, more than is usual for the "
            "user; `log`, a threshold for counts, which models then see on a log scale. `log` for counts if none."
        },
    )
    history: Literal["prior", "train"] = field(
        default="prior",
        metadata={
            "help": "What a history may hold: `prior`, whatever the user rated before the target, earlier test ratings "
            "included; `train`, for validation and test targets only ratings of the training part."
        },
    )
    history_length: int = field(default=10, metadata={"help": "Ratings in a history, the last before the target."})
    prompt_style: Literal["compact", "published"] = field(
        default="compact", metadata={"help": "Layout of a prompt: `published`, that of the published study; `compact`."}
    )
    genres: bool = field(default=False, metadata={"help": "Name the genres of every item in the prompt."})
    ratings: bool = field(default=False, metadata={"help": "Show the history as stars, not as likes and dislikes."})
    times: bool = field(default=False, metadata={"help": "Say how long before the target an item was rated."})
    neutral_titles: bool = field(
        default=False,
        metadata={"help": "Replace titles by neutral names (Movie 1193), to see what a model knew before training."},
    )
    store: Literal["prompts", "parts"] = field(
        default=PROMPTS,
        metadata={
            "help": "What a row keeps: `prompts`, its prompt and its answer; `parts`, for a large log, what these are "
            "made of: they are then written as rows are read, the same to the letter."
        },
    )
    test_sample: int = field(default=2000, metadata={"help": "Rows drawn from the test split into test_sample."})
    seed: int = field(default=42, metadata={"help": "Seed of everything drawn."})
    max_prompt_tokens: int | None = field(
        default=None, metadata={"help": "Drop the oldest history from prompts of more tokens; needs --tokenizer."}
    )
    tokenizer: str | None = field(default=None, metadata={"help": "Folder or Hub id of the tokenizer that counts."})

    def __post_init__(self):
        super().__post_init__()
        for name in ("history_length", "test_sample", "max_prompt_tokens"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise InputError(f"--{name} {value}: expected 1 or more")
        if self.store == PARTS and self.push_to_hub and not self.recipe_only:
            raise InputError("--store parts keeps no prompts, and what is pushed holds them; leave --store parts out")
        if (self.max_prompt_tokens is None) != (self.tokenizer is None):
            raise InputError("--max_prompt_tokens and --tokenizer go together; give both or neither")

    @property
    def variant(self) -> str:
        """What a prompt shows or hides beyond the plain titles, as the end of a run's name: `-genres-ratings`."""
        inputs = {"genres": self.genres, "ratings": self.ratings, "times": self.times, "neutral": self.neutral_titles}
        return "".join(f"-{name}" for name, is_on in inputs.items() if is_on)


GREATEST = 1e15
"""No number is further from 0: up to here every whole one is exact."""

MOST = {
    "seed": SEEDS,
    "history_length": (1, 10_000),
    "negatives": (0, 1000),
    "max_prompt_tokens": (1, 2**20),
    "test_sample": (1, 2**31),
}
"""The least and the most that a flag may be, where a slip would be met by the memory."""

Arguments = TypeVar("Arguments", bound=OutputArguments)


def parse(arguments: type[Arguments], usage: str) -> Arguments:
    """The command line as an `arguments` object; `usage`, the script's docstring, heads its `--help`.

    A first argument that ends in .yaml names a file of flags, one `key: value` each; flags behind it win.

    Raises:
        InputError: an unknown key or flag, a value of another type, or one that `arguments` refuses.
    """
    argv, places = sys.argv[1:], {}
    if argv and argv[0].endswith((".yaml", ".yml")):
        flags, places = _flags(argv[0], [f.name for f in fields(arguments)])
        argv = [*flags, *argv[1:]]
    return parsed(arguments, usage, argv, places)


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
    flags = [f"--{key}={value}" for key, value in values.items()]  # one word, which no value can break out of
    return flags, {f"--{key}": f"{path}, line {line}: " for key, line in lines.items()}


def parsed(
    arguments: type[Arguments], usage: str, argv: list[str], places: Mapping[str, str] = MappingProxyType({})
) -> Arguments:
    """These words of a command line as an `arguments` object; see `parse`.

    Args:
        places: where a flag was written down, by the flag, in words that begin a message.
    """
    from transformers import HfArgumentParser

    def complain(message: str):
        place = next((place for flag, place in places.items() if f"{flag}:" in message or f"{flag}/" in message), "")
        raise InputError(f"{place}{message}; see --help")

    parser = HfArgumentParser(arguments, description=usage, formatter_class=_Help, allow_abbrev=False)
    parser.error = complain
    args, unknown = parser.parse_args_into_dataclasses(argv, return_remaining_strings=True, look_for_args_file=False)
    if unknown:
        near = get_close_matches(unknown[0], [f"--{f.name}" for f in fields(arguments)], n=1)
        raise InputError(f"unknown argument {unknown[0]}; " + (f"did you mean {near[0]}?" if near else "see --help"))
    for f in fields(arguments):
        place = places.get(f"--{f.name}", "")
        _check_value(f"{place}--{f.name}", getattr(args, f.name), *MOST.get(f.name, (-GREATEST, GREATEST)))
    return args


def _check_value(label: str, value: object, least: float, most: float) -> None:
    if isinstance(value, str):
        check_text(label, value)
    elif isinstance(value, list):  # what argparse makes of `--name=--`; no flag of a builder is a list
        raise InputError(f"{label}: expected one value")
    elif isinstance(value, int | float) and not least <= value <= most:  # NaN is neither
        raise InputError(f"{label} {value}: expected a number from {least:g} to {most:g}")

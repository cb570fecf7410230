"""A recipe: a YAML file in the first position, flags that override it behind, typed arguments out."""

import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import torch
from trl import TrlParser

from tastetune.config.run_folder import RunFolder
from tastetune.config.yaml import load_yaml, refuse_unknown
from tastetune.errors import InputError


@dataclass
class DataArguments:
    """Which rows a recipe is about."""

    run_dir: str | None = field(
        default=None, metadata={"help": "The run's folder: data/, adapter/, predictions/ and scores.json lie in it."}
    )
    dataset_name: str | None = field(
        default=None, metadata={"help": "Built dataset: a folder, or its Hub id; run_dir's data/ if none."}
    )
    dataset_revision: str | None = field(default=None, metadata={"help": "Branch, tag or commit of a Hub dataset."})
    dataset_config: str | None = field(
        default=None, metadata={"help": "What its rows are asked, a task's name; what they were built for if none."}
    )
    dataset_train_split: str = field(
        default="train+validation", metadata={"help": "Splits to train on, joined by '+'; the published part is both."}
    )

    @property
    def folder(self) -> RunFolder:
        """The run's folder.

        Raises:
            InputError: the recipe names none.
        """
        if self.run_dir is None:
            raise InputError("run_dir is missing; name the run's folder in the recipe, such as run_dir: outputs/ml1m")
        return RunFolder(Path(self.run_dir))

    @property
    def dataset(self) -> str:
        """The dataset's folder or Hub id.

        Raises:
            InputError: as `folder`.
        """
        return self.dataset_name or str(self.folder.data)


@dataclass
class AnswerArguments:
    """Which models answer which rows; what training reads of a recipe, it passes over."""

    split: str = field(default="test", metadata={"help": "The split to answer."})
    shots: list[int] = field(
        default_factory=lambda: [0], metadata={"help": "Worked examples before the base model's prompts, one row each."}
    )
    checkpoints: list[int] = field(
        default_factory=list, metadata={"help": "Steps of the run that answer as well, beside where it ended."}
    )
    modes: list[str] = field(
        default_factory=list,
        metadata={"help": "How answers are read, by the task's modes; its first if none."},
    )
    baselines: list[str] = field(
        default_factory=list,
        metadata={"help": "Baselines beside the trivial ones, files of recbole_configs/."},
    )
    max_batch_tokens: int = field(default=16384, metadata={"help": "Padded tokens in one batch of prompts."})


@dataclass
class SftArguments(DataArguments):
    """The keys of a fine-tuning recipe that TRL has no field for."""

    total_train_batch_size: int | None = field(
        default=None,
        metadata={"help": "Examples a step over all processes; sets gradient_accumulation_steps accordingly."},
    )


@dataclass
class AdapterArguments:
    """What a run goes on from."""

    sft_adapter: str | None = field(default=None, metadata={"help": "Adapter to start from: a folder or a Hub id."})


@dataclass
class GenerationArguments:
    """How answers are written; nothing is taken from the defaults that a model brings along."""

    do_sample: bool = field(default=False, metadata={"help": "Draw each token; otherwise take the likeliest."})
    temperature: float = field(default=1.0, metadata={"help": "Divides the logits before drawing."})
    top_p: float = field(default=1.0, metadata={"help": "Draw from the likeliest tokens that hold this share."})
    top_k: int = field(default=0, metadata={"help": "Draw from so many of the likeliest tokens; 0: from all."})
    max_new_tokens: int = field(default=384, metadata={"help": "A free answer is cut off after so many tokens."})


def parse_recipe(usage: str, argument_types: Sequence[type], argv: Sequence[str] | None = None) -> tuple:
    """Parse `RECIPE.yaml [--key value ...]` into one instance of each dataclass of `argument_types`.

    On a machine without an accelerator `use_cpu` defaults to true, so that a recipe written for a GPU runs there.

    Args:
        usage: the script's docstring, printed for `--help` and when no recipe is named.
        argument_types: dataclasses whose fields are the recipe's keys and the flags.
        argv: arguments; those of the process by default.

    Raises:
        InputError: an unknown key or flag, a value of the wrong type, or a value that a dataclass refuses.
        SystemExit: after `--help`.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv or {"-h", "--help"} & set(argv):
        print(usage.strip())
        raise SystemExit(0 if argv else 2)
    path, *flags = argv
    if path.startswith("-"):
        raise InputError(f"the first argument is {path!r}; expected a recipe: a YAML file, then flags")
    values, lines = load_yaml(path)
    hints = {name: hint for kind in argument_types for name, hint in get_type_hints(kind).items()}
    known = {f.name for kind in argument_types for f in fields(kind) if f.init}
    refuse_unknown(path, lines, known)
    values = {key: _typed(path, lines[key], key, value, hints[key]) for key, value in values.items()}
    if "use_cpu" in known and not torch.accelerator.is_available():
        values.setdefault("use_cpu", True)
    parser = TrlParser(list(argument_types), usage=usage.strip(), allow_abbrev=False)
    parser.set_defaults_with_config(**values)
    try:
        return tuple(parser.parse_args_into_dataclasses(args=flags))
    except (ValueError, TypeError) as error:
        raise InputError(f"{path} with {' '.join(flags) or 'no flags'}: {error}") from error


def _typed(path: str, line: int, key: str, value: Any, hint: Any) -> Any:
    """`value` if it fits `hint`; numbers that YAML reads as text (5e-5) become floats."""
    if not _fits(value, hint):
        raise InputError(
            f"{path}, line {line}: {key} is {value!r} ({type(value).__name__}); expected {_describe(hint)}"
        )
    return float(value) if isinstance(value, str) and not _fits_text(hint) else value


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
    except (TypeError, ValueError):
        return False


def _fits_text(hint: Any) -> bool:
    """Whether a text may stay a text: its type allows one, or is no plain number."""
    options = get_args(hint) or (hint,)
    return float not in options or str in options


def _describe(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, get_args(hint)))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(repr(member.value) for member in hint)
    return getattr(hint, "__name__", str(hint)) if isinstance(hint, type) else str(hint).replace("typing.", "")

"""What can go wrong in a run and can be seen before it starts: each check says what it saw, or what to do."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from transformers import TrainingArguments

from tastetune.artifacts.run import total_batch_size
from tastetune.errors import InputError
from tastetune.language_models.batching import context_length
from tastetune.training.configs import refuse_unobeyed
from tastetune.training.constructions import check_model, check_optimizer, check_trackers
from tastetune.training.data import check_lengths, set_total_batch_size
from tastetune.training.dataset_checks import Doubt, check_catalogue, check_labels, check_splits
from tastetune.training.preparation import Preparation
from tastetune.training.runs import check_push
from tastetune.training.spelling import check_spelling


class Finding(NamedTuple):
    """What a check saw: its name, how it ended, and a line of text."""

    check: str
    level: Literal["ok", "warning", "error"]
    text: str


def examine(run: Preparation) -> Iterator[Finding]:
    """Every check of `CHECKS`; what stops two of them is told once."""
    errors = set()
    for name, check in CHECKS.items():
        try:
            yield Finding(name, "ok", check(run))
        except Doubt as doubt:
            yield Finding(name, "warning", str(doubt))
        except InputError as error:
            if str(error) not in errors:
                errors.add(str(error))
                yield Finding(name, "error", str(error))


def refuse_faults(run: Preparation, say: Callable[[str], None]) -> None:
    """Every check, told by `say` where something is doubtful.

    Raises:
        InputError: the first error.
    """
    for finding in examine(run):
        if finding.level == "error":
            raise InputError(finding.text)
        if finding.level == "warning":
            say(f"warning: {finding.text}")


def _keys(run: Preparation) -> str:
    refuse_unobeyed(run.training)
    return f"{len(run.places)} set, all of them obeyed"


def _batch(run: Preparation) -> str:
    set_total_batch_size(run.training, run.data.total_train_batch_size)
    return f"{total_batch_size(run.training)} examples a step"


def _output(run: Preparation) -> str:
    refuse_unwritable(run.training.output_dir)
    return run.training.output_dir


def _trackers(run: Preparation) -> str:
    return check_trackers(run.training, run.places)


def _pushing(run: Preparation) -> str:
    if not run.training.push_to_hub:
        return "nothing is pushed"
    check_push(run.training, run.model.model_name_or_path)
    return "logged in"


def _dataset(run: Preparation) -> str:
    return f"{run.dataset.name}, fingerprint {run.dataset.fingerprint}"


def _rows(run: Preparation) -> str:
    return f"{len(run.rows):,} rows to train on"


def _validation(run: Preparation) -> str:
    return f"{len(run.validation.rows):,} rows at each evaluation" if run.validation else "no evaluation while training"


def _spelling(run: Preparation) -> str:
    return check_spelling(run.tokenizer, run.rows)


def _lengths(run: Preparation) -> str:
    context = context_length(run.config)
    for part in (run.rows, run.validation.rows) if run.validation else (run.rows,):
        check_lengths(part, run.tokenizer, run.training.max_length, context=context)
    return f"all rows fit into max_length {run.training.max_length} and a context of {context}"


def _optimizer(run: Preparation) -> str:
    return check_optimizer(run.training, run.steps, run.places)


def _model(run: Preparation) -> str:
    return check_model(run.model, run.config, run.places)


CHECKS: dict[str, Callable[[Preparation], str]] = {
    "keys": _keys,
    "batch": _batch,
    "output": _output,
    "trackers": _trackers,
    "dataset": _dataset,
    "splits": check_splits,
    "catalogue": check_catalogue,
    "labels": check_labels,
    "rows": _rows,
    "validation": _validation,
    "tokenizer": _spelling,
    "lengths": _lengths,
    "optimizer": _optimizer,
    "model": _model,
    "push": _pushing,
}
"""By name, the cheapest first."""


def refuse_faulty_arguments(args: TrainingArguments, places: Mapping[str, str]) -> None:
    """What scripts that train otherwise than scripts/sft.py check of a recipe before it costs anything.

    Raises:
        InputError: an output that cannot be written, or a value that the optimizer or a tracker does not take.
    """
    refuse_unwritable(args.output_dir)
    check_trackers(args, places)
    check_optimizer(args, max(args.max_steps, 1), places)


def refuse_unwritable(folder: str | Path) -> None:
    """Raise InputError if a folder cannot be made or written at this place; nothing is made yet."""
    folder = Path(folder)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise InputError(f"{folder}: {there} is a file, so no folder can be made there; name another --output_dir")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: nothing may be written into {there}; name another --output_dir")

"""What can go wrong in a run and can be seen before it starts: each check says what it saw, or what to do."""

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.run import RUN, total_batch_size
from tastetune.errors import InputError
from tastetune.language_models.adapters import adapter_tokenizer
from tastetune.language_models.batching import context_length
from tastetune.language_models.item_tokens.tokens import vectors_of_items
from tastetune.locks import refuse_unwritable
from tastetune.tasks import task_of
from tastetune.training.configs import refuse_unobeyed
from tastetune.training.constructions import check_model, check_optimizer, check_trackers
from tastetune.training.preparation import FineTuning, FurtherTraining, Preparation
from tastetune.training.spelling import check_spelling

LEAST_JOINED = 0.9
"""The least share of the items in rows that the catalogue must have a title for."""

ONE_SIDED = 0.9
"""From this share on of one answer, a model that always gives it is right more often than not wrong."""


class Doubt(Exception):
    """What a check saw and a person should know, though it does not stop the run."""


class Finding(NamedTuple):
    """What a check saw: its name, how it ended, and a line of text."""

    check: str
    level: Literal["ok", "warning", "error"]
    text: str


def examine(run: Preparation) -> Iterator[Finding]:
    """Every check of `CHECKS` that is one of this kind of run's; what stops two of them is told once."""
    errors, others = set(), OF_FURTHER_TRAINING if isinstance(run, FineTuning) else OF_FINE_TUNING
    for name, check in CHECKS.items():
        if name in others:
            continue
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
    run.set_batch()
    return f"{total_batch_size(run.training)} examples a step"


def _output(run: Preparation) -> str:
    refuse_unwritable(Path(run.training.output_dir) / RUN)
    return run.training.output_dir


def _trackers(run: Preparation) -> str:
    return check_trackers(run.training, run.places)


def _pushing(run: Preparation) -> str:
    run.check_push()
    return "logged in" if run.training.push_to_hub else "nothing is pushed"


def _dataset(run: Preparation) -> str:
    return f"{run.dataset.name}, fingerprint {run.dataset.fingerprint}"


def _splits(run: Preparation) -> str:
    """No row stands in two splits: validation and test may not be one file."""
    config = task_of(run.dataset, run.data.dataset_config).rows_config
    ids = {}
    for split in ("train", "validation", "test"):
        if run.dataset.has_split(config, split):
            ids[split] = pc.unique(run.dataset.read(config, split, ["example_id"])["example_id"])
    for one, other in combinations(ids, 2):
        if len(shared := ids[other].filter(pc.is_in(ids[other], ids[one]))):
            raise InputError(
                f"{run.dataset.source}: {len(shared):,} of {len(ids[other]):,} rows of {other} stand in {one} as well, "
                f"the first {pc.min(shared).as_py()!r}; rebuild the dataset"
            )
    return ", ".join(f"{split} {len(of):,}" for split, of in ids.items())


def _catalogue(run: Preparation) -> str:
    config = task_of(run.dataset, run.data.dataset_config).rows_config
    rows = run.dataset.read(config, run.data.dataset_train_split)
    titled = run.dataset.read("items", "train", ["item_id", "title"])
    items = titled.filter(pc.fill_null(pc.greater(pc.utf8_length(titled["title"]), 0), False))["item_id"]
    named = [_flat(rows[name]) for name in ("item_id", "history", "liked", "gold") if name in rows.column_names]
    total = sum(map(len, named))
    joined = sum(pc.sum(pc.is_in(ids, value_set=items.combine_chunks())).as_py() or 0 for ids in named)
    share = joined / total if total else 1.0
    text = f"{joined:,} of {total:,} items in rows have a title ({share:.1%})"
    if share < LEAST_JOINED:
        raise InputError(
            f"{run.dataset.source}: {text}; the catalogue is another log's: rebuild the dataset with its own"
        )
    if joined < total:
        raise Doubt(text)
    return text


def _flat(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks()
    return array.flatten() if pa.types.is_list(array.type) else array


def _labels(run: Preparation) -> str:
    config = task_of(run.dataset, run.data.dataset_config).rows_config
    if "label" not in (names := run.dataset.read(config, run.data.dataset_train_split)).column_names:
        return "none: lists are asked for"
    likes = pc.mean(names["label"]).as_py()
    text = f"{likes:.0%} of the training rows are likes"
    if max(likes, 1 - likes) >= ONE_SIDED:
        raise Doubt(
            f"{text}: a model that always answers {'Yes' if likes > 0.5 else 'No'} has that accuracy; look at ROC-AUC, "
            "and at what the trivial models score"
        )
    return text


def _rows(run: Preparation) -> str:
    return f"{len(run.rows):,} rows to train on"


def _validation(run: FineTuning) -> str:
    return f"{len(run.validation.rows):,} rows at each evaluation" if run.validation else "no evaluation while training"


def _spelling(run: FineTuning) -> str:
    return check_spelling(run.tokenizer, run.written, run.config)


def _lengths(run: Preparation) -> str:
    run.check_lengths()
    length = getattr(run.training, "max_length", None)
    limit = "" if length is None else f"max_length {length} and "
    return f"all rows fit into {limit}a context of {context_length(run.config)}"


def _optimizer(run: Preparation) -> str:
    return check_optimizer(run.training, run.steps, run.places)


def _adapter(run: FurtherTraining) -> str:
    name = run.origin["sft_adapter"]
    adapter_tokenizer(run.tokenizer, name)
    return name


def _model(run: Preparation) -> str:
    adapter = run.adapter.sft_adapter if isinstance(run, FurtherTraining) else None
    return check_model(run.model, run.config, run.places, adapter, items=len(vectors_of_items(run.tokenizer)))


CHECKS: dict[str, Callable[[Any], str]] = {
    "keys": _keys,
    "batch": _batch,
    "output": _output,
    "trackers": _trackers,
    "dataset": _dataset,
    "splits": _splits,
    "catalogue": _catalogue,
    "labels": _labels,
    "rows": _rows,
    "validation": _validation,
    "tokenizer": _spelling,
    "adapter": _adapter,
    "lengths": _lengths,
    "optimizer": _optimizer,
    "model": _model,
    "push": _pushing,
}
"""By name, the cheapest first."""

OF_FINE_TUNING, OF_FURTHER_TRAINING = ("validation", "tokenizer"), ("adapter",)
"""Checks of scripts/sft.py alone, and of scripts/dpo.py and grpo.py alone."""

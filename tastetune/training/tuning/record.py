"""What tuning tried, written beside the run's adapter, so that a trial that is done is not run again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from tastetune.artifacts.json_files import cut, faults, first_difference, read_json
from tastetune.artifacts.redaction import shareable
from tastetune.errors import InputError
from tastetune.files import write_text
from tastetune.search import Trial

AFRESH = "start anew in that folder with --force, or choose another --output_dir"


class Record(NamedTuple):
    """The trials of one recipe.

    Attributes:
        settings: all that decides what the first trial learns, and the space that the others are drawn from.
        trials: those that were run to their end.
    """

    settings: dict[str, Any]
    metric: str
    trials: list[Trial]


def record_file(output: str | Path) -> Path:
    """Where the trials of the run in folder `output` are written down: beside it, `adapter.tuning.json`."""
    output = Path(output)
    return output.with_name(f"{output.name}.tuning.json")


def write_record(path: Path, settings: Mapping, metric: str, trials: Sequence[Trial]) -> None:
    """Write all trials so far, whole or not at all."""
    content = {"settings": shareable(dict(settings)), "metric": metric, "trials": [asdict(trial) for trial in trials]}
    write_text(path, json.dumps(content, indent=2) + "\n")


def read_trials(path: Path, settings: Mapping, n: int) -> list[Trial]:
    """The trials that are done of a search with these settings; none where no record is.

    Args:
        n: how many trials are wanted.

    Raises:
        InputError: the record is damaged, of other settings, or of more trials.
    """
    if not path.is_file():
        return []
    content = read_json(path, AFRESH)
    for fault in faults(Record, content):
        raise InputError(f"{path}: {fault}; {AFRESH}")
    before, now = content["settings"], json.loads(json.dumps(shareable(dict(settings))))
    if (key := first_difference(before, now)) is not None:
        old, new = cut(before.get(key)), cut(now.get(key))
        raise InputError(f"{path} holds trials of a recipe with {key} {old}, this one has {new}; {AFRESH}")
    trials = [Trial(**trial) for trial in content["trials"]]
    if len(trials) > n:
        raise InputError(f"{path} holds {len(trials)} trials already, and tune is {n}; raise it, or {AFRESH}")
    return trials

"""scores.json: what was measured of the models that answered the same rows; all that is shown is rendered from it."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from tastetune.artifacts.json_files import cut, faults, read_json
from tastetune.artifacts.scores_schema import LabelledScores, ListScores
from tastetune.errors import InputError
from tastetune.files import refuse_unfinished


class Measured(Protocol):
    """What is asked of a task here: the names of its metrics."""

    @property
    def metrics(self) -> Collection[str]: ...


def read_scores(path: str | Path, tasks: Mapping[str, Measured]) -> dict:
    """The content of a `scores.json`, whole and of the shape that `tastetune.artifacts.scores_schema` says.

    Args:
        path: the file.
        tasks: those that can be shown, by the dataset's config.

    Raises:
        InputError: no such file, or its writing was cut off; no JSON; a key is missing or holds something else; a
            number is not finite; no models, or of no known task; a model or a metric is missing, or a model stands
            twice.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; write one with scripts/score.py")
    refuse_unfinished(path, "score anew")
    scores = read_json(path, "score anew")
    for fault in _faults(scores, tasks):
        raise InputError(f"{path}: {fault}; score anew")
    return scores


def _faults(scores: Any, tasks: Mapping[str, Measured]) -> Iterator[str]:
    """What is wrong, as clauses, the first one first."""
    for key in ("dataset", "bootstrap", "models"):
        if not isinstance(scores, dict) or key not in scores:
            yield f"key {key!r} is missing, so scripts/score.py did not write it"
    if not isinstance(scores["models"], list):
        yield f"models is {cut(scores['models'])}, expected a list"
    config = scores["dataset"].get("config") if isinstance(scores["dataset"], dict) else ""
    if not scores["models"] or not isinstance(config, str) or config not in tasks:
        yield f"no models of {' or '.join(tasks)} in it, so nothing can be shown"
    labelled = any(isinstance(model, dict) and "roc" in model for model in scores["models"])
    yield from faults(LabelledScores if labelled else ListScores, scores)
    yield from _not_together(scores, tasks[config].metrics)


def _not_together(scores: dict, metrics: Collection[str]) -> Iterator[str]:
    """Parts that are whole and do not fit each other."""
    names = [model["model"] for model in scores["models"]]
    if twice := [name for name in names if names.count(name) > 1]:
        yield f"model {twice[0]!r} stands in it twice"
    if scores["reference"] is not None and scores["reference"] not in names:
        yield f"reference {scores['reference']!r} is not among its models: {', '.join(names)}"
    slices = scores["models"][0].get("slices", {})
    for at, model in enumerate(scores["models"]):
        missing = [f"metrics.{name}" for name in metrics if name not in model["metrics"]]
        missing += [f"slices.{name}" for name in slices if name not in model["slices"]]
        if missing:
            yield f"key 'models[{at}].{missing[0]}' is missing"

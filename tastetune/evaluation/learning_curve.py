"""The learning curve: a model's checkpoints, by the task's first metrics, against what training had cost until then."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tastetune.artifacts.beside_models_schema import LearningCurve
from tastetune.artifacts.json_files import faults, read_json
from tastetune.artifacts.predictions import Predictions
from tastetune.artifacts.redaction import shareable
from tastetune.config.environment import versions
from tastetune.errors import InputError
from tastetune.evaluation.bootstrap import LEVEL, draws, interval
from tastetune.evaluation.comparison import check_names
from tastetune.evaluation.estimates import estimates, number
from tastetune.evaluation.scoring import described
from tastetune.files import command_line, refuse_unfinished
from tastetune.tasks import Rows

COSTS = ("examples", "tokens", "seconds", "flops")
"""What a curve is drawn against: labels learnt from, tokens read, seconds of training, floating-point operations."""

METRICS = 2
"""So many of the task's first metrics are drawn."""

_CHECKPOINT = re.compile(r"(?P<run>.+?)(?:-(?:epoch|step|checkpoint))?-\d+(?P<mode>-[a-z_]+)?")


def learning_curve(rows: Rows, predictions: Sequence[Predictions], resamples: int = 1000, seed: int = 0) -> dict:
    """The task's first metrics with intervals for every checkpoint, on the same rows and resamples of the users.

    Checkpoints are models named `<curve>-<n>`, `<curve>-epoch-<n>`, `<curve>-step-<n>` or `<curve>-checkpoint-<n>`,
    of lists with their mode behind it, and `<curve>` itself, the model as training left it. A model without
    checkpoints is a curve of one point. An adapter's curve begins at no cost with its base model as it comes, if that
    is among the predictions.

    Returns:
        `metric`, `dataset`, `bootstrap`, `curves`, `passes`, `command`, `versions`; a curve has a `name`, a `kind` and
        `points`, cheapest first, each with its `model`, the `COSTS` (None where unknown) and the metrics by their
        names; for `passes`, which go by `metric`, see there.

    Raises:
        InputError: a model stands twice, or predictions are of other rows.
    """
    check_names(predictions)
    weights, curves, bases, replicates = draws(rows.n_users, resamples, seed), {}, {}, {}
    for prediction in sorted(predictions, key=lambda p: (p.meta.kind != "base", p.meta.training.get("examples") or 0)):
        meta = prediction.meta
        point, replicates[meta.model] = _point(rows, prediction, weights)
        if meta.kind == "base":
            bases.setdefault(_origin(prediction), point | dict.fromkeys(COSTS, 0))
        checkpoint = _CHECKPOINT.fullmatch(meta.model)
        name = checkpoint["run"] + (checkpoint["mode"] or "") if checkpoint else meta.model
        begin = bases.get(_origin(prediction)) if meta.kind == "adapter" else None
        curves.setdefault(name, {"name": name, "kind": meta.kind, "points": [begin] if begin else []})
        curves[name]["points"].append(point)
    return {
        "metric": rows.task.headline[0],
        "dataset": described(rows),
        "bootstrap": {"unit": "user", "resamples": resamples, "seed": seed, "level": LEVEL},
        "curves": list(curves.values()),
        "passes": passes(list(curves.values()), replicates),
        "command": shareable(command_line()),
        "versions": versions(),
    }


def _point(rows: Rows, prediction: Predictions, weights: np.ndarray) -> tuple[dict, np.ndarray]:
    """One point of a curve, and its first metric on the sample and on each resample, if there is more than one user."""
    metrics = rows.task.headline[:METRICS]
    measured = rows.task.measure(rows.task.answers(rows, prediction), weights, names=metrics)
    costs = {cost: prediction.meta.training.get(cost) for cost in COSTS}
    point = {"model": prediction.meta.model} | costs | estimates(measured)
    values = measured.replicates[metrics[0]]
    return point, values if rows.n_users > 1 else values[:1]


def _origin(prediction: Predictions) -> tuple:
    """What two models must share so that one is where the other's training began, and was asked the same way."""
    meta = prediction.meta
    began = meta.settings.get("sft_adapter") if meta.kind == "adapter" else None
    written = prediction.table["answer"].null_count < len(prediction.table)
    return meta.base_model, began, meta.shots, meta.threshold, meta.settings.get("mode"), written


def passes(curves: Sequence[Mapping], replicates: Mapping[str, np.ndarray]) -> list[dict]:
    """Where an adapter's curve first lies above what another model came to in the end.

    Args:
        curves: see `learning_curve`.
        replicates: by model its metric, (1 + resamples,): the value itself and that of each resample.

    Returns:
        for each adapter's curve and each curve of another kind, their names as `curve` and `other`, the `model` and its
        `examples`, and its `difference` to the other's last point with `low` and `high`, paired on the resamples. All
        None where the curve never passes it.
    """
    crossings = []
    for curve in (curve for curve in curves if curve["kind"] == "adapter"):
        for other in (other for other in curves if other["kind"] not in ("adapter", "base")):
            passed = dict.fromkeys(("model", "examples", "difference", "low", "high"))
            for point in curve["points"]:
                apart = replicates[point["model"]] - replicates[other["points"][-1]["model"]]
                if apart[0] > 0:
                    figures = map(number, (apart[0], *interval(apart)))
                    passed = dict(zip(passed, (point["model"], point["examples"], *figures), strict=True))
                    break
            crossings.append({"curve": curve["name"], "other": other["name"]} | passed)
    return crossings


def passing_lines(curve: Mapping) -> list[str]:
    """What `passes` found, a line each."""
    lines, level = [], f"{curve['bootstrap']['level']:.0%}"
    for one in curve["passes"]:
        if one["model"] is None:
            lines.append(f"{one['curve']} does not pass {one['other']}")
            continue
        ends = "" if one["low"] is None else f", {level} interval {one['low']:+.3f} to {one['high']:+.3f}"
        after = "" if one["examples"] is None else f", after {one['examples']:,} labels"
        lines.append(f"{one['curve']} passes {one['other']} at {one['model']}{after}: {one['difference']:+.3f}{ends}")
    return lines


def read_learning_curve(path: str | Path, scores: dict | None = None) -> dict:
    """The content of a `learning_curve.json`, if it was made on the rows of `scores`, where these are given.

    Raises:
        InputError: no such file, not what `learning_curve` made, or made on other rows.
    """
    path = Path(path)
    refuse_unfinished(path, "draw it anew")
    curve = read_json(path, "draw it anew")
    for fault in faults(LearningCurve, curve):
        raise InputError(f"{path}: scripts/learning_curve.py did not write it: {fault}; draw it anew")
    if scores is None:
        return curve
    there = {key: curve["dataset"][key] for key in ("fingerprint", "split")}
    here = {key: scores["dataset"][key] for key in ("fingerprint", "split")}
    if there != here:
        raise InputError(f"{path}: its rows are {there}, those scored are {here}; draw the curve on the same rows")
    return curve

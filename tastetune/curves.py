"""The learning curve: ROC-AUC of a model's checkpoints against what training had cost until then."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from tastetune.answers import Rows, answered, check_names
from tastetune.bootstrap import LEVEL, draws
from tastetune.errors import InputError
from tastetune.evaluate import command_line, described
from tastetune.measure import estimates, measure
from tastetune.predictions import Predictions, versions

COSTS = ("examples", "seconds", "flops")
"""What a curve is drawn against: training examples seen, seconds of training, floating-point operations."""

_CHECKPOINT = re.compile(r"(.+?)(?:-(?:epoch|step|checkpoint))?-\d+")


def learning_curve(rows: Rows, predictions: Sequence[Predictions], resamples: int = 1000, seed: int = 0) -> dict:
    """ROC-AUC with intervals of every checkpoint, on the same rows and the same resamples of the users.

    Checkpoints are models named `<curve>-<n>`, `<curve>-epoch-<n>`, `<curve>-step-<n>` or `<curve>-checkpoint-<n>`,
    and `<curve>` itself, the model as training left it. A model without checkpoints is a curve of one point.

    Returns:
        `dataset`, `bootstrap`, `curves`, `command`, `versions`; a curve has a `name`, a `kind` and `points`, cheapest
        first, each with its `model`, the `COSTS` (None where unknown) and `roc_auc`.

    Raises:
        InputError: a model stands twice, or predictions are of other rows.
    """
    check_names(predictions)
    drawn = draws(rows.n_users, resamples, seed)
    curves: dict[str, dict] = {}
    for prediction in sorted(predictions, key=lambda p: p.meta.training.get("examples") or 0):
        meta = prediction.meta
        answers, _ = answered(rows, prediction)
        roc_auc = estimates(answers, measure(answers, drawn, ["roc_auc"]))["roc_auc"]
        point = {"model": meta.model} | {cost: meta.training.get(cost) for cost in COSTS} | {"roc_auc": roc_auc}
        found = _CHECKPOINT.fullmatch(meta.model)
        name = found.group(1) if found else meta.model
        curves.setdefault(name, {"name": name, "kind": meta.kind, "points": []})["points"].append(point)
    return {
        "dataset": described(rows),
        "bootstrap": {"unit": "user", "resamples": resamples, "seed": seed, "level": LEVEL},
        "curves": list(curves.values()),
        "command": command_line(),
        "versions": versions(),
    }


def read_learning_curve(path: str | Path, scores: dict) -> dict:
    """The content of a `learning_curve.json`, if it was made on the rows of `scores`.

    Raises:
        InputError: no such file, not what `learning_curve` made, or made on other rows.
    """
    path = Path(path)
    try:
        curve = json.loads(path.read_text(encoding="utf-8"))
        there = {key: curve["dataset"][key] for key in ("fingerprint", "split")} if curve["curves"] else {}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: scripts/learning_curve.py did not write it ({error!r}); draw it anew") from error
    here = {key: scores["dataset"][key] for key in ("fingerprint", "split")}
    if there != here:
        raise InputError(f"{path}: its rows are {there}, those scored are {here}; draw the curve on the same rows")
    return curve

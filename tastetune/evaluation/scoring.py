"""Predictions and the rows they answer -> scores: metrics with intervals, paired differences, provenance."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Predictions, versions
from tastetune.artifacts.redaction import shareable
from tastetune.errors import InputError
from tastetune.evaluation.bootstrap import LEVEL, draws
from tastetune.evaluation.comparison import chosen_reference, differences, gains, identity
from tastetune.evaluation.samples import sample_rows
from tastetune.evaluation.seeds import by_seed
from tastetune.evaluation.slices import slices
from tastetune.metrics import LIKE_DISLIKE, OF_LABELS
from tastetune.metrics.calibration import reliability
from tastetune.metrics.measure import Answered, estimates, measure, why_undefined
from tastetune.metrics.roc_auc import roc_curve
from tastetune.metrics.threshold import best_threshold
from tastetune.tasks.answers import CONFIG, Rows, answered, check_names, read_rows
from tastetune.tasks.shown import SHOWN

REFERENCE = "user_item_mean"
_IN_SLICES = ("roc_auc", "f1", "accuracy")
_CURVE_POINTS = 101


def score(
    rows: Rows,
    predictions: Sequence[Predictions],
    *,
    validation: Sequence[Predictions] = (),
    reference: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
    with_text: bool | None = None,
    home: str | Path = ".",
) -> dict:
    """Scores of every model on the same rows, best ROC-AUC first: the content of `scores.json`.

    Args:
        rows: see `read_rows`.
        predictions: one a model.
        validation: the models' predictions on the validation split, where there are any, to choose thresholds on.
        reference: the model the others are compared with; None for `REFERENCE` if it is among them.
        resamples: bootstrap resamples of the users.
        seed: of the resamples, and of the rows drawn to be looked at.
        with_text: whether those rows are shown with their prompts and ids; None as the licence of the ratings says.
        home: the folder that paths are written relative to.

    Raises:
        InputError: a model stands twice, the reference is not among the models, or predictions are of other rows.
    """
    check_names(predictions)
    reference = chosen_reference([prediction.meta.model for prediction in predictions], reference, REFERENCE)
    drawn = draws(rows.n_users, resamples, seed)
    parts = slices(rows.dataset, rows.table, rows.dataset.like_from)
    thresholds = _chosen_thresholds(rows.dataset, validation)
    models, given, replicates = [], [], {}
    for prediction in tqdm(predictions, desc="scoring", unit=" models"):
        answers, unparsed = answered(rows, prediction)
        found = measure(answers, drawn)
        models.append(
            identity(prediction.meta, prediction.path, home)
            | {
                "n": len(answers.labels),
                "generated": prediction.table["answer"].null_count < len(answers.labels),
                "unparsed": unparsed,
                "threshold": prediction.meta.threshold,
                "scale": answers.scale,
                "metrics": estimates(answers, found),
                "chosen_threshold": _at_threshold(answers, thresholds.get(prediction.meta.model), drawn),
                "slices": _sliced(answers, parts, drawn),
                "roc": _roc(answers),
                "reliability": _reliability(answers),
            }
        )
        given.append(answers)
        replicates[prediction.meta.model] = found
    # One user leaves nothing to draw from, and so nothing to compare by.
    against = differences(replicates, reference if rows.n_users > 1 else None, LIKE_DISLIKE)
    added = gains(replicates, models, LIKE_DISLIKE) if rows.n_users > 1 else {}
    models = [model | {"against": added.get(model["model"], {}) | against[model["model"]]} for model in models]
    return {
        "dataset": described(rows),
        "bootstrap": {"unit": "user", "resamples": resamples, "seed": seed, "level": LEVEL},
        "reference": reference,
        "models": sorted(models, key=lambda model: -(model["metrics"]["roc_auc"]["value"] or 0)),
        "seeds": by_seed(models),
        "rows": sample_rows(rows, predictions, given, seed, with_text),
        "command": command_line(),
        "versions": versions(),
    }


def read_scores(path: str | Path) -> dict:
    """The content of a `scores.json`.

    Raises:
        InputError: no such file, or not what `score` made.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; write one with scripts/score.py")
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not a whole JSON file ({error}); score anew") from error
    missing = [key for key in ("dataset", "bootstrap", "models") if not isinstance(scores, dict) or key not in scores]
    if missing:
        raise InputError(f"{path}: key {missing[0]!r} is missing, so scripts/score.py did not write it; score anew")
    if not scores["models"] or scores["dataset"].get("config") not in SHOWN:
        raise InputError(f"{path}: no models of {' or '.join(SHOWN)} in it, so nothing can be shown; score anew")
    return scores


def _chosen_thresholds(dataset: BuiltDataset, validation: Sequence[Predictions]) -> dict[str, float]:
    """For each model with predictions on validation, the threshold that is best there."""
    if not validation:
        return {}
    check_names(validation)
    rows = read_rows(dataset, "validation")
    if not rows.table["label"].to_numpy().any():
        return {}
    answers = {prediction.meta.model: answered(rows, prediction)[0] for prediction in validation}
    return {name: best_threshold(answer.labels, answer.scores) for name, answer in answers.items()}


def _at_threshold(answers: Answered, threshold: float | None, drawn: np.ndarray) -> dict | None:
    if threshold is None:
        return None
    answers = replace(answers, yes=(answers.scores >= threshold).astype(np.int64))
    return {"threshold": threshold, "metrics": estimates(answers, measure(answers, drawn, OF_LABELS))}


def _sliced(answers: Answered, parts: dict[str, np.ndarray], drawn: np.ndarray) -> dict[str, dict]:
    found = {}
    for name, mask in parts.items():
        part = answers.of(mask)
        found[name] = {
            "n": int(mask.sum()),
            "users": len(np.unique(part.users)),
            "metrics": estimates(part, measure(part, drawn, _IN_SLICES)),
        }
    return found


def _roc(answers: Answered) -> list[list[float]]:
    """The ROC curve as (false positive rate, true positive rate) on an even grid; empty with one class only."""
    if why_undefined(answers, "roc_auc"):
        return []
    alarms, hits = roc_curve(answers.labels, answers.scores)
    grid = np.linspace(0, 1, _CURVE_POINTS)
    return [[0.0, 0.0]] + [[round(float(x), 4), round(float(np.interp(x, alarms, hits)), 4)] for x in grid]


def _reliability(answers: Answered) -> list[dict]:
    if why_undefined(answers, "ece"):
        return []
    return [line._asdict() for line in reliability(answers.labels, answers.scores)]


def described(rows: Rows) -> dict:
    """What is scored, for `scores.json`: the dataset and its rows."""
    info, labels = rows.dataset.info, rows.table["label"].to_numpy()
    by_user, likes = np.bincount(rows.users), np.bincount(rows.users, labels)
    return {
        "name": rows.dataset.name,
        "config": CONFIG,
        "split": rows.split,
        "fingerprint": rows.dataset.fingerprint,
        "n": len(labels),
        "users": rows.n_users,
        "items": len(rows.table["item_id"].unique()),
        "likes": int(labels.sum()),
        "base_rate": float(labels.mean()),
        "users_with_both_labels": int(((likes > 0) & (likes < by_user)).sum()),
        "settings": shareable(info["settings"]),
        "leakage": info["counts"].get("leakage"),
    }


def command_line() -> str:
    """The command that runs, as it may be shown."""
    return shareable(" ".join(["python", *sys.argv]))

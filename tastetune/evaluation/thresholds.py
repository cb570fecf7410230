"""Thresholds chosen on validation, for models whose own says little about their labels."""

from collections.abc import Sequence

import numpy as np

from tastetune.artifacts.predictions import Predictions
from tastetune.evaluation.comparison import check_names
from tastetune.evaluation.estimates import estimates
from tastetune.metrics import OF_LABELS
from tastetune.metrics.threshold import best_threshold
from tastetune.tasks import Rows


def chosen_thresholds(rows: Rows, validation: Sequence[Predictions]) -> dict[str, float]:
    """For each model with predictions on validation, the threshold that is best there.

    Args:
        rows: those that are scored, of another split.
        validation: predictions on the validation split; nothing is chosen without any, or without a like.

    Raises:
        InputError: a model stands twice, or predictions are of other rows.
    """
    if not validation:
        return {}
    check_names(validation)
    held_out = rows.task.rows(rows.dataset, "validation")
    scored = {of.meta.model: rows.task.answers(held_out, of).rows for of in validation}
    return {m: best_threshold(of.labels, of.scores) for m, of in scored.items() if of.labels.any()}


def at_threshold(rows: Rows, answers: object, threshold: float | None, weights: np.ndarray) -> dict | None:
    """The metrics that depend on a threshold, at this one; None without one."""
    if threshold is None:
        return None
    measured = rows.task.measure(answers, weights, names=OF_LABELS, threshold=threshold)
    return {"threshold": threshold, "metrics": estimates(measured)}

"""Every like-or-dislike metric of one model, on the rows as they are and on all their resamples at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from tastetune.metrics import LIKE_DISLIKE
from tastetune.metrics.average_precision import average_precision
from tastetune.metrics.calibration import BINS, bin_of, expected_calibration_error
from tastetune.metrics.confusion import Confusion, accuracy, balanced_accuracy, f1, outcomes, precision, recall
from tastetune.metrics.probability import brier, log_loss
from tastetune.metrics.roc_auc import roc_auc
from tastetune.metrics.stars import absolute_error, squared_error
from tastetune.metrics.uauc import uauc, user_aucs

PROBABILITY, STARS, OTHER = "probability", "stars", "other"
"""What a model's scores are: a probability of Yes, stars, or a number that only ranks."""

_CHUNK = 64
"""Resamples at a time: rows x chunk of float64 is what is held in memory."""

_COUNTED: dict[str, Callable[[Confusion], np.ndarray]] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
}
_RANKED = {"roc_auc": roc_auc, "average_precision": average_precision}
_LOSSES = {"log_loss": log_loss, "brier": brier}
_WITHIN_USERS = ("uauc", "uauc_weighted")
_ERRORS = {"rmse": squared_error, "mae": absolute_error}


@dataclass(frozen=True)
class Answered:
    """Rows with one model's answers, each array (rows,).

    Attributes:
        labels: 0/1.
        users: integers under `n_users`.
        n_users: number of users of the whole split, so that slices share its draws.
        ratings: stars given, NaN where the log has none.
        scores: higher is more liked.
        yes: 0/1, the model's answers.
        scale: what the scores are: `PROBABILITY`, `STARS` or `OTHER`.
    """

    labels: np.ndarray
    users: np.ndarray
    n_users: int
    ratings: np.ndarray
    scores: np.ndarray
    yes: np.ndarray
    scale: str

    def of(self, rows: np.ndarray) -> "Answered":
        """These rows alone (a boolean mask or indices)."""
        arrays = {name: getattr(self, name)[rows] for name in ("labels", "users", "ratings", "scores", "yes")}
        return replace(self, **arrays)


def measure(rows: Answered, drawn: np.ndarray, names: Iterable[str] = tuple(LIKE_DISLIKE)) -> dict[str, np.ndarray]:
    """Metrics of every column of `drawn`.

    Args:
        rows: what was answered.
        drawn: how often each user counts, (users, columns), see `bootstrap.draws`.
        names: the metrics wanted, of `metrics.LIKE_DISLIKE`.

    Returns:
        (columns,) for each name; NaN where the metric is undefined, see `why_undefined`.
    """
    names = list(names)
    rows = rows.of(np.argsort(rows.scores, kind="stable"))
    chunks = [_measure(rows, drawn[:, at : at + _CHUNK], names) for at in range(0, drawn.shape[1], _CHUNK)]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in names}


def why_undefined(rows: Answered, name: str) -> str | None:
    """Why metric `name` says nothing on these rows, as a clause; None if it does."""
    likes, n = rows.labels.sum(), len(rows.labels)
    reasons = (
        ("no rows", not n),
        ("the scores are not probabilities", name in (*_LOSSES, "ece") and rows.scale != PROBABILITY),
        ("the scores are not stars", name in _ERRORS and rows.scale != STARS),
        ("the log has no ratings", name in _ERRORS and np.isnan(rows.ratings).any()),
        (f"only {'likes' if likes else 'dislikes'}", name in ("roc_auc", "balanced_accuracy") and likes in (0, n)),
        ("no likes", name in ("recall", "average_precision", "f1") and not likes),
        ("no user has both a like and a dislike", name in _WITHIN_USERS and np.isnan(_user_aucs(rows)).all()),
    )
    return next((reason for reason, holds in reasons if holds), None)


def _measure(rows: Answered, drawn: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    weights = drawn.astype(np.float64)
    found = {name: np.full(weights.shape[1], np.nan) for name in names}
    wanted = {name for name in names if why_undefined(rows, name) is None}
    per_user = _PerUser(rows, weights)
    if wanted & set(_COUNTED):
        counts = Confusion(*per_user.total(outcomes(rows.labels, rows.yes)))
        found |= {name: metric(counts) for name, metric in _COUNTED.items() if name in wanted}
    if wanted & set(_RANKED):
        row_weights = weights[rows.users]
        ranked = {name: metric for name, metric in _RANKED.items() if name in wanted}
        found |= {name: metric(rows.labels, rows.scores, row_weights) for name, metric in ranked.items()}
    if wanted & set(_WITHIN_USERS):
        aucs, n = _user_aucs(rows), np.bincount(rows.users, minlength=rows.n_users)
        forms = {"uauc": weights, "uauc_weighted": weights * n[:, None]}
        found |= {name: uauc(aucs, form) for name, form in forms.items() if name in wanted}
    for name in wanted & set(_LOSSES):
        found[name] = per_user.mean(_LOSSES[name](rows.labels, rows.scores))
    for name in wanted & set(_ERRORS):
        found[name] = per_user.mean(_ERRORS[name](rows.ratings, rows.scores))
    if "rmse" in wanted:
        found["rmse"] = np.sqrt(found["rmse"])
    if "ece" in wanted:
        bins = np.eye(BINS)[bin_of(rows.scores)]
        excess = bins * (rows.scores - rows.labels)[:, None]
        found["ece"] = expected_calibration_error(per_user.total(bins), per_user.total(excess))
    return found


class _PerUser:
    """Sums over rows under every column of weights, through sums over each user's rows."""

    def __init__(self, rows: Answered, weights: np.ndarray):
        self._users, self._n_users, self._weights = rows.users, rows.n_users, weights

    def total(self, columns: np.ndarray) -> np.ndarray:
        """(rows, k) -> (k, resamples)."""
        sums = [np.bincount(self._users, column, self._n_users) for column in columns.T]
        return np.stack(sums) @ self._weights

    def mean(self, column: np.ndarray) -> np.ndarray:
        """(rows,) -> (resamples,); NaN where no row has weight."""
        n, total = self.total(np.stack([np.ones(len(column)), column], axis=1))
        return np.divide(total, n, out=np.full_like(total, np.nan), where=n > 0)


def _user_aucs(rows: Answered) -> np.ndarray:
    return user_aucs(rows.labels, rows.scores, rows.users, rows.n_users)

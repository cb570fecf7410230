"""Every metric of rows with a label, for one model's scores, on the rows as they are and on all resamples at once."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import ThreadpoolController

from tastetune.metrics import LIKE_DISLIKE
from tastetune.metrics.average_precision import weighed_average_precision
from tastetune.metrics.calibration import BINS, bin_of, expected_calibration_error
from tastetune.metrics.confusion import Confusion, accuracy, balanced_accuracy, f1, outcomes, precision, recall
from tastetune.metrics.probability import brier, log_loss
from tastetune.metrics.roc_auc import weighed_roc_auc
from tastetune.metrics.stars import absolute_error, squared_error
from tastetune.metrics.uauc import uauc, user_aucs

PROBABILITY, STARS, OTHER = "probability", "stars", "other"
"""What a model's scores are: a probability of Yes, stars, or a number that only ranks."""

_AT_ONCE = 2**19
"""Row weights computed at a time, rows x resamples: few enough to stay in the cache."""

_THREADPOOLS = ThreadpoolController()
"""Sets the threads of the libraries behind numpy's products; made once, for it looks through all that is loaded."""

_OF_PROBABILITIES = ("log_loss", "brier", "ece")
_OF_STARS = ("rmse", "mae")
_WITHIN_USERS = ("uauc", "uauc_weighted")


@dataclass(frozen=True)
class ScoredRows:
    """Labelled rows with one model's scores, each array (rows,).

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

    def of(self, rows: np.ndarray) -> "ScoredRows":
        """These rows alone (a boolean mask or indices)."""
        arrays = {name: getattr(self, name)[rows] for name in ("labels", "users", "ratings", "scores", "yes")}
        return replace(self, **arrays)


def are_probabilities(scores: np.ndarray, threshold: float) -> bool:
    """Whether scores that mean Yes from `threshold` on are probabilities of a Yes."""
    return threshold == 0.5 and scores.min() >= 0 and scores.max() <= 1


Weighed = Callable[[np.ndarray], np.ndarray]
"""From how often users count, (k, users), to k values of a metric."""

Preparation = Callable[[ScoredRows], Weighed]
"""From answered rows to a metric of them, with all that does not depend on the weights done once."""


def label_metrics(
    rows: ScoredRows, weights: np.ndarray, names: Iterable[str] = tuple(LIKE_DISLIKE)
) -> dict[str, np.ndarray]:
    """Metrics of every resample.

    Args:
        rows: what was answered.
        weights: how often each user counts, (resamples, users).
        names: the metrics wanted, of `metrics.LIKE_DISLIKE`.

    Returns:
        (resamples,) for each name; NaN where the metric is undefined, see `why_undefined`.
    """
    names = list(names)
    weighed = {name: _METRICS[name](rows) for name in names if why_undefined(rows, name) is None}

    step = max(1, _AT_ONCE // max(1, len(rows.labels)))

    def chunk(start: int) -> list[np.ndarray]:
        part = weights[start : start + step].astype(np.float64)
        return [weighed[name](part) if name in weighed else np.full(len(part), np.nan) for name in names]

    # Threads take whole chunks; were each product of matrices to start its own as well, they would fight for cores.
    with _THREADPOOLS.limit(limits=1), ThreadPoolExecutor(os.cpu_count()) as pool:
        chunks = pool.map(chunk, range(0, len(weights), step))
        return dict(zip(names, map(np.concatenate, zip(*chunks, strict=True)), strict=True))


def why_undefined(rows: ScoredRows, name: str) -> str | None:
    """Why metric `name` says nothing on these rows, as a clause; None if it does."""
    likes, n = rows.labels.sum(), len(rows.labels)
    reasons = (
        ("no rows", not n),
        ("the scores are not probabilities", name in _OF_PROBABILITIES and rows.scale != PROBABILITY),
        ("the log has no ratings", name in _OF_STARS and np.isnan(rows.ratings).any()),
        ("the scores are no ratings", name in _OF_STARS and rows.scale != STARS),
        (f"only {'likes' if likes else 'dislikes'}", name in ("roc_auc", "balanced_accuracy") and likes in (0, n)),
        ("no likes", name in ("recall", "average_precision", "f1") and not likes),
        ("no user has both a like and a dislike", name in _WITHIN_USERS and np.isnan(_user_aucs(rows)).all()),
    )
    return next((reason for reason, holds in reasons if holds), None)


def _ranked(weighed: Callable[[np.ndarray, np.ndarray, np.ndarray], Weighed]) -> Preparation:
    def prepare(rows: ScoredRows) -> Weighed:
        by_users = weighed(rows.labels, rows.scores, rows.users)
        # How often a user counts is exact in float32, of which twice as many fit into a cache
        return lambda weights: by_users(weights.astype(np.float32))

    return prepare


def _within_users(by_rows: bool) -> Preparation:
    def prepare(rows: ScoredRows) -> Weighed:
        aucs = _user_aucs(rows)
        times = np.bincount(rows.users, minlength=rows.n_users) if by_rows else 1
        return lambda weights: uauc(aucs, weights * times)

    return prepare


def _counted(metric: Callable[[Confusion], np.ndarray]) -> Preparation:
    def prepare(rows: ScoredRows) -> Weighed:
        counts = _summed(rows, outcomes(rows.labels, rows.yes))
        return lambda weights: metric(Confusion(*counts(weights).T))

    return prepare


def _mean(loss: Callable[[ScoredRows], np.ndarray], root: bool = False) -> Preparation:
    def prepare(rows: ScoredRows) -> Weighed:
        sums = _summed(rows, np.stack([loss(rows), np.ones(len(rows.labels))], axis=1))
        return lambda weights: mean_of(*sums(weights).T) ** (0.5 if root else 1)

    def mean_of(total: np.ndarray, n: np.ndarray) -> np.ndarray:
        return np.divide(total, n, out=np.full_like(total, np.nan), where=n > 0)

    return prepare


def _calibrated(rows: ScoredRows) -> Weighed:
    bins = np.eye(BINS)[bin_of(rows.scores)]
    n, excess = _summed(rows, bins), _summed(rows, bins * (rows.scores - rows.labels)[:, None])
    return lambda weights: expected_calibration_error(n(weights), excess(weights))


def _summed(rows: ScoredRows, columns: np.ndarray) -> Weighed:
    """Weights (k, users) -> sums over the rows of each of `columns` (rows, c): (k, c); each user is summed once."""
    sums = np.stack([np.bincount(rows.users, column, rows.n_users) for column in columns.T], axis=1)
    return lambda weights: weights @ sums


def _user_aucs(rows: ScoredRows) -> np.ndarray:
    return user_aucs(rows.labels, rows.scores, rows.users, rows.n_users)


_METRICS: dict[str, Preparation] = {
    "roc_auc": _ranked(weighed_roc_auc),
    "average_precision": _ranked(weighed_average_precision),
    "uauc": _within_users(by_rows=False),
    "uauc_weighted": _within_users(by_rows=True),
    "precision": _counted(precision),
    "recall": _counted(recall),
    "f1": _counted(f1),
    "accuracy": _counted(accuracy),
    "balanced_accuracy": _counted(balanced_accuracy),
    "log_loss": _mean(lambda rows: log_loss(rows.labels, rows.scores)),
    "brier": _mean(lambda rows: brier(rows.labels, rows.scores)),
    "ece": _calibrated,
    "rmse": _mean(lambda rows: squared_error(rows.ratings, rows.scores), root=True),
    "mae": _mean(lambda rows: absolute_error(rows.ratings, rows.scores)),
}

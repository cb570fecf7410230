"""Average precision: the area under the precision-recall curve.

Source: Davis and Goadrich, The relationship between precision-recall and ROC curves (ICML 2006); the step-wise sum of
scikit-learn's `average_precision_score`, without interpolation.
"""

from collections.abc import Callable

import numpy as np


def average_precision(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Precision at each threshold, weighted by the recall it adds; in 0..1, a constant score gets the base rate.

    Args:
        labels: 0/1, (rows,).
        scores: higher is more liked, (rows,); tied rows share one threshold.
        weights: how often each row counts, (rows,) or (resamples, rows); None is once.

    Returns:
        a number, or (resamples,); NaN where no like has weight.
    """
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, np.float64)
    return weighed_average_precision(labels, scores)(weights)


def weighed_average_precision(
    labels: np.ndarray, scores: np.ndarray, owners: np.ndarray | None = None
) -> Callable[[np.ndarray], np.ndarray]:
    """`average_precision` as a function of the weights alone, the sorting done.

    Args:
        owners: see `tastetune.metrics.roc_auc.weighed_roc_auc`.
    """
    labels, scores = np.asarray(labels, bool), np.asarray(scores)
    order = np.argsort(-scores)
    liked, disliked = order[labels[order]], order[~labels[order]]
    # How many of the likes, and of the dislikes, score at or above each like, itself included.
    with_likes, with_dislikes = (
        np.searchsorted(-scores[rows], -scores[liked], side="right") for rows in (liked, disliked)
    )
    if owners is not None:
        liked, disliked = owners[liked], owners[disliked]

    def weigh(weights: np.ndarray) -> np.ndarray:
        likes, dislikes = np.take(weights, liked, axis=-1), np.take(weights, disliked, axis=-1)
        # The sum over thresholds is a sum over likes, each with the precision at its own score.
        hits = np.take(_weight_of_highest(likes), with_likes, axis=-1)
        answered = hits + np.take(_weight_of_highest(dislikes), with_dislikes, axis=-1)
        precisions = np.divide(hits, answered, out=answered, where=answered > 0)
        summed, total = np.einsum("...r,...r->...", likes, precisions), likes.sum(axis=-1, dtype=np.float64)
        return np.divide(summed, total, out=np.full(np.shape(total), np.nan), where=total > 0)

    return weigh


def _weight_of_highest(weights: np.ndarray) -> np.ndarray:
    """Entry i is the weight of the first i rows."""
    sums = np.zeros((*weights.shape[:-1], weights.shape[-1] + 1))
    np.cumsum(weights, axis=-1, dtype=np.float64, out=sums[..., 1:])
    return sums

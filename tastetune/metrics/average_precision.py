"""Average precision: the precision at each threshold, weighted by the recall it adds.

Source: Davis and Goadrich, The relationship between precision-recall and ROC curves (ICML 2006); the step-wise sum of
scikit-learn's `average_precision_score`, without interpolation.
"""

import numpy as np


def average_precision(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Average precision, in 0..1; a constant score gets the base rate.

    Args:
        labels: 0/1, (rows,).
        scores: higher is more liked, (rows,); tied rows share one threshold.
        weights: how often each row counts, (rows,) or (rows, resamples); None is once.

    Returns:
        a number, or (resamples,); NaN where no like has weight.
    """
    labels, scores = np.asarray(labels, bool), np.asarray(scores)
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, np.float64)
    order = np.argsort(-scores, kind="stable")
    weights, labels, scores = weights[order], labels[order], scores[order]
    likes = weights * labels.reshape(-1, *[1] * (weights.ndim - 1))
    starts = np.flatnonzero(np.append(True, np.diff(scores) != 0)) if len(scores) else []
    if len(starts) < len(scores):
        weights, likes = np.add.reduceat(weights, starts, axis=0), np.add.reduceat(likes, starts, axis=0)
    answered, hits = np.cumsum(weights, axis=0), np.cumsum(likes, axis=0)
    total = likes.sum(axis=0)
    precisions = np.divide(hits, answered, out=np.zeros_like(hits), where=answered > 0)
    summed = np.einsum("r...,r...->...", likes, precisions)
    return np.divide(summed, total, out=np.full(np.shape(total), np.nan), where=total > 0)

"""Area under the ROC curve: the chance that a random like is scored above a random dislike, ties counting half.

Source: Hanley and McNeil, The meaning and use of the area under a ROC curve (Radiology 143, 1982), equation 1.
"""

import numpy as np


def roc_auc(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """ROC-AUC, in 0..1.

    Args:
        labels: 0/1, (rows,).
        scores: higher is more liked, (rows,); ties allowed.
        weights: how often each row counts, (rows,) or (rows, resamples); None is once.

    Returns:
        a number, or (resamples,); NaN where either class has no weight.
    """
    labels, scores = np.asarray(labels, bool), np.asarray(scores)
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, np.float64)
    disliked = np.flatnonzero(~labels)
    disliked = disliked[np.argsort(scores[disliked], kind="stable")]
    # below[i]: weight of the i lowest dislikes, so both searches give the weight under a like's score.
    below = np.concatenate([np.zeros((1, *weights.shape[1:])), np.cumsum(weights[disliked], axis=0)])
    strictly = np.searchsorted(scores[disliked], scores[labels], side="left")
    at_most = np.searchsorted(scores[disliked], scores[labels], side="right")
    likes = weights[labels]
    won = np.einsum("r...,r...->...", likes, below[strictly])
    if not np.array_equal(strictly, at_most):
        won = (won + np.einsum("r...,r...->...", likes, below[at_most])) / 2
    pairs = likes.sum(axis=0) * below[-1]
    return np.divide(won, pairs, out=np.full(np.shape(pairs), np.nan), where=pairs > 0)


def roc_curve(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ROC curve: shares of dislikes and of likes scored at or above each threshold, from (0, 0) to (1, 1).

    Source: Fawcett, An introduction to ROC analysis (Pattern Recognition Letters 27, 2006), algorithm 1.

    Args:
        labels: 0/1, (rows,), both present.
        scores: (rows,).
    """
    order = np.argsort(-np.asarray(scores), kind="stable")
    liked, ranked = np.asarray(labels, np.float64)[order], np.asarray(scores)[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    hits, alarms = np.cumsum(liked)[ends], np.cumsum(1 - liked)[ends]
    return np.append(0, alarms / alarms[-1]), np.append(0, hits / hits[-1])

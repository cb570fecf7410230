"""Area under the ROC curve.

Source: Hanley and McNeil, The meaning and use of the area under a ROC curve (Radiology 143, 1982), equation 1.
"""

from collections.abc import Callable

import numpy as np


def roc_auc(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The chance that a random like is scored above a random dislike, ties counting half; in 0..1.

    Args:
        labels: 0/1, (rows,).
        scores: higher is more liked, (rows,); ties allowed.
        weights: how often each row counts, (rows,) or (resamples, rows); None is once.

    Returns:
        a number, or (resamples,); NaN where either class has no weight.
    """
    return weighed_roc_auc(labels, scores)(np.ones(len(labels)) if weights is None else np.asarray(weights, np.float64))


def weighed_roc_auc(
    labels: np.ndarray, scores: np.ndarray, owners: np.ndarray | None = None
) -> Callable[[np.ndarray], np.ndarray]:
    """`roc_auc` as a function of the weights alone, the sorting done.

    Args:
        owners: the place of each row's weight among the weights, int (rows,), so that users' weights are looked up
            where they lie, which is in a smaller part of memory; None where each row has its own.
    """
    labels, scores = np.asarray(labels, bool), np.asarray(scores)
    liked, disliked = np.flatnonzero(labels), np.flatnonzero(~labels)
    # Both in the order of the scores, so that each search goes on beside the one before it
    liked, disliked = (rows[np.argsort(scores[rows])] for rows in (liked, disliked))
    # How many of the sorted dislikes each like beats, and how many it beats or ties with.
    beaten, level = (np.searchsorted(scores[disliked], scores[liked], side=side) for side in ("left", "right"))
    ties = not np.array_equal(beaten, level)
    if owners is not None:
        liked, disliked = owners[liked], owners[disliked]

    def weigh(weights: np.ndarray) -> np.ndarray:
        lowest = np.zeros((*weights.shape[:-1], len(disliked) + 1))  # weight of the i lowest dislikes
        np.cumsum(np.take(weights, disliked, axis=-1), axis=-1, dtype=np.float64, out=lowest[..., 1:])
        likes = np.take(weights, liked, axis=-1)
        won = np.einsum("...r,...r->...", likes, np.take(lowest, beaten, axis=-1))
        if ties:
            won = (won + np.einsum("...r,...r->...", likes, np.take(lowest, level, axis=-1))) / 2
        pairs = likes.sum(axis=-1, dtype=np.float64) * lowest[..., -1]
        return np.divide(won, pairs, out=np.full(np.shape(pairs), np.nan), where=pairs > 0)

    return weigh


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

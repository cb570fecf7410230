"""A threshold chosen on validation, for models whose own (0.5, or four stars) says little about their labels."""

import numpy as np


def best_threshold(labels: np.ndarray, scores: np.ndarray) -> float:
    """The threshold with the highest F1, Yes being a score at or above it; the lowest of equals.

    F1 because it is the study's own figure of merit for labels. The choice halves the gap to the score below, so that
    it does not lean on the last bit of one row's score.

    Source: Lipton, Elkan, Naryanaswamy, Optimal thresholding of classifiers to maximize F1 measure (ECML 2014).

    Args:
        labels: 0/1, (rows,), at least one like.
        scores: (rows,).
    """
    order = np.argsort(-np.asarray(scores), kind="stable")
    ranked, liked = np.asarray(scores, np.float64)[order], np.asarray(labels, np.float64)[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    f1 = 2 * np.cumsum(liked)[ends] / (ends + 1 + liked.sum())
    end = ends[len(f1) - 1 - np.argmax(f1[::-1])]
    return float(ranked[end] if end == len(ranked) - 1 else (ranked[end] + ranked[end + 1]) / 2)

"""Metrics of Yes/No answers, from the four counts of the confusion matrix.

Source: Manning, Raghavan, Schütze, Introduction to Information Retrieval (2008), section 8.3; balanced accuracy:
Brodersen et al., The balanced accuracy and its posterior distribution (ICPR 2010).
"""

from typing import NamedTuple

import numpy as np


class Confusion(NamedTuple):
    """Counts of rows, each a number or an array (one entry a resample)."""

    true_yes: np.ndarray
    false_yes: np.ndarray
    false_no: np.ndarray
    true_no: np.ndarray


def outcomes(labels: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Which of the four counts each row falls into: 0/1 array (rows, 4), columns in the order of `Confusion`."""
    liked, yes = np.asarray(labels, bool), np.asarray(answers, bool)
    return np.stack([liked & yes, ~liked & yes, liked & ~yes, ~liked & ~yes], axis=1).astype(np.float64)


def confusion(labels: np.ndarray, answers: np.ndarray) -> Confusion:
    """Counts of 0/1 `answers` (rows) to rows with 0/1 `labels` (rows)."""
    return Confusion(*outcomes(labels, answers).sum(axis=0))


def precision(counts: Confusion) -> np.ndarray:
    """Share of likes among the rows answered Yes; 0 if none is (a model that never says Yes finds nothing)."""
    return _ratio(counts.true_yes, counts.true_yes + counts.false_yes, empty=0.0)


def recall(counts: Confusion) -> np.ndarray:
    """Share of rows answered Yes among the likes; NaN without likes."""
    return _ratio(counts.true_yes, counts.true_yes + counts.false_no)


def f1(counts: Confusion) -> np.ndarray:
    """Harmonic mean of precision and recall; NaN without likes."""
    found = _ratio(2 * counts.true_yes, 2 * counts.true_yes + counts.false_yes + counts.false_no)
    return np.where(counts.true_yes + counts.false_no > 0, found, np.nan)


def accuracy(counts: Confusion) -> np.ndarray:
    """Share of rows answered rightly; NaN without rows."""
    return _ratio(
        counts.true_yes + counts.true_no, counts.true_yes + counts.false_yes + counts.false_no + counts.true_no
    )


def balanced_accuracy(counts: Confusion) -> np.ndarray:
    """Mean of the shares answered rightly among likes and among dislikes; NaN without either."""
    specificity = _ratio(counts.true_no, counts.true_no + counts.false_yes)
    return (recall(counts) + specificity) / 2


def _ratio(part: np.ndarray, whole: np.ndarray, empty: float = np.nan) -> np.ndarray:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full_like(whole, empty), where=whole > 0)

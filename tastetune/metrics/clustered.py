"""How sure a ROC-AUC is where the rows of one user go together.

Source: DeLong, DeLong and Clarke-Pearson, Comparing the areas under two or more correlated receiver operating
characteristic curves (Biometrics 44, 1988); for clusters, Obuchowski, Nonparametric analysis of clustered ROC curve
data (Biometrics 53, 1997).
"""

import numpy as np

NORMAL_95 = 1.959964
"""Standard deviations on either side of the mean that hold 95% of a normal distribution."""


def roc_auc_interval_width(labels: np.ndarray, scores: np.ndarray, users: np.ndarray) -> float:
    """The width of the 95% interval of a ROC-AUC, over users, by its normal approximation.

    A row's part in the area is the share of the other class that it is rightly ordered with, less the area. The parts
    of one user are added up before they are squared.

    Args:
        labels: 0/1, (rows,).
        scores: higher is more liked, (rows,).
        users: whose row it is, integers from 0, (rows,).

    Returns:
        NaN where either class has no row.
    """
    labels = np.asarray(labels, bool)
    if labels.all() or not labels.any():
        return float("nan")
    likes, dislikes = np.sort(scores[labels]), np.sort(scores[~labels])
    right = np.empty(len(labels))
    right[labels] = _share_below(dislikes, scores[labels])
    right[~labels] = 1 - _share_below(likes, scores[~labels])
    area = right[labels].mean()
    parts = (right - area) / np.where(labels, labels.sum(), (~labels).sum())
    return float(2 * NORMAL_95 * np.sqrt((np.bincount(users, parts) ** 2).sum()))


def _share_below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The share of `ordered` below each of the `values`, ties counting half."""
    below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return (below + up_to) / (2 * len(ordered))

"""ROC-AUC inside each user, averaged: does a model order one person's items, leaving aside who is generous?

Source: Zhang et al., CoLLM (TKDE 2025, arXiv 2310.19488), section 5.1.2, for the plain mean (UAUC); Zhou et al., Deep
Interest Network (KDD 2018), equation 10, for the mean weighted by a user's rows.
"""

import numpy as np


def user_aucs(labels: np.ndarray, scores: np.ndarray, users: np.ndarray, n_users: int) -> np.ndarray:
    """ROC-AUC of each user, (n_users,); NaN for a user without both labels.

    Args:
        labels: 0/1, (rows,).
        scores: (rows,); tied pairs count half.
        users: (rows,), integers under `n_users`.
    """
    labels, scores, users = np.asarray(labels, np.float64), np.asarray(scores), np.asarray(users)
    order = np.lexsort((scores, users))
    labels, scores, users = labels[order], scores[order], users[order]
    new = np.append(True, (np.diff(users) != 0) | (np.diff(scores) != 0))[: len(users)]
    group = np.cumsum(new) - 1  # rows of one user with one score
    likes, dislikes = np.bincount(group, labels), np.bincount(group, 1 - labels)
    user = users[new]
    below = np.cumsum(dislikes) - dislikes
    below -= below[np.searchsorted(user, user, side="left")]
    won = np.bincount(user, likes * (below + dislikes / 2), n_users)
    pairs = np.bincount(user, likes, n_users) * np.bincount(user, dislikes, n_users)
    return np.divide(won, pairs, out=np.full(n_users, np.nan), where=pairs > 0)


def uauc(aucs: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Mean of the users' AUCs over users with both labels.

    Args:
        aucs: (users,), NaN for a user without both labels.
        weights: (users,) or (resamples, users): how often a user counts, times their rows for the weighted form.

    Returns:
        a number, or (resamples,); NaN where no user with both labels has weight.
    """
    both = ~np.isnan(aucs)
    weights = np.ones(len(aucs)) if weights is None else np.asarray(weights, np.float64)
    total = weights @ both.astype(np.float64)
    return np.divide(weights @ np.where(both, aucs, 0.0), total, out=np.full(np.shape(total), np.nan), where=total > 0)

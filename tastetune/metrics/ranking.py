"""Metrics of recommended lists against gold lists, each user's own value first, so that users can be resampled.

A line is one place of an answer. A line is a hit if its item is in the user's gold list and in no line above; so a
repeat, an item off the catalogue and one of the user's own `liked` are misses, and hold their place. A user without an
answer has no line and counts as zero everywhere.

Source: Manning, Raghavan, Schütze, Introduction to Information Retrieval (2008), chapter 8; Järvelin and Kekäläinen,
Cumulated gain-based evaluation of IR techniques (TOIS 2002), for NDCG, here with gains of 0 and 1 and log2(rank + 1).
"""

import numpy as np

CUTS = (3, 5, 10)


def precision(hits: np.ndarray, k: int) -> np.ndarray:
    """Hits among the first k lines, divided by k even if fewer lines came; (users,).

    Args:
        hits: 0/1, (users, depth), see `tastetune.metrics.lines.hits`.
    """
    return hits[:, :k].sum(axis=1) / k


def recall(hits: np.ndarray, gold: np.ndarray, k: int) -> np.ndarray:
    """Hits among the first k lines, divided by the whole gold list, however long; (users,).

    Args:
        gold: lengths of the gold lists, (users,), none of them 0.
    """
    return hits[:, :k].sum(axis=1) / gold


def f1(hits: np.ndarray, gold: np.ndarray, k: int) -> np.ndarray:
    """Harmonic mean of a user's precision and recall: twice the hits, divided by k + the gold's length; (users,)."""
    return 2 * hits[:, :k].sum(axis=1) / (k + gold)


def hit_rate(hits: np.ndarray, k: int) -> np.ndarray:
    """1 with a hit among the first k lines, else 0; (users,)."""
    return np.asarray(hits[:, :k].any(axis=1), np.float64)


def ndcg(hits: np.ndarray, gold: np.ndarray, k: int) -> np.ndarray:
    """Discounted hits of the first k lines, divided by those of the best list, min(k, gold's length) hits; (users,)."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discounts)[np.minimum(gold, k) - 1]
    first = hits[:, :k]
    return first @ discounts[: first.shape[1]] / ideal


def reciprocal_rank(hits: np.ndarray) -> np.ndarray:
    """1 / rank of the first hit, over all lines; 0 without one; (users,). Its mean is MRR."""
    return np.where(hits.any(axis=1), 1 / (1 + hits.argmax(axis=1)), 0.0)


def average_precision(hits: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Sum of the precisions at each hit, divided by the whole gold list; (users,). Its mean is MAP.

    So an answer of ten lines to a gold list of forty reaches 0.25 at most.
    """
    precisions = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    return (precisions * hits).sum(axis=1) / gold


def by_user(hits: np.ndarray, gold: np.ndarray) -> dict[str, np.ndarray]:
    """Every metric of every user, (users,) each: `precision@3` ... `ndcg@10`, `mrr`, `map`.

    Args:
        hits: 0/1, (users, depth).
        gold: lengths of the gold lists, (users,), none of them 0.
    """
    found = {}
    for k in CUTS:
        found[f"precision@{k}"] = precision(hits, k)
        found[f"recall@{k}"] = recall(hits, gold, k)
        found[f"f1@{k}"] = f1(hits, gold, k)
        found[f"hit_rate@{k}"] = hit_rate(hits, k)
        found[f"ndcg@{k}"] = ndcg(hits, gold, k)
    return found | {"mrr": reciprocal_rank(hits), "map": average_precision(hits, gold)}


def mean(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Mean over users of one metric or of several.

    Args:
        values: (users,) or (users, metrics).
        weights: how often each user counts, (users,) or (resamples, users); None is once.

    Returns:
        a number, (metrics,), (resamples,) or (resamples, metrics).
    """
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
    return ((weights @ values).T / weights.sum(axis=-1)).T

"""Every metric of recommended lists, for one model's lists, on the users as they are and on all resamples at once."""

from dataclasses import dataclass

import numpy as np

from tastetune.metrics import LISTS, beyond_accuracy, lines
from tastetune.metrics.ranking import by_user, mean, recall

Pairs = tuple[np.ndarray, np.ndarray]
"""Users and item codes, an entry for every item of every user's list."""

LINES, DEPTH = 10, 20
"""Lines of a list that are read, and of one that goes on: some models rank the whole catalogue."""


@dataclass(frozen=True)
class Listed:
    """What lists are measured by.

    Attributes:
        gold: the gold lists, none of them empty.
        liked: the users' own favourites.
        seen: all that they know already, which is no recommendation: the favourites, or a whole past with them in it.
        watched: share of the training log's users who rated each item of the catalogue, (items,).
        genres: whether an item is of a genre, bool (items, genres).
    """

    gold: Pairs
    liked: Pairs
    seen: Pairs
    watched: np.ndarray
    genres: np.ndarray


def list_metrics(grid: np.ndarray, by: Listed, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics of every resample.

    Args:
        grid: the lists as item codes, (users, `DEPTH`), see `tastetune.metrics.lines`. All metrics but `recall@20` look
            at the first `LINES`.
        weights: how often each user counts, (resamples, users), the first row once each.

    Returns:
        (resamples,) for each name of `metrics.LISTS`; NaN where the metric is undefined.
    """
    first, lengths = grid[:, :LINES], np.bincount(by.gold[0], minlength=len(grid))
    hits, written = lines.hits(grid, by.gold), lines.written(first)
    of_users = by_user(hits[:, :LINES], lengths)
    if (grid[:, LINES:] != lines.NO_LINE).any():
        of_users[f"recall@{DEPTH}"] = recall(hits, lengths, DEPTH)
    means = mean(np.stack([*of_users.values(), lines.answered(first), written], axis=1), weights)
    metrics = dict(zip([*of_users, "answered", "lines"], means.T, strict=True))
    for name, wrong in lines.faults(first, by.seen).items():
        metrics[name] = lines.share(wrong, written, weights)
    metrics |= _of_items(first, by, weights)
    undefined = np.full(len(weights), np.nan)
    return {name: metrics.get(name, undefined) for name in LISTS}


def _of_items(grid: np.ndarray, by: Listed, weights: np.ndarray) -> dict[str, np.ndarray]:
    """What recommended items are like, whether they are hits or not."""
    in_catalogue, popularity = (grid >= 0).sum(axis=1), lines.popularity(grid, by.watched)
    favourites = np.bincount(by.liked[0], minlength=len(grid))
    own = np.bincount(by.liked[0], by.watched[by.liked[1]], len(grid))
    # A resample repeats users, and so covers less: an interval from it would miss the value itself
    coverage = np.full(len(weights), np.nan)
    coverage[0] = lines.coverage(grid, len(by.watched))
    return {
        "coverage": coverage,
        "popularity": lines.share(popularity, in_catalogue, weights),
        "popularity_lift": beyond_accuracy.popularity_lift(
            _divided(popularity, in_catalogue), _divided(own, favourites), weights
        ),
        "novelty": lines.share(beyond_accuracy.novelty(grid, by.watched), in_catalogue, weights),
        "diversity": beyond_accuracy.mean_defined(beyond_accuracy.diversity(grid, by.genres), weights),
    }


def _divided(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)

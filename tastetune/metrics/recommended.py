"""Every metric of recommended lists, for one model's lists, on the users as they are and on all resamples at once."""

import numpy as np

from tastetune.metrics import LISTS, lines
from tastetune.metrics.ranking import by_user, mean

Pairs = tuple[np.ndarray, np.ndarray]
"""Users and item codes, an entry for every item of every user's list."""


def list_metrics(
    grid: np.ndarray, gold: Pairs, liked: Pairs, watched: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Metrics of every resample.

    Args:
        grid: the lists as item codes, (users, depth), see `tastetune.metrics.lines`.
        gold, liked: the gold lists, none of them empty, and the users' own favourites.
        watched: share of the training log's users who rated each item of the catalogue, (items,).
        weights: how often each user counts, (resamples, users), the first row once each.

    Returns:
        (resamples,) for each name of `metrics.LISTS`; NaN where the metric is undefined.
    """
    gold_lengths = np.bincount(gold[0], minlength=len(grid))
    of_users, written = by_user(lines.hits(grid, gold), gold_lengths), lines.written(grid)
    means = mean(np.stack([*of_users.values(), lines.answered(grid), written], axis=1), weights)
    metrics = dict(zip([*of_users, "answered", "lines"], means.T, strict=True))
    for name, wrong in lines.faults(grid, liked).items():
        metrics[name] = lines.share(wrong, written, weights)
    in_catalogue = (grid >= 0).sum(axis=1)
    metrics["popularity"] = lines.share(lines.popularity(grid, watched), in_catalogue, weights)
    # A resample repeats users, and so covers less: an interval from it would miss the value itself
    metrics["coverage"] = np.full(len(weights), np.nan)
    metrics["coverage"][0] = lines.coverage(grid, len(watched))
    return {name: metrics[name] for name in LISTS}

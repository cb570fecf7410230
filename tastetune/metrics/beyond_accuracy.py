"""What recommended lists are like beside their hits: how little known, how varied, how much more popular than tastes.

Each is computed of every user first, so that users can be resampled. Lines are as in `tastetune.metrics.lines`.

Source: Kaminskas and Bridge, Diversity, serendipity, novelty, and coverage (ACM TiiS 2016), sections 2 and 4, for
novelty as self-information and diversity as mean distance; Abdollahpouri et al., The unfairness of popularity bias in
recommendation (RMSE at RecSys 2019), section 3, for how far popularity grows.
"""

import numpy as np


def novelty(lines: np.ndarray, watched: np.ndarray) -> np.ndarray:
    """The self-information of a recommended item, -log2 of the share of people who watched it, summed over a user's
    lines, (users,); shown as the mean over all lines that name an item of the catalogue. In bits.

    An item that nobody watched counts as the rarest of those that somebody did.

    Args:
        lines: item codes, (users, depth).
        watched: share of the training log's users who rated each item, (items,).
    """
    least = np.min(watched, initial=1.0, where=watched > 0)
    bits = -np.log2(np.maximum(watched, least))
    return np.where(lines >= 0, bits[np.maximum(lines, 0)], 0.0).sum(axis=1)


def diversity(lines: np.ndarray, genres: np.ndarray) -> np.ndarray:
    """How unlike the genres of two lines of one list are, 1 less the share of their genres that they have in common
    (Jaccard), as the mean over all pairs of a user's lines, (users,); shown as the mean over users.

    NaN where no two lines name items with genres.

    Args:
        lines: item codes, (users, depth).
        genres: whether an item is of a genre, (items, genres).
    """
    of_lines = np.where(lines[..., None] >= 0, np.asarray(genres)[np.maximum(lines, 0)], 0).astype(np.float64)
    common, counts = of_lines @ of_lines.transpose(0, 2, 1), of_lines.sum(axis=2)
    either = counts[:, :, None] + counts[:, None, :] - common
    is_pair = np.triu(np.ones(common.shape[1:], bool), 1) & (counts[:, :, None] > 0) & (counts[:, None, :] > 0)
    apart = np.where(is_pair, 1 - common / np.maximum(either, 1), 0.0).sum(axis=(1, 2))
    pairs = is_pair.sum(axis=(1, 2))
    return np.divide(apart, pairs, out=np.full(len(lines), np.nan), where=pairs > 0)


def popularity_lift(recommended: np.ndarray, own: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """By how much more popular recommended items are than the users' own favourites: the mean over users of the
    popularity of what they are recommended, divided by that of their favourites, less 1.

    0 where lists are as popular as tastes are; users without a line are left out.

    Args:
        recommended, own: mean share of people who watched an item, of a user's lines and favourites, (users,); NaN of a
            user without any.
        weights: how often each user counts, (resamples, users).

    Returns:
        (resamples,); NaN where no user of a resample has a line, or favourites are watched by nobody.
    """
    has_both = ~np.isnan(recommended) & ~np.isnan(own)
    ours, theirs = (weights[:, has_both] @ values[has_both] for values in (recommended, own))
    return np.divide(ours, theirs, out=np.full(len(weights), np.nan), where=theirs > 0) - 1


def mean_defined(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean over the users whose value is not NaN, (resamples,); NaN without any.

    Args:
        values: (users,).
        weights: how often each user counts, (resamples, users).
    """
    is_defined = ~np.isnan(values)
    total = weights[:, is_defined].sum(axis=1)
    return np.divide(
        weights[:, is_defined] @ values[is_defined], total, out=np.full(len(weights), np.nan), where=total > 0
    )

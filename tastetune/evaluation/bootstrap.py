"""Uncertainty by resampling users: rows of one user are not independent, so whole users are drawn, not rows.

Every model and metric sees the same draws, so differences between models are paired.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 (percentile interval) and 16 (tests);
Field and Welsh, Bootstrapping clustered data (JRSS B 69, 2007), for drawing clusters; Davison and Hinkley, Bootstrap
Methods and their Application (1997), equation 4.11, for the one added to a p-value; Holm, A simple sequentially
rejective multiple test procedure (Scandinavian Journal of Statistics 6, 1979).
"""

import numpy as np

LEVEL = 0.95
_TAILS = (0.025, 0.975)


def draws(n_users: int, resamples: int, seed: int) -> np.ndarray:
    """How often each user is drawn: uint16 (1 + resamples, n_users).

    Row 0 is the sample itself, every user once; each other row holds n_users draws with replacement. A metric
    computed with these weights gives its value and its resamples in one array.
    """
    drawn = np.ones((1 + resamples, n_users), np.uint16)
    generator = np.random.default_rng(seed)
    for resample in range(1, 1 + resamples):
        drawn[resample] = np.bincount(generator.integers(0, n_users, n_users), minlength=n_users)
    return drawn


def interval(replicates: np.ndarray) -> tuple[float, float]:
    """Percentile interval at `LEVEL` of the resamples (all but the first entry) in which the metric is defined.

    Returns:
        low and high; NaN if it is defined in none.
    """
    defined = replicates[1:][~np.isnan(replicates[1:])]
    if not len(defined):
        return np.nan, np.nan
    # An observed value, not one between two: so the same resamples given twice give the same interval.
    low, high = np.quantile(defined, _TAILS, method="inverted_cdf")
    return float(low), float(high)


def p_value(differences: np.ndarray) -> float:
    """Two-sided p-value of 'no difference', from paired differences (1 + resamples), the first being the observed one.

    Twice the smaller share of resamples at or beyond zero, each share counted as (1 + cases) / (1 + resamples).
    NaN if no resample has a difference.
    """
    resampled = differences[1:][~np.isnan(differences[1:])]
    if not len(resampled):
        return np.nan
    beyond = min((resampled <= 0).sum(), (resampled >= 0).sum())
    return float(min(1.0, 2 * (1 + beyond) / (1 + len(resampled))))


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values corrected for their number, so that the chance of one false finding in the family stays under the level.

    NaN entries stay NaN and do not count.
    """
    p_values = np.asarray(p_values, np.float64)
    corrected = np.full(p_values.shape, np.nan)
    order = np.argsort(p_values)[: np.count_nonzero(~np.isnan(p_values))]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps)) if len(order) else []
    return corrected

"""Items' factors by alternating least squares: fitted to the ratings there are, shrunk.

See Zhou et al., "Large-Scale Parallel Collaborative Filtering for the Netflix Prize", AAIM 2008, section 3.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

SWEEPS = 8
"""How often alternating least squares go over the ratings."""

SHRINK = 10
"""Ratings that speak for the mean before an item's own do, as in Koren's baseline estimates."""


class Shrinkage(NamedTuple):
    """What shrinks the factors of an item or a user, `prior` and so much for each `rating` of it."""

    prior: float
    rating: float


class Residuals(NamedTuple):
    """Ratings as numbers of sorted users and items, and what the means leave of them.

    Attributes:
        users, items, left: of each rating, (n,).
        item_means: how much better than all ratings those of each item are, shrunk, (items,).
    """

    users: np.ndarray
    items: np.ndarray
    left: np.ndarray
    item_means: np.ndarray


def residuals(interactions: pa.Table) -> Residuals:
    """What the shrunk means of items and users leave of ratings: `user_id`, `item_id`, `rating`."""
    users, items = (_numbers(interactions[name]) for name in ("user_id", "item_id"))
    ratings = interactions["rating"].to_numpy().astype(np.float64)
    left = ratings - ratings.mean()
    item_means = _shrunk(left, items)
    left -= item_means[items]
    return Residuals(users, items, left - _shrunk(left, users)[users], item_means)


def als_factors(ratings: Residuals, factors: int, shrinkage: Shrinkage, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """So many factors of each user, (users, k), and each item, (items, k)."""
    users, items, left, item_means = ratings
    of_items = np.random.default_rng(seed).normal(0, 0.1, (len(item_means), factors))
    of_users = np.empty((0, factors))
    for _ in range(SWEEPS):
        of_users = fitted_factors(users, items, of_items, left, shrinkage)
        of_items = fitted_factors(items, users, of_users, left, shrinkage)
    return of_users, of_items


def fitted_factors(
    rows: np.ndarray, columns: np.ndarray, factors: np.ndarray, values: np.ndarray, shrinkage: Shrinkage
) -> np.ndarray:
    """The factors of each row, (rows, k), that with those of the columns, (columns, k), come nearest to the values.

    A ridge regression a row; `rows`, `columns` and `values` are a rating's two numbers and what it is, each (n,).
    """
    order, counts = np.argsort(rows, kind="stable"), np.bincount(rows)
    fitted = []
    for of_row in np.split(order, np.cumsum(counts)[:-1]):
        others = factors[columns[of_row]]
        strength = shrinkage.prior + shrinkage.rating * len(of_row)
        shrunk = others.T @ others + strength * np.eye(factors.shape[1])
        fitted.append(np.linalg.solve(shrunk, others.T @ values[of_row]))
    return np.array(fitted)


def _shrunk(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    return np.bincount(groups, values) / (np.bincount(groups) + SHRINK)


def _numbers(ids: pa.ChunkedArray) -> np.ndarray:
    return np.unique(ids.to_numpy().astype(str), return_inverse=True)[1]

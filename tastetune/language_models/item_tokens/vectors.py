"""Where the vectors of item tokens start: what ratings alone tell of the items."""

import numpy as np
import pyarrow as pa
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import svds

FACTORS, LEARNT_FACTORS = 64, 32
"""Factors of the singular value decomposition, and of alternating least squares, where the model is wide enough."""

SWEEPS, PRIOR, WEIGHED_PRIOR = 8, 15.0, 0.05
"""Of alternating least squares: how often it goes over the ratings; what shrinks an item's factors, and what does so
for each of its ratings. Chosen by ROC-AUC on validation rows of MovieLens 1M."""

SHRINK = 10
"""Ratings that speak for the mean before an item's own do, as in Koren's baseline estimates."""


def rated_items(interactions: pa.Table) -> list[str]:
    """The items that have ratings, sorted."""
    return sorted(set(interactions["item_id"].to_pylist()))


def svd_vectors(interactions: pa.Table, width: int, seed: int) -> dict[str, torch.Tensor]:
    """Of each rated item a vector of a model's width, float32: its factors, its mean and its popularity, turned.

    The factors are those of a truncated singular value decomposition of what user and item means leave of the ratings,
    each user's times its singular value. A random rotation spreads them, for a network is trained in no one direction.

    Args:
        interactions: training ratings: `user_id`, `item_id`, `rating`.
    """
    users, items, residuals, item_means = _residuals(interactions)
    counts = np.bincount(items)
    ratings = csr_matrix((residuals, (users, items)))
    factors = max(0, min(FACTORS, width - 2, min(ratings.shape) - 1))
    of_items = np.empty((len(counts), 0))
    if factors:
        _, singular, right = svds(ratings, k=factors, random_state=seed)
        of_items = (right * singular[:, None]).T / np.sqrt(counts + SHRINK)[:, None]
    return _turned(interactions, width, seed, of_items=of_items, item_means=item_means, counts=counts)


def als_vectors(interactions: pa.Table, width: int, seed: int) -> dict[str, torch.Tensor]:
    """Of each rated item a vector as `svd_vectors` makes it, of factors that were fitted to the ratings there are.

    A decomposition takes every rating that is missing for an average one. Alternating least squares fits users' and
    items' factors to what is there, shrunk; see Zhou et al., "Large-Scale Parallel Collaborative Filtering for the
    Netflix Prize", AAIM 2008, section 3.
    """
    users, items, residuals, item_means = _residuals(interactions)
    counts = np.bincount(items)
    factors = max(0, min(LEARNT_FACTORS, width - 2, users.max(), items.max()))
    of_items = np.random.default_rng(seed).normal(0, 0.1, (len(counts), factors))
    of_users = np.empty((0, factors))
    for _ in range(SWEEPS):
        of_users = fitted_factors(users, items, of_items, residuals)
        of_items = fitted_factors(items, users, of_users, residuals)
    # In directions in which users differ alike, so that a difference between two vectors is one in how they are liked
    spread = np.linalg.cholesky(of_users.T @ of_users / len(of_users) + 1e-12 * np.eye(factors))
    return _turned(interactions, width, seed, of_items=of_items @ spread, item_means=item_means, counts=counts)


def fitted_factors(rows: np.ndarray, columns: np.ndarray, factors: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The factors of each row, (rows, k), that with those of the columns, (columns, k), come nearest to the values.

    A ridge regression a row; `rows`, `columns` and `values` are a rating's two numbers and what it is, each (n,).
    """
    order, counts = np.argsort(rows, kind="stable"), np.bincount(rows)
    fitted = []
    for of_row in np.split(order, np.cumsum(counts)[:-1]):
        others = factors[columns[of_row]]
        shrunk = others.T @ others + (PRIOR + WEIGHED_PRIOR * len(of_row)) * np.eye(factors.shape[1])
        fitted.append(np.linalg.solve(shrunk, others.T @ values[of_row]))
    return np.array(fitted)


def _turned(
    interactions: pa.Table,
    width: int,
    seed: int,
    *,
    of_items: np.ndarray,
    item_means: np.ndarray,
    counts: np.ndarray,
) -> dict[str, torch.Tensor]:
    """By item, its factors of one size, its mean and its popularity, in directions drawn by lot; float32 (width,)."""
    scaled = of_items / max(of_items.std(), 1e-12) if of_items.size else of_items
    vectors = np.column_stack([scaled, _standard(item_means) * 2, _standard(np.log(counts))])
    turned = np.linalg.qr(np.random.default_rng(seed).normal(size=(width, width)))[0][: vectors.shape[1]]
    rotated = torch.tensor(vectors @ turned, dtype=torch.float32)
    return dict(zip(rated_items(interactions), rotated, strict=True))


def random_vectors(interactions: pa.Table, width: int, seed: int) -> dict[str, torch.Tensor]:
    """Of each rated item a vector drawn from the normal distribution, float32 (width,)."""
    items = rated_items(interactions)
    drawn = torch.randn(len(items), width, generator=torch.Generator().manual_seed(seed))
    return dict(zip(items, drawn, strict=True))


STARTS = {"als": als_vectors, "svd": svd_vectors, "random": random_vectors}
"""By the key's value, where item vectors start."""


def _residuals(interactions: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """User and item numbers of each rating, what the means leave of it, and each item's mean above that of all."""
    users, items = (_numbers(interactions[name]) for name in ("user_id", "item_id"))
    ratings = interactions["rating"].to_numpy().astype(np.float64)
    left = ratings - ratings.mean()
    item_means = _shrunk(left, items)
    left -= item_means[items]
    return users, items, left - _shrunk(left, users)[users], item_means


def _shrunk(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    return np.bincount(groups, values) / (np.bincount(groups) + SHRINK)


def _numbers(ids: pa.ChunkedArray) -> np.ndarray:
    return np.unique(ids.to_numpy().astype(str), return_inverse=True)[1]


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / max(values.std(), 1e-12)

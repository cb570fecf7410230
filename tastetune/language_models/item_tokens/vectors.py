"""Where the vectors of item tokens start: what ratings alone tell of the items."""

import numpy as np
import pyarrow as pa
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import svds

FACTORS = 64
"""Factors of the decomposition, where the model is wide enough."""

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
    features = [_standard(item_means) * 2, _standard(np.log(counts))]
    if factors:
        _, singular, right = svds(ratings, k=factors, random_state=seed)
        of_items = (right * singular[:, None]).T / np.sqrt(counts + SHRINK)[:, None]
        features = [of_items / max(of_items.std(), 1e-12), *features]
    vectors = np.column_stack(features)
    turned = np.linalg.qr(np.random.default_rng(seed).normal(size=(width, width)))[0][: vectors.shape[1]]
    rotated = torch.tensor(vectors @ turned, dtype=torch.float32)
    return dict(zip(rated_items(interactions), rotated, strict=True))


def random_vectors(interactions: pa.Table, width: int, seed: int) -> dict[str, torch.Tensor]:
    """Of each rated item a vector drawn from the normal distribution, float32 (width,)."""
    items = rated_items(interactions)
    drawn = torch.randn(len(items), width, generator=torch.Generator().manual_seed(seed))
    return dict(zip(items, drawn, strict=True))


STARTS = {"svd": svd_vectors, "random": random_vectors}
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

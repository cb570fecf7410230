"""Where the vectors of item tokens start: what ratings alone tell of the items."""

import numpy as np
import pyarrow as pa
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import svds

from tastetune.language_models.item_tokens.factors import SHRINK, Shrinkage, als_factors, residuals

FACTORS, LEARNT_FACTORS = 64, 32
"""Factors of the singular value decomposition, and of alternating least squares, where the model is wide enough."""

SHRINKAGE = Shrinkage(15.0, 0.05)
"""Of alternating least squares. Chosen by ROC-AUC on validation rows of MovieLens 1M."""


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
    users, items, left, item_means = residuals(interactions)
    counts = np.bincount(items)
    ratings = csr_matrix((left, (users, items)))
    factors = max(0, min(FACTORS, width - 2, min(ratings.shape) - 1))
    of_items = np.empty((len(counts), 0))
    if factors:
        _, singular, right = svds(ratings, k=factors, random_state=seed)
        of_items = (right * singular[:, None]).T / np.sqrt(counts + SHRINK)[:, None]
    return _turned(interactions, width, seed, of_items=of_items, item_means=item_means, counts=counts)


def als_vectors(interactions: pa.Table, width: int, seed: int) -> dict[str, torch.Tensor]:
    """Of each rated item a vector as `svd_vectors` makes it, of factors that were fitted to the ratings there are.

    A decomposition takes every rating that is missing for an average one. Alternating least squares fits users' and
    items' factors to what is there, shrunk.
    """
    ratings = residuals(interactions)
    factors = max(0, min(LEARNT_FACTORS, width - 2, ratings.users.max(), ratings.items.max()))
    of_users, of_items = als_factors(ratings, factors, SHRINKAGE, seed)
    # In directions in which users differ alike, so that a difference between two vectors is one in how they are liked
    spread = np.linalg.cholesky(of_users.T @ of_users / len(of_users) + 1e-12 * np.eye(factors))
    counts = np.bincount(ratings.items)
    return _turned(interactions, width, seed, of_items=of_items @ spread, item_means=ratings.item_means, counts=counts)


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
    drawn = torch.tensor(np.random.default_rng(seed).normal(size=(len(items), width)), dtype=torch.float32)
    return dict(zip(items, drawn, strict=True))


STARTS = {"als": als_vectors, "svd": svd_vectors, "random": random_vectors}
"""By the key's value, where item vectors start."""


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / max(values.std(), 1e-12)

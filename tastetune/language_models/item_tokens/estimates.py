"""What other users' ratings lead to expect of a user's next one: a number in front of each answer of a stream.

Factors of items are fitted without the user's own ratings, and the user's are computed from the ratings before the one
that is asked, so that an estimate never holds an answer that it is to tell. Stacking holds out in the same way what it
learns from: see Wolpert, "Stacked Generalization", Neural Networks 5, 1992. What others rated later is not held out: if
all test rows lie behind one moment (`--protocol timeline`), training sees better estimates than answering does.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.language_models.item_tokens.factors import SHRINK, Shrinkage, als_factors, residuals
from tastetune.language_models.item_tokens.vectors import rated_items
from tastetune.tasks.streams.passages import Streams

FOLDS = 5
"""Parts of the users, each of which is estimated by the ratings of the others."""

FACTORS, SHRINKAGE = 64, Shrinkage(5.0, 0.05)
"""Chosen by the ROC-AUC within one user on validation rows of MovieLens 1M."""

LEVELS, STEPS = 40, 20
"""The highest level on either side of the mean; a standard deviation is `STEPS` levels."""

AT_ONCE = 256
"""Lines whose sums of squares, 32 KB each, are in memory together."""


@dataclass(frozen=True)
class FittedRatings:
    """The training ratings that estimates are made from; the same wherever dataset and splits are.

    Attributes:
        splits: joined by `+`.
        fingerprint: of the dataset.
    """

    dataset: BuiltDataset = field(compare=False)
    splits: str
    fingerprint: str


def line_levels(streams: Streams, dataset: BuiltDataset, splits: str, seed: int = 0) -> np.ndarray:
    """What is expected of each line, int (lines,): levels above the mean, from -`LEVELS` to `LEVELS`.

    All known lines of the user before it count, those too that stand in no window with it.

    Args:
        splits: whose ratings tell of the items; the user's own among them are left out.
        seed: of the factors.
    """
    ratings = FittedRatings(dataset, splits, dataset.fingerprint)
    parts = np.array([_part(user) for user in streams.users])
    estimates = np.zeros(len(streams.items))
    for part in range(FOLDS):
        users = np.flatnonzero(parts == part)
        if len(users) and (estimator := _estimator(ratings, part, seed)):
            for begin, end in zip(streams.bounds[users], streams.bounds[users + 1], strict=True):
                estimates[begin:end] = estimator.behind_known(streams, slice(begin, end))
    return np.clip(np.rint(estimates * STEPS), -LEVELS, LEVELS).astype(np.int64)


@lru_cache(maxsize=2 * FOLDS)
def _estimator(ratings: FittedRatings, part: int, seed: int) -> "_Estimator | None":
    """What all users but those of a part say; None where there are none."""
    table = ratings.dataset.ratings(ratings.splits)
    users = table["user_id"].unique()
    others = users.filter(pa.array([_part(user) != part for user in users.to_pylist()]))
    table = table.filter(pc.is_in(table["user_id"], value_set=others))
    return _Estimator(table, seed) if len(table) else None


class _Estimator:
    """What some users' ratings say of their items."""

    def __init__(self, interactions: pa.Table, seed: int):
        fitted = residuals(interactions)
        items = rated_items(interactions)
        self.number = {item: at for at, item in enumerate(items)}
        factors = max(1, min(FACTORS, fitted.users.max(), fitted.items.max()))
        _, of_items = als_factors(fitted, int(factors), SHRINKAGE, seed)
        # An item without a rating among these is an average one
        self.factors = np.vstack([of_items, np.zeros(of_items.shape[1])])
        self.means = np.append(fitted.item_means, 0.0)
        ratings = interactions["rating"].to_numpy()
        self.mean, self.spread = float(np.mean(ratings)), max(float(np.std(ratings)), 1e-12)

    def behind_known(self, streams: Streams, lines: slice) -> np.ndarray:
        """What each of a user's lines is expected to be, given the known lines before it: standard deviations, (n,)."""
        items = np.array([self.number.get(item, -1) for item in streams.items[lines]])
        known, factors = streams.is_known[lines], self.factors[items]
        left = np.where(known, streams.ratings[lines] - self.mean - self.means[items], 0.0)
        told = factors * known[:, None]
        counts, sums = _before(known.astype(np.float64)), _before(left)
        user_means = sums / (counts + SHRINK)
        wanted = _before(told * left[:, None]) - user_means[:, None] * _before(told)
        estimates, squares = np.empty(len(items)), np.zeros((factors.shape[1],) * 2)
        for at in range(0, len(items), AT_ONCE):
            some = slice(at, at + AT_ONCE)
            grown = squares + np.cumsum(told[some, :, None] * told[some, None, :], axis=0)
            before = np.concatenate([squares[None], grown[:-1]])
            strength = SHRINKAGE.prior + SHRINKAGE.rating * counts[some]
            shrunk = before + strength[:, None, None] * np.eye(factors.shape[1])
            of_user = np.linalg.solve(shrunk, wanted[some, :, None])[..., 0]
            estimates[some] = (factors[some] * of_user).sum(axis=1)
            squares = grown[-1]
        return (self.means[items] + user_means + estimates) / self.spread


def _part(user: str) -> int:
    return crc32(user.encode()) % FOLDS


def _before(values: np.ndarray) -> np.ndarray:
    """The sum of what stands before each, along the first axis."""
    return np.cumsum(values, axis=0) - values

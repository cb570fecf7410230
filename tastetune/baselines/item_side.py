"""Matrix factorisation that answers somebody who was not among its users: the items stay, the person is solved for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tastetune.files import replacing


@dataclass(frozen=True, eq=False)
class ItemSide:
    """What `tastetune.baselines.recbole.own_models.labelled.SVD` has learnt of items.

    Attributes:
        items: their ids, (n,).
        factors: float64 (n, width).
        biases: float64 (n,).
        mean, spread: of the ratings, see `SVD`.
        reg_weight: the penalty of one rating on the parameters.
    """

    items: np.ndarray
    factors: np.ndarray
    biases: np.ndarray
    mean: float
    spread: float
    reg_weight: float

    in_stars = True

    def estimates(self, rated: Sequence[str], ratings: Sequence[float], asked: Sequence[str]) -> np.ndarray:
        """The estimated ratings of items by somebody with these ratings, float64 (asked,); not clipped to the scale.

        The person's bias and factors are those that minimise the loss of `SVD` over the ratings while the items stay
        as they are: w = (X'X + n reg_weight I)^-1 X'(z - b), where a row of X is 1 and the item's factors. An item
        that was in no training row has the mean of all others' parameters. Without ratings only the items
        speak; without a penalty the person is the smallest of those who fit best.

        Source: folding-in, Sarwar et al., "Incremental Singular Value Decomposition Algorithms", ICCIT 2002; with the
        regularised loss of Koren, Bell and Volinsky, IEEE Computer 2009, eq. 5.
        """
        biases, x = self._of(rated)
        z = (np.asarray(ratings, np.float64) - self.mean) / self.spread
        penalty = max(len(z), 1) * self.reg_weight * np.eye(x.shape[1])
        person, *_ = np.linalg.lstsq(x.T @ x + penalty, x.T @ (z - biases), rcond=None)
        biases, x = self._of(asked)
        return self.mean + self.spread * (biases + x @ person)

    def _of(self, items: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The biases (n,) of items, and 1 beside their factors, (n, 1 + width)."""
        places = {item: place for place, item in enumerate(self.items.tolist())}
        biases, factors = np.append(self.biases, self.biases.mean()), np.vstack([self.factors, self.factors.mean(0)])
        at = [places.get(item, len(places)) for item in items]
        return biases[at], np.column_stack([np.ones(len(at)), factors[at]])

    def save(self, path: Path) -> None:
        """Write it to an .npz file, whole or not at all."""
        with replacing(path) as new, new.open("wb") as file:
            np.savez(file, **vars(self))

    @classmethod
    def load(cls, path: Path) -> "ItemSide":
        """What `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            values = {name: arrays[name] for name in cls.__dataclass_fields__}
        return cls(**{name: value if value.ndim else value.item() for name, value in values.items()})

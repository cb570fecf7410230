"""Recommenders without their users, which answer anybody: see `item_side` and `sequence_side`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np


class Side(Protocol):
    """What is left of a fitted model when its users are taken away."""

    @property
    def in_stars(self) -> bool:
        """Whether it estimates ratings; otherwise the probability of a like."""

    def estimates(self, rated: Sequence[str], ratings: Sequence[float], asked: Sequence[str]) -> np.ndarray:
        """The estimates of items, by their ids, by somebody with these ratings, oldest first; float64 (asked,)."""

    def save(self, path: Path) -> None:
        """Write it to an .npz file, whole or not at all."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """What `save` wrote."""
        ...

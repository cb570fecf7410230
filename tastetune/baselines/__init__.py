"""Models to compare with: trivial means, a text model, and recommenders trained by RecBole.

`tastetune.baselines.recbole` alone imports RecBole; `tastetune.baselines.trivial` imports neither RecBole nor torch.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Predictions
from tastetune.errors import InputError
from tastetune.tasks import task_of
from tastetune.tasks.task import FIT_ON

AfterEpoch = Callable[[int, Predictions], None]
"""Takes the number of an epoch, from 1, and what the model answers after it."""


class Baseline(Protocol):
    """A model that is fitted on what comes before a split, and answers every row of the split."""

    @property
    def name(self) -> str:
        """Its row in tables, and the stem of its predictions file."""

    def origin(self, dataset: BuiltDataset, split: str) -> dict:
        """The fields of `Meta` by which predictions that are there already are recognised as this model's.

        They name the rows and all settings, not `model`, which is the stem of a file.

        Raises:
            InputError: no baseline answers `split`.
        """

    def fit_predict(self, dataset: BuiltDataset, split: str, *, after_epoch: AfterEpoch | None = None) -> Predictions:
        """Fit the model on what comes before `split`, and answer every row of it.

        Args:
            after_epoch: called after each epoch of the last fit; a model without epochs never calls it.

        Raises:
            InputError: no baseline answers `split`, there is nothing to fit on or to answer, or the model's settings
                do not work on these rows.
        """


def fit_on(dataset: BuiltDataset, split: str) -> str:
    """The splits, joined by `+`, that a model is fitted on to answer `split`.

    Raises:
        InputError: no baseline answers `split`.
    """
    if split not in FIT_ON:
        there = [name for name in FIT_ON if dataset.has_split(dataset.task, name)]
        raise InputError(f"split {split!r}: baselines answer {', '.join(there)}; name one of these")
    return FIT_ON[split]


def rows_answered(dataset: BuiltDataset, split: str) -> dict[str, Any]:
    """The fields of `Meta` that name the rows of `split`."""
    return {
        "dataset": dataset.name,
        "config": dataset.task,
        "split": split,
        "fingerprint": dataset.fingerprint,
        "rows_digest": _rows_digest(dataset, split),
    }


@lru_cache(maxsize=8)
def _rows_digest(dataset: BuiltDataset, split: str) -> str:
    return task_of(dataset).rows(dataset, split).digest


def wait_passively() -> None:
    """Let idle OpenMP threads sleep, unless the user chose otherwise; call it before torch is imported.

    Small models start a parallel region every few microseconds. With the default policy the idle threads spin
    between them and steal the cores from the working ones: measured on two cores, an epoch takes 3 to 30 times longer.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

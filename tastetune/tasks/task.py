"""What every task is: rows that are asked, and what an answer to them is worth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.digests import digest_of_table
from tastetune.artifacts.predictions import Predictions
from tastetune.errors import InputError
from tastetune.metrics import Metric
from tastetune.tasks.prompts import read_rows

FIT_ON = {"test": "train+validation", "test_sample": "train+validation", "validation": "train"}
"""What a recommender is fitted on, by the split it answers: everything before that split, never the split itself."""

KNOWN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "prior": {"train": ("train",), "validation": ("train", "validation"), "test": ("train", "validation", "test")},
    "train": {"train": ("train",), "validation": ("train",), "test": ("train", "validation")},
}
"""By a dataset's rule for histories: for targets of a split, the splits whose ratings may stand before them.

Never those of a later split: a split of somebody's own may be drawn by lot, and a training prompt would tell the
answers to test rows.
"""


@dataclass(frozen=True)
class Rows:
    """The rows of one split, in the dataset's order.

    Attributes:
        table: what scoring and recommenders need of each row, `example_id` and `user_id` among it.
        users: each row's user, integers under `n_users` in order of first appearance, (rows,).
        places: where they stand in the split; None for all of it.
    """

    task: "Task"
    dataset: BuiltDataset
    split: str
    table: pa.Table
    users: np.ndarray
    n_users: int
    places: np.ndarray | None = None

    @property
    def example_ids(self) -> list[str]:
        return self.table["example_id"].to_pylist()

    @cached_property
    def digest(self) -> str:
        """Of what scoring reads of the rows: ids, labels, ratings, histories or gold lists.

        Three things freeze a dataset. Its fingerprint, of all rows with their prompts, names it. The digest of each
        file, checked when the file is read, notices an edit. This digest, computed from the rows at prediction and
        again at scoring, notices that the two read different ones, even if somebody wrote new digests for the files.
        """
        return digest_of_table(self.table)

    def read(self, columns: list[str]) -> pa.Table:
        """Further columns of the same rows, such as `prompt`."""
        return read_rows(self.dataset, self.task.rows_config, self.split, columns, self.places)

    def at(self, places: np.ndarray) -> "Rows":
        """The rows at these places alone, in this order."""
        in_split = places if self.places is None else self.places[places]
        return replace(self, table=self.table.take(places), users=self.users[places], places=in_split)


@dataclass(frozen=True)
class Measured:
    """One model's metrics on some rows.

    Attributes:
        replicates: by metric, (resamples,); NaN where it is undefined.
        rows, users: how many there are.
        reasons: why a metric says nothing on these rows, as a clause, by metric.
    """

    replicates: dict[str, np.ndarray]
    rows: int
    users: int
    reasons: dict[str, str] = field(default_factory=dict)


class Task(Protocol):
    """One question that is asked of rows.

    Attributes:
        config: its name, which a recipe's `dataset_config` gives.
        rows_config: the dataset's config whose rows are asked; tasks that share it are scored in one table.
        metrics: what is measured, by name, in the order in which it is shown.
        headline: names of those in the first table and on cards; models are ordered by the first.
        of_slices: names of those that are shown for parts of the rows.
        reference: the model that others are compared with unless another is named.
    """

    config: str
    rows_config: str
    metrics: Mapping[str, Metric]
    headline: tuple[str, ...]
    of_slices: tuple[str, ...]
    reference: str

    def rows(self, dataset: BuiltDataset, split: str) -> Rows:
        """The rows of `split`; InputError if there are none."""
        ...

    def prompts(self, rows: Rows) -> list:
        """The prompt of each row: a text, or chat messages."""
        ...

    def training_table(self, dataset: BuiltDataset, split: str) -> pa.Table:
        """`prompt` and `completion` of the rows of `split` (several joined by `+`), to train on."""
        ...

    def answers(self, rows: Any, predictions: Predictions) -> Any:
        """One model's answers as the task reads them, in the rows' order.

        Raises:
            InputError: the predictions are of other rows, or cannot be read as answers.
        """
        ...

    def measure(
        self,
        answers: Any,
        weights: np.ndarray,
        *,
        names: Iterable[str] | None = None,
        within: np.ndarray | None = None,
        threshold: float | None = None,
    ) -> Measured:
        """Metrics of one model's answers.

        Args:
            answers: what `answers` returned.
            weights: how often each user counts, (resamples, users): a bootstrap is one call.
            names: the metrics wanted; all if none.
            within: bool (rows,), to measure these rows alone.
            threshold: scores at or above it mean Yes; what the predictions say if none.
        """
        ...

    def details(self, predictions: Predictions, answers: Any) -> dict:
        """What scores.json says of a model beside its metrics."""
        ...

    def described(self, rows: Any) -> dict:
        """What scores.json says of the rows beside their number and their users'."""
        ...

    def examples(self, rows: Any, places: np.ndarray, answers: Mapping[str, Any], with_text: bool) -> list[dict]:
        """The rows at `places` with every model's answers, to be looked at; no ids and texts unless `with_text`."""
        ...


def check_same_rows(rows: Rows, predictions: Predictions) -> None:
    """Raise InputError unless `predictions` answer these rows."""
    scored = {"config": rows.task.rows_config, "split": rows.split, "fingerprint": rows.dataset.fingerprint}
    if predictions.meta.rows_digest is not None:
        scored["rows_digest"] = rows.digest
    for key, expected in scored.items():
        value = getattr(predictions.meta, key)
        if value != expected:
            raise InputError(
                f"{predictions.place}: {key} is {value!r} (dataset {predictions.meta.dataset!r}), but {key} "
                f"{expected!r} of {rows.dataset.source} is scored; predict on these rows, or score the rows it was "
                "predicted on"
            )


def refuse_doubled(table: pa.Table, dataset: BuiltDataset, split: str) -> None:
    """Raise InputError if two rows of a split bear one id, so that their answers could not be told apart."""
    counts = pc.value_counts(table["example_id"].combine_chunks())
    doubled = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    if len(doubled):
        raise InputError(
            f"{dataset.source}: {len(doubled)} example_ids of split {split!r} stand more than once, first "
            f"{doubled[0].as_py()!r}; rebuild the dataset"
        )

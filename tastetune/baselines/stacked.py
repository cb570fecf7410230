"""A stack: a logistic regression over what the other models answer, fitted on validation.

It says what a model knows that the others do not: its coefficient beside theirs, and how much the stack loses without
it (Wolpert 1992, "Stacked Generalization"). Members are the models that answered both the split and validation; on
validation each was fitted on train alone, so that the stack learns from answers to rows that no member was fitted on.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.digests import digest_of_table
from tastetune.artifacts.predictions import Meta, Predictions, read_predictions
from tastetune.artifacts.score_table import score_table
from tastetune.baselines import AfterEpoch, rows_answered
from tastetune.errors import InputError
from tastetune.tasks import Rows, task_of
from tastetune.tasks.task import check_same_rows

KIND = "stack"
LANGUAGE_MODELS = ("base", "adapter", "fine-tuned")
LEAST = 1e-6
"""A probability is taken as no nearer to 0 or 1, so that its logit is finite."""


@dataclass(frozen=True)
class StackedBaseline:
    """The stack over the models of two folders, as a `tastetune.baselines.Baseline`.

    Attributes:
        folder: predictions on the split to answer.
        validation: predictions on validation, by the same names.
        without: kinds of models that are no members.
    """

    folder: Path
    validation: Path
    without: tuple[str, ...] = ()
    name: str = "stacked"

    def origin(self, dataset: BuiltDataset, split: str) -> dict:
        digests = {name: [digest_of_table(of.table) for of in pair] for name, pair in self.members().items()}
        return rows_answered(dataset, split) | {"kind": KIND, "settings": {"fit_on": "validation", "members": digests}}

    def members(self) -> dict[str, tuple[Predictions, Predictions]]:
        """By name, each member's answers on validation and on the split; InputError if a file cannot be read."""
        paired = [path for path in sorted(self.folder.glob("*.parquet")) if (self.validation / path.name).is_file()]
        read = {path.stem: (read_predictions(self.validation / path.name), read_predictions(path)) for path in paired}
        return {name: pair for name, pair in read.items() if pair[1].meta.kind not in (KIND, *self.without)}

    def fit_predict(self, dataset: BuiltDataset, split: str, *, after_epoch: AfterEpoch | None = None) -> Predictions:
        """As the protocol says; raises InputError as well where no model answered both, or one answered other rows."""
        began, task = time.perf_counter(), task_of(dataset)
        held_out, rows = task.rows(dataset, "validation"), task.rows(dataset, split)
        members, labels = self.members(), held_out.table["label"].to_numpy()
        if len(np.unique(labels)) < 2:
            raise InputError(f"{dataset.path(dataset.task, 'validation')}: one label alone, so no stack can be fitted")
        if not members:
            raise InputError(
                f"no model in {self.folder} answered validation as well, so there is nothing to stack; answer "
                "it first, with --split validation"
            )
        seen, asked = features(list(members.values()), held_out, rows)
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(seen, labels)
        origin = self.origin(dataset, split)
        coefficients = dict(zip(members, map(float, model[-1].coef_[0]), strict=True))
        meta = Meta(
            model=self.name,
            **origin | {"settings": origin["settings"] | {"coefficients": coefficients}},
            training={"examples": len(labels), "seconds": time.perf_counter() - began},
        )
        return Predictions(meta, score_table(rows.example_ids, model.predict_proba(asked)[:, 1]))


def features(
    members: list[tuple[Predictions, Predictions]], held_out: Rows, rows: Rows
) -> tuple[np.ndarray, np.ndarray]:
    """What the regression sees of `held_out` and `rows`, float64 (rows, members): logits of probabilities, else scores.

    Raises:
        InputError: a member answered other rows, or not all of them.
    """
    columns = []
    for pair in members:
        for of, answered in zip(pair, (held_out, rows), strict=True):
            check_same_rows(answered, of)
        scores = [of.scores(answered.example_ids)[0] for of, answered in zip(pair, (held_out, rows), strict=True)]
        if min(map(np.min, scores)) >= 0 and max(map(np.max, scores)) <= 1:
            scores = [logit(np.clip(values, LEAST, 1 - LEAST)) for values in scores]
        columns.append(scores)
    return np.column_stack([seen for seen, _ in columns]), np.column_stack([asked for _, asked in columns])


def stacks(folder: Path, validation: Path) -> list[StackedBaseline]:
    """The stack over all models that are there, and the one without language models where there are both kinds."""
    stack = StackedBaseline(folder, validation)
    kinds = {of.meta.kind in LANGUAGE_MODELS for _, of in stack.members().values()}
    if len(kinds) < 2:
        return [stack]
    return [stack, StackedBaseline(folder, validation, LANGUAGE_MODELS, "stacked_without_language_models")]

"""Rows that ask about one item each and bear a label: liked or not. How they are read and what answers are worth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Predictions
from tastetune.errors import InputError
from tastetune.metrics import LIKE_DISLIKE, Metric
from tastetune.metrics.calibration import reliability
from tastetune.metrics.labelled import (
    OTHER,
    PROBABILITY,
    STARS,
    ScoredRows,
    are_probabilities,
    label_metrics,
    why_undefined,
)
from tastetune.metrics.roc_auc import roc_curve
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.prompts import read_rows
from tastetune.tasks.task import Measured, Rows, check_same_rows, refuse_doubled

COLUMNS = ["example_id", "user_id", "item_id", "label", "rating", "history"]
CURVE_POINTS = 101
"""Places on the ROC curve that scores.json keeps."""


@dataclass(frozen=True)
class Answers:
    """One model's answers to labelled rows: scores, how many could not be parsed, and what was generated, if any."""

    rows: ScoredRows
    unparsed: int
    texts: list[str | None]


class LabelTask:
    """Will this user like this item? Answered by one score a row. See `tastetune.tasks.task.Task`."""

    config = rows_config = "like_dislike"
    metrics: Mapping[str, Metric] = LIKE_DISLIKE
    headline: tuple[str, ...] = ("roc_auc", "uauc", "precision", "recall", "f1", "accuracy")
    of_slices: tuple[str, ...] = ("roc_auc", "f1", "accuracy")
    reference = "user_item_mean"

    def rows(self, dataset: BuiltDataset, split: str) -> Rows:
        """The rows of `split`; InputError if there are none."""
        table = dataset.read(self.rows_config, split, COLUMNS)
        if not len(table):
            path = dataset.path(self.rows_config, split.split("+", maxsplit=1)[0])
            raise InputError(f"{path}: no rows; rebuild the dataset or name another split")
        refuse_doubled(table, dataset, split)
        users = table["user_id"].combine_chunks().dictionary_encode()
        return Rows(self, dataset, split, table, users.indices.to_numpy(), len(users.dictionary))

    def prompts(self, rows: Rows) -> list[str]:
        """The prompt of each row."""
        return rows.read(["prompt"])["prompt"].to_pylist()

    def training_table(self, dataset: BuiltDataset, split: str) -> pa.Table:
        """`prompt` and `completion` of the rows of `split`, to train on."""
        return read_rows(dataset, self.rows_config, split, ["prompt", "completion"])

    def answers(self, rows: Rows, predictions: Predictions) -> Answers:
        """The model's answers to `rows`, in their order.

        An unparsable answer counts as a wrong one everywhere: its label is the wrong one and its score the worst there
        is (the lowest for a like, the highest for a dislike; 0 and 1 for a probability).

        Raises:
            InputError: the predictions are of other rows, or only some of them hold a generated answer.
        """
        check_same_rows(rows, predictions)
        scores, texts = predictions.scores(rows.example_ids)
        labels = rows.table["label"].to_numpy().astype(np.int64)
        stars = _stars(rows, labels)
        threshold = predictions.meta.threshold
        scale = _scale(scores, threshold, None if np.isnan(stars).any() else rows.dataset.like_from)
        scored = ScoredRows(
            labels, rows.users, rows.n_users, stars, scores, (scores >= threshold).astype(np.int64), scale
        )
        if not _are_generated(rows, predictions, texts):
            return Answers(scored, 0, texts)
        parsed = [LikeDislike.parse(text or "") for text in texts]
        unparsed = np.array([answer is None for answer in parsed])
        yes = np.where(unparsed, 1 - labels, np.array([answer or 0 for answer in parsed]))
        worst = (0.0, 1.0) if scale == PROBABILITY else (scores.min(), scores.max())
        scores = np.where(unparsed, np.where(labels == 1, *worst), scores)
        return Answers(replace(scored, scores=scores, yes=yes), int(unparsed.sum()), texts)

    def measure(
        self,
        answers: Answers,
        weights: np.ndarray,
        *,
        names: Iterable[str] | None = None,
        within: np.ndarray | None = None,
        threshold: float | None = None,
    ) -> Measured:
        """Metrics of one model's answers, see `Task.measure`."""
        scored, names = answers.rows, list(names or self.metrics)
        if threshold is not None:
            scored = replace(scored, yes=(scored.scores >= threshold).astype(np.int64))
        if within is not None:
            scored = scored.of(within)
        reasons = {name: reason for name in names if (reason := why_undefined(scored, name))}
        replicates = label_metrics(scored, weights, names)
        return Measured(replicates, len(scored.labels), len(np.unique(scored.users)), reasons)

    def details(self, predictions: Predictions, answers: Answers) -> dict:
        """How the model answered, the share of Yes among it, its ROC curve and its reliability table."""
        return {
            "generated": answers.texts[0] is not None,
            "unparsed": answers.unparsed,
            "yes_rate": float(answers.rows.yes.mean()),
            "threshold": predictions.meta.threshold,
            "scale": answers.rows.scale,
            "roc": _roc(answers.rows),
            "reliability": _reliability(answers.rows),
        }

    def described(self, rows: Rows) -> dict:
        """Items, likes, and users with both labels."""
        labels = rows.table["label"].to_numpy()
        ratings, likes = np.bincount(rows.users), np.bincount(rows.users, labels)
        return {
            "items": len(rows.table["item_id"].unique()),
            "likes": int(labels.sum()),
            "base_rate": float(labels.mean()),
            "users_with_both_labels": int(((likes > 0) & (likes < ratings)).sum()),
            "leakage": rows.dataset.info["counts"].get("leakage"),
        }

    def examples(self, rows: Rows, places: np.ndarray, answers: Mapping[str, Answers], with_text: bool) -> list[dict]:
        """Rows with every model's score, its Yes or No, and the text it generated.

        Returns:
            of each row `row` (its id; its number without text), `label`, and by model `scores`, `yes` and `written`;
            `with_text` also `prompt`, `completion` and `rating`.
        """
        examples = [
            {"row": f"row {number}", "label": rows.table["label"][place].as_py()}
            | {"scores": {model: round(float(of.rows.scores[place]), 4) for model, of in answers.items()}}
            | {"yes": {model: int(of.rows.yes[place]) for model, of in answers.items()}}
            | {"written": {m: of.texts[place] for m, of in answers.items() if of.texts[place] is not None}}
            for number, place in enumerate(places.tolist(), 1)
        ]
        if with_text:
            texts = rows.at(places).read(["example_id", "prompt", "completion", "rating"])
            for example, text in zip(examples, texts.rename_columns({"example_id": "row"}).to_pylist(), strict=True):
                example.update(text)
        return examples


def _stars(rows: Rows, labels: np.ndarray) -> np.ndarray:
    """The stars given; NaN where the log has likes or clicks alone, which stand as ratings of 1 and 0."""
    ratings = rows.table["rating"].cast(pa.float64()).to_numpy()
    return np.full(len(ratings), np.nan) if np.array_equal(ratings, labels) else ratings


def _scale(scores: np.ndarray, threshold: float, stars_of_a_like: float | None) -> str:
    if are_probabilities(scores, threshold):
        return PROBABILITY
    return STARS if threshold == stars_of_a_like else OTHER


def _are_generated(rows: Rows, predictions: Predictions, texts: list[str | None]) -> bool:
    generated = [text is not None for text in texts]
    if any(generated) and not all(generated):
        raise InputError(
            f"{predictions.place}: {sum(generated)} of {len(generated)} rows hold a generated answer and the others "
            f"none, first {rows.example_ids[generated.index(False)]!r}; generate for all or for none"
        )
    return all(generated)


def _roc(scored: ScoredRows) -> list[list[float]]:
    """The ROC curve as (false positive rate, true positive rate) on an even grid; empty with one class only."""
    if why_undefined(scored, "roc_auc"):
        return []
    alarms, hits = roc_curve(scored.labels, scored.scores)
    grid = np.linspace(0, 1, CURVE_POINTS)
    return [[0.0, 0.0]] + [[round(float(x), 4), round(float(np.interp(x, alarms, hits)), 4)] for x in grid]


def _reliability(scored: ScoredRows) -> list[dict]:
    if why_undefined(scored, "ece"):
        return []
    return [line._asdict() for line in reliability(scored.labels, scored.scores)]

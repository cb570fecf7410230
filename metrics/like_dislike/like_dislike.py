"""Metrics of the like-or-dislike task as a Hugging Face `evaluate` module; the functions are tastetune's own."""

import datasets
import evaluate
import numpy as np

from tastetune.evaluation.bootstrap import draws
from tastetune.metrics.labelled import OTHER, PROBABILITY, STARS, ScoredRows, are_probabilities, label_metrics

_DESCRIPTION = """
How well scores tell what a user likes from what they dislike: ROC-AUC, average precision, UAUC (inside each user),
precision, recall, F1, accuracy and balanced accuracy at a threshold, log loss, Brier score and expected calibration
error of probabilities, RMSE and MAE of stars. A metric that the input leaves undefined is None.
"""

_INPUTS = """
Args:
    predictions: scores, higher is more liked; probabilities, stars, or any number that ranks.
    references: 1 for a like, 0 for a dislike.
    threshold: scores at or above it are a Yes (default 0.5).
    users: the user of each row, for UAUC; without it, UAUC is None.
    ratings: the stars given, if the predictions are stars; without it, RMSE and MAE are None.

Returns:
    a dict of metric to number or None.

Examples:
    >>> metric = evaluate.load("metrics/like_dislike")
    >>> metric.compute(predictions=[0.9, 0.4, 0.7], references=[1, 0, 0])["roc_auc"]
    1.0
"""


class LikeDislike(evaluate.Metric):
    """Metrics of scores against likes and dislikes."""

    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features(
                {"predictions": datasets.Value("float64"), "references": datasets.Value("int64")}
            ),
        )

    def _compute(self, predictions, references, threshold=0.5, users=None, ratings=None):
        labels, scores = np.asarray(references), np.asarray(predictions, np.float64)
        self._check(labels, scores, users, ratings)
        names, codes = np.unique(np.arange(len(labels)) if users is None else users, return_inverse=True)
        scale = STARS if ratings is not None else PROBABILITY if are_probabilities(scores, threshold) else OTHER
        stars = np.full(len(labels), np.nan) if ratings is None else np.asarray(ratings, np.float64)
        yes = (scores >= threshold).astype(int)
        rows = ScoredRows(labels, codes, len(names), stars, scores, yes, scale)
        values = {name: of[0] for name, of in label_metrics(rows, draws(len(names), resamples=0, seed=0)).items()}
        return {name: None if np.isnan(value) else float(value) for name, value in values.items()}

    @staticmethod
    def _check(labels, scores, users, ratings):
        if not len(labels):
            raise ValueError("no rows; give at least one prediction and reference")
        if not np.isin(labels, (0, 1)).all():
            raise ValueError("references must be 0 (dislike) or 1 (like)")
        if not np.isfinite(scores).all():
            raise ValueError("predictions must be finite")
        for name, column in (("users", users), ("ratings", ratings)):
            if column is not None and len(column) != len(labels):
                raise ValueError(f"{len(column)} {name} for {len(labels)} rows; give one a row")

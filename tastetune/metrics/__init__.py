"""What is measured, one idea a file; every function is pure and takes plain arrays.

`weights` says how often each row (or user) counts. It is None, or an array whose last axis is the rows and whose first,
if there are two, is resamples: the metric of a thousand bootstrap resamples is then one call.
A metric that its input leaves undefined (a ROC-AUC without a dislike) is NaN, never an invented number.
"""

from typing import NamedTuple


class Metric(NamedTuple):
    """How a metric is named and read."""

    name: str
    title: str
    higher_is_better: bool = True


LIKE_DISLIKE = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", "ROC-AUC"),
        Metric("average_precision", "Average precision"),
        Metric("uauc", "UAUC"),
        Metric("uauc_weighted", "UAUC, weighted by rows"),
        Metric("precision", "Precision"),
        Metric("recall", "Recall"),
        Metric("f1", "F1"),
        Metric("accuracy", "Accuracy"),
        Metric("balanced_accuracy", "Balanced accuracy"),
        Metric("log_loss", "Log loss", higher_is_better=False),
        Metric("brier", "Brier score", higher_is_better=False),
        Metric("ece", "Expected calibration error", higher_is_better=False),
        Metric("rmse", "RMSE", higher_is_better=False),
        Metric("mae", "MAE", higher_is_better=False),
    )
}
"""Metrics of the like-or-dislike task, in the order in which they are shown."""

OF_LABELS = ("precision", "recall", "f1", "accuracy", "balanced_accuracy")
"""Metrics that depend on a threshold."""

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

LISTS = {
    metric.name: metric
    for metric in (
        *(Metric(f"precision@{k}", f"P@{k}") for k in (3, 5, 10)),
        *(Metric(f"recall@{k}", f"R@{k}") for k in (3, 5, 10, 20)),
        *(Metric(f"f1@{k}", f"F1@{k}") for k in (3, 5, 10)),
        *(Metric(f"hit_rate@{k}", f"Hit rate@{k}") for k in (3, 5, 10)),
        *(Metric(f"ndcg@{k}", f"NDCG@{k}") for k in (3, 5, 10)),
        Metric("mrr", "MRR"),
        Metric("map", "MAP"),
        Metric("answered", "Users with an answer"),
        Metric("lines", "Lines a user"),
        Metric("off_catalogue", "Lines off the catalogue", higher_is_better=False),
        Metric("repeated", "Repeated lines", higher_is_better=False),
        Metric("own", "Lines of the user's own items", higher_is_better=False),
        Metric("coverage", "Catalogue coverage"),
        Metric("popularity", "Popularity", higher_is_better=False),
        Metric("popularity_lift", "Popularity over the favourites'", higher_is_better=False),
        Metric("novelty", "Novelty"),
        Metric("diversity", "Diversity of genres"),
    )
}
"""Metrics of the recommend-ten task, in the order in which they are shown; see `ranking`, `lines` and
`beyond_accuracy` in this package."""

"""What the figures of a report mean, and where their definitions come from: read off the code that computes them."""

import inspect
import re
from typing import Any

from tastetune.metrics import (
    average_precision,
    beyond_accuracy,
    calibration,
    confusion,
    lines,
    probability,
    ranking,
    roc_auc,
    stars,
    uauc,
)

DEFINED_BY: dict[str, Any] = {
    "roc_auc": roc_auc.roc_auc,
    "average_precision": average_precision.average_precision,
    "uauc": uauc.uauc,
    "uauc_weighted": uauc.uauc,
    "precision": confusion.precision,
    "recall": confusion.recall,
    "f1": confusion.f1,
    "accuracy": confusion.accuracy,
    "balanced_accuracy": confusion.balanced_accuracy,
    "log_loss": probability.log_loss,
    "brier": probability.brier,
    "ece": calibration.expected_calibration_error,
    "rmse": stars.squared_error,
    "mae": stars.absolute_error,
    "precision@": ranking.precision,
    "recall@": ranking.recall,
    "f1@": ranking.f1,
    "hit_rate@": ranking.hit_rate,
    "ndcg@": ranking.ndcg,
    "mrr": ranking.reciprocal_rank,
    "map": ranking.average_precision,
    "answered": lines.answered,
    "lines": lines.written,
    "off_catalogue": lines.off_catalogue,
    "repeated": lines.repeated,
    "own": lines.own,
    "coverage": lines.coverage,
    "popularity": lines.popularity,
    "popularity_lift": beyond_accuracy.popularity_lift,
    "novelty": beyond_accuracy.novelty,
    "diversity": beyond_accuracy.diversity,
}
"""The function behind each metric (without its cut); its documentation is what the report says of the metric."""

LEAKS = {
    "test_before_training": "Test rows that lie before training rows of other users",
    "training_after_test": "Share of training rows later than a test row, on average",
    "repeated_pairs": "Rows whose user and item stand in another row too",
    "targets_in_history": "Rows whose target is in their own history",
    "duplicate_prompts": "Test rows whose prompt is a training row's, letter by letter",
}
"""What the counts of `tastetune.data.audit.leakage` say, for people."""

MEANINGS = {
    "user_item_mean": "user mean plus item mean",
    "most_popular": "what most people watched",
    "most_cowatched": "what is watched most beside the favourites",
}
"""The references by name."""


def definition(name: str) -> dict[str, str]:
    """What a metric is and where it comes from: `definition`, `source`, and `function`, as its code says."""
    function = DEFINED_BY[re.sub(r"@\d+$", "@", name)]
    first, _, _ = (inspect.getdoc(function) or "").partition("\n\n")
    _, _, source = (inspect.getdoc(inspect.getmodule(function)) or "").partition("Source:")
    return {
        "definition": " ".join(first.split()),
        "source": " ".join(source.partition("\n\n")[0].split()),
        "function": f"{function.__module__}.{function.__name__}",
    }

"""How the scores of each task are shown: the metrics, which of them come first, and the templates."""

from typing import NamedTuple

from tastetune.metrics import LIKE_DISLIKE, LISTS, Metric


class Shown(NamedTuple):
    """What is shown of one task.

    Attributes:
        metrics: by name, in order.
        main: names of those in the first table and on the card; models are ordered by the first.
        of_lines: names of those in a second table; the rest stands in a last one.
        leaderboard, model_card: templates in model_cards/.
        task_type, task_name: what the Hub calls the task in a card's `model-index`, and what people do.
    """

    metrics: dict[str, Metric]
    main: tuple[str, ...]
    of_lines: tuple[str, ...]
    leaderboard: str
    model_card: str
    task_type: str
    task_name: str


SHOWN = {
    "like_dislike": Shown(
        LIKE_DISLIKE,
        ("roc_auc", "uauc", "precision", "recall", "f1", "accuracy"),
        (),
        "leaderboard.md",
        "model_card.md",
        "text-classification",
        "Like or dislike",
    ),
    "top_n": Shown(
        LISTS,
        ("precision@3", "precision@5", "precision@10", "ndcg@10", "mrr", "map"),
        ("answered", "lines", "off_catalogue", "repeated", "own", "coverage", "popularity"),
        "list_leaderboard.md",
        "list_model_card.md",
        "text-generation",
        "Recommend ten",
    ),
}
"""By the dataset's config."""


def shown(scores: dict) -> Shown:
    """How these scores, the content of a `scores.json`, are shown."""
    return SHOWN[scores["dataset"]["config"]]

"""How the scores of each task are presented: its templates, its place in tables, and the words of its dataset."""

from collections.abc import Mapping
from typing import NamedTuple

from tastetune.artifacts.run import TRAINED_ROWS, UNKNOWN
from tastetune.metrics import Metric
from tastetune.tasks import TASKS


class View(NamedTuple):
    """How one task's scores are presented.

    Attributes:
        config: the dataset's config, which names the task.
        leaderboard, table, model_card: templates in model_cards/, `table` that of the first table alone.
        line_metrics: names of the metrics in a second table; the rest stands in a last one.
        task_type, task_name: what the Hub calls the task in a card's `model-index`, and what people do.
    """

    config: str
    leaderboard: str
    table: str
    model_card: str
    line_metrics: tuple[str, ...]
    task_type: str
    task_name: str

    @property
    def metrics(self) -> dict[str, Metric]:
        """By name, in order."""
        return dict(TASKS[self.config].metrics)

    @property
    def headline(self) -> tuple[str, ...]:
        """Names of the metrics in the first table and on the card; models are ordered by the first."""
        return TASKS[self.config].headline

    @property
    def other_metrics(self) -> list[str]:
        """Names of the metrics of the last table."""
        return [name for name in self.metrics if name not in self.headline + self.line_metrics]


VIEWS = {
    view.config: view
    for view in (
        View(
            config="like_dislike",
            leaderboard="leaderboard.md",
            table="table.md",
            model_card="model_card.md",
            line_metrics=(),
            task_type="text-classification",
            task_name="Like or dislike",
        ),
        View(
            config="top_n",
            leaderboard="list_leaderboard.md",
            table="list_table.md",
            model_card="list_model_card.md",
            line_metrics=(
                *("answered", "lines", "off_catalogue", "repeated", "own"),
                *("coverage", "popularity", "popularity_lift", "novelty", "diversity"),
            ),
            task_type="text-generation",
            task_name="Recommend ten",
        ),
    )
}
"""By the dataset's config."""


def view_of(scores: dict) -> View:
    """How these scores, the content of a `scores.json`, are presented.

    A task without a view of its own has that of the task whose scores are of the same shape.
    """
    config = scores["dataset"]["config"]
    alike = "like_dislike" if "roc" in scores["models"][0] else "top_n"
    return VIEWS.get(config, VIEWS[alike]._replace(config=config))


def words_of(scores: dict) -> dict[str, str]:
    """What the dataset calls its `item`, `items` and `user`, and several of those, `users`."""
    words = {"item": "movie", "items": "movies", "user": "user"} | scores["dataset"]["settings"].get("task", {})
    return {name: words[name] for name in ("item", "items", "user")} | {"users": f"{words['user']}s"}


UNKNOWN_ROWS = "unknown rows"
"""What an adapter without a run's record was trained on."""

PERHAPS_SEEN = f"{UNKNOWN_ROWS}, perhaps on some of those scored here: no run's record lies beside it."


def trained_elsewhere(model: Mapping, scores: Mapping) -> str | None:
    """The dataset that a model was trained on, by name and fingerprint, if it is another than the one scored."""
    settings = model.get("settings", {})
    if settings.get(TRAINED_ROWS) == UNKNOWN:
        return UNKNOWN_ROWS
    fingerprint = settings.get("fingerprint")
    if model["kind"] not in ("adapter", "fine-tuned") or fingerprint in (None, scores["dataset"].get("fingerprint")):
        return None
    return f"{settings.get('dataset')}, fingerprint {fingerprint[:16]}"

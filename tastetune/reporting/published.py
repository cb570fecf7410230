"""What published studies reported, from model_cards/published.yaml: shown beside the tables, never in their rows."""

from typing import NamedTuple

from tastetune.config.yaml import load_yaml
from tastetune.metrics import Metric
from tastetune.reporting.views import VIEWS
from tastetune.templates import CARDS


class Published(NamedTuple):
    """The figures of one study.

    Attributes:
        source, caution: where they come from, and how not to read them.
        metrics: those that some row has, by name, in the order in which they are shown.
        rows: of each `data`, `model` and `metrics`, a value by name; a figure that is not known is left out.
    """

    source: str
    caution: str
    metrics: dict[str, Metric]
    rows: list[dict]


def published(config: str) -> Published | None:
    """What was published of the task of this config; None if nothing is known."""
    studies, _ = load_yaml(CARDS / "published.yaml")
    if config not in studies:
        return None
    study = studies[config]
    names = {name for row in study["rows"] for name in row["metrics"]}
    metrics = {name: metric for name, metric in VIEWS[config].metrics.items() if name in names}
    return Published(study["source"], study["caution"], metrics, study["rows"])

"""What published studies reported, from model_cards/published.yaml: shown beside the tables, never in their rows."""

from pathlib import Path
from typing import NamedTuple

from tastetune.config.yaml import load_yaml
from tastetune.metrics import Metric
from tastetune.tasks.shown import SHOWN

FILE = Path(__file__).parents[2] / "model_cards" / "published.yaml"


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
    found = load_yaml(FILE)[0].get(config)
    if found is None:
        return None
    named = {name for row in found["rows"] for name in row["metrics"]}
    metrics = {name: metric for name, metric in SHOWN[config].metrics.items() if name in named}
    return Published(found["source"], found["caution"], metrics, found["rows"])

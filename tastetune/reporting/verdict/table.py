"""A table of scores as a verdict looks at it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tastetune.reporting.formats import listed


@dataclass(frozen=True)
class Table:
    """What the verdict is about.

    Attributes:
        scores: the content of `scores.json`.
        metric, title: the headline metric.
        models: those that have it, best first.
        reference: the model that the others are compared with.
        name: writes a model's name.
    """

    scores: dict
    metric: str
    title: str
    models: list[dict]
    reference: str | None
    name: Callable[[str], str]

    def value(self, model: Mapping) -> float:
        return model["metrics"][self.metric]["value"]

    def names(self, models: Sequence[Mapping]) -> str:
        return listed([self.name(model["model"]) for model in models])

    def against(self, model: Mapping, metric: str | None = None) -> Any:
        """The model's difference to the reference, a mapping; None where it was not measured."""
        return model["against"].get(self.reference, {}).get(metric or self.metric)


def side_of(apart: Mapping | None) -> int | None:
    """1 if the interval lies above zero, -1 below, 0 if it holds zero; None if nothing was measured."""
    if apart is None:
        return None
    return int(apart["low"] > 0) - int(apart["high"] < 0)

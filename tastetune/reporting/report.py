"""scores -> report.html: one page that needs no network, for people to sort, filter and look at single rows."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from tastetune.metrics import OF_LABELS, Metric
from tastetune.reporting.bars import Bars, explanation_bars, probe_bars
from tastetune.reporting.cards import reasons, seed_groups
from tastetune.reporting.cost_panels import curve_names
from tastetune.reporting.figures import PALETTE
from tastetune.reporting.formats import differences, past, spreads, trials
from tastetune.reporting.glossary import LEAKS, definition
from tastetune.reporting.plots import learning_curve_charts, reliability_chart, roc_chart
from tastetune.reporting.published import published
from tastetune.reporting.verdict import verdict
from tastetune.reporting.views import view_of, words_of
from tastetune.templates import environment

TEMPLATES = Path(__file__).parent / "templates"


def report(scores: dict) -> str:
    """The page as HTML, with its style, its script and the scores inside.

    Args:
        scores: the content of `scores.json`, of any task.
    """
    pages = environment(TEMPLATES, html=True)
    pages.filters |= {"json_script": _json_script, "breakable": _breakable, "past": past, "trials": trials}
    pages.filters |= {"spreads": spreads, "differences": differences}
    models, metrics, curve = scores["models"], _defined_metrics(scores), scores.get("learning_curve")
    definitions = {name: definition(name) for name in metrics}
    return pages.get_template("report.html").render(
        scores=scores,
        dataset=scores["dataset"],
        words=words_of(scores),
        verdict=verdict(scores),
        metrics=metrics,
        definitions=definitions,
        reasons=reasons(scores),
        seeds=seed_groups(scores, next(iter(metrics))),
        columns={name: Bars(model["metrics"][name] for model in models) for name in metrics},
        colours=len(PALETTE),
        leakage=scores["dataset"].get("leakage"),
        leaks=LEAKS,
        probes=scores.get("probes"),
        probe_bars=probe_bars(scores.get("probes") or []),
        explanations=scores.get("explanations"),
        explanation_bars=explanation_bars(scores.get("explanations") or []),
        curves=learning_curve_charts(curve) if curve else [],
        curve_names=curve_names(curve) if curve else [],
        published=published(scores["dataset"]["config"]),
        rows=scores.get("rows"),
        embedded=_embedded(scores, metrics, definitions),
        **_of_labels(models),
    )


def _defined_metrics(scores: dict) -> dict[str, Metric]:
    """The metrics that some model has, those of the leaderboard's first table first."""
    view = view_of(scores)
    return {
        name: view.metrics[name]
        for name in (*view.headline, *view.line_metrics, *view.other_metrics)
        if any(model["metrics"][name]["value"] is not None for model in scores["models"])
    }


def _of_labels(models: list[dict]) -> dict:
    """What a task whose rows have labels shows besides."""
    labelled = "roc" in models[0]
    return {
        "labelled": labelled,
        "of_labels": OF_LABELS,
        "roc": roc_chart(models) if labelled else None,
        "reliability": reliability_chart(models) if labelled else None,
        "families": _families(models) if labelled else [],
    }


class Family(NamedTuple):
    """Slices that share the part of their names before the colon: those with rows, the others, and one scale."""

    name: str
    slices: list[str]
    empty: list[str]
    bars: Bars


def _families(models: list[dict]) -> list[Family]:
    slices = models[0]["slices"]
    families = []
    for family in dict.fromkeys(name.partition(":")[0] for name in slices):
        names = [name for name in slices if name.partition(":")[0] == family]
        filled = [name for name in names if slices[name]["n"]]
        empty = [name.partition(":")[2] for name in names if not slices[name]["n"]]
        bars = Bars(model["slices"][name]["metrics"]["roc_auc"] for model in models for name in filled)
        families.append(Family(family, filled, empty, bars))
    return families


def _embedded(scores: dict, metrics: dict[str, Metric], definitions: dict) -> dict:
    """What the page's script needs."""
    keys = ("model", "kind", "predictions", "command", "n", "against")
    return {
        "bootstrap": scores["bootstrap"],
        "dataset": {key: scores["dataset"][key] for key in ("name", "split")},
        "words": words_of(scores),
        "command": scores["command"],
        "models": [
            {key: model[key] for key in keys} | {"metrics": {name: model["metrics"][name] for name in metrics}}
            for model in scores["models"]
        ],
        "titles": {name: metric.title for name, metric in metrics.items()},
        "definitions": definitions,
        "rows": scores.get("rows"),
    }


def _json_script(value: dict) -> Markup:
    """JSON that may stand inside a script element, whatever its strings hold."""
    return Markup(json.dumps(value, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c"))


def _breakable(name: str) -> Markup:
    """A name that may be broken after its underscores and dashes."""
    return Markup("<wbr>").join(re.split(r"(?<=[_-])", name))

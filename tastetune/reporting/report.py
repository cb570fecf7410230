"""scores -> report.html: one page that needs no network, for people to sort, filter and look at single rows."""

import json
import re
from pathlib import Path

import jinja2
from markupsafe import Markup

from tastetune import metrics
from tastetune.evaluation.learning_curve import COSTS
from tastetune.reporting.glossary import LEAKS, definition
from tastetune.reporting.leaderboard import reasons
from tastetune.reporting.plots import AXES
from tastetune.reporting.published import published
from tastetune.reporting.svg import COLOURS, Axis, Series, chart
from tastetune.tasks.shown import shown

TEMPLATES = Path(__file__).parent / "templates"


def report(scores: dict) -> str:
    """The page as HTML, with its style, its script and the scores inside.

    Args:
        scores: the content of `scores.json`, of either task.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"json_script": _json_script, "breakable": _breakable}
    models, how = scores["models"], shown(scores)
    named = {name: how.metrics[name] for name in dict.fromkeys((*how.main, *how.of_lines, *how.metrics))}
    known = {
        name: metric
        for name, metric in named.items()
        if any(model["metrics"][name]["value"] is not None for model in models)
    }
    labelled = "roc" in models[0]
    return environment.get_template("report.html").render(
        scores=scores,
        dataset=scores["dataset"],
        metrics=known,
        of_labels=metrics.OF_LABELS,
        columns={name: _Bars([model["metrics"][name] for model in models]) for name in known},
        labelled=labelled,
        families=_families(models) if labelled else {},
        leakage=scores["dataset"].get("leakage"),
        leaks=LEAKS,
        probes=scores.get("probes"),
        probe_bars=_probe_bars(scores.get("probes") or []),
        n_colours=COLOURS,
        roc=_roc_chart(models) if labelled else None,
        reliability=_reliability_chart(models) if labelled else None,
        curves=_curve_charts(scores.get("learning_curve")),
        definitions={name: definition(name) for name in known},
        reasons=reasons(scores),
        published=published(scores["dataset"]["config"]),
        rows=scores.get("rows"),
        embedded=_embedded(scores, known),
    )


class _Bars:
    """Intervals of several estimates drawn as bars on one scale, from the lowest end to the highest."""

    def __init__(self, estimates: list[dict]):
        ends = [e[key] for e in estimates for key in ("low", "value", "high") if e[key] is not None]
        self.low, self.high = (min(ends), max(ends)) if ends else (0.0, 1.0)

    def bar(self, estimate: dict) -> Markup:
        """One bar: the interval as a band, the value as a dot."""
        if estimate["value"] is None:
            return Markup("")
        low, high = estimate["low"], estimate["high"]
        band = (
            "" if low is None else f'<i style="left:{self._at(low)}%;width:{self._at(high) - self._at(low):.1f}%"></i>'
        )
        return Markup(f'<span class="bar">{band}<b style="left:{self._at(estimate["value"])}%"></b></span>')

    def _at(self, value: float) -> float:
        return round(100 * (value - self.low) / ((self.high - self.low) or 1), 1)


def _probe_bars(probes: list[dict]) -> _Bars:
    """One scale for every share recalled, from none on."""
    forms = [form for probe in probes for form in probe["forms"]]
    parts = [part["recalled"] for form in forms for part in form["popularity"]]
    none = {"low": 0.0, "value": 0.0, "high": 0.0}
    return _Bars([none, *(form[key] for form in forms for key in ("recalled", "neutral")), *parts])


def _families(models: list[dict]) -> dict[str, tuple[list[str], list[str], _Bars]]:
    """By family of slices: those with rows, what the others are called, and the scale of the family's bars."""
    families: dict[str, tuple[list[str], list[str]]] = {}
    for name, part in models[0]["slices"].items():
        family, _, called = name.partition(":")
        names, empty = families.setdefault(family, ([], []))
        (names if part["n"] else empty).append(name if part["n"] else called)
    return {
        family: (
            names,
            empty,
            _Bars([model["slices"][name]["metrics"]["roc_auc"] for model in models for name in names]),
        )
        for family, (names, empty) in families.items()
    }


def _roc_chart(models: list[dict]) -> Markup:
    x, y = Axis("Share of dislikes answered Yes"), Axis("Share of likes answered Yes")
    return chart("ROC curves", x, y, [Series(model["model"], model["roc"]) for model in models], diagonal=True)


def _reliability_chart(models: list[dict]) -> Markup:
    x, y = Axis("Mean P(Yes) in the bin"), Axis("Share liked")
    series = []
    for model in models:
        points = [(line["mean_probability"], line["share_liked"]) for line in model["reliability"] if line["n"]]
        series.append(Series(model["model"], points, dots=True))
    return chart("Reliability: probability against share liked", x, y, series, diagonal=True)


def _curve_charts(curve: dict | None) -> list[Markup]:
    """The learning curve against each cost for which two points are known."""
    if not curve:
        return []
    points = [point for line in curve["curves"] for point in line["points"] if point["roc_auc"]["value"] is not None]
    ends = [p["roc_auc"][key] for p in points for key in ("low", "value", "high") if p["roc_auc"][key] is not None]
    charts = []
    for cost in COSTS:
        known = [point[cost] for point in points if point[cost]]
        if len(set(known)) > 1:
            x = Axis(AXES[cost], min(known) / 1.2, max(known) * 1.2, log=True)
            y = Axis("ROC-AUC", min(ends) - 0.01, max(ends) + 0.01)
            lines = [_curve_series(line, cost, x) for line in curve["curves"]]
            charts.append(chart(f"ROC-AUC against {AXES[cost].lower()}", x, y, lines))
    return charts


def _curve_series(line: dict, cost: str, x: Axis) -> Series:
    points = [point for point in line["points"] if point["roc_auc"]["value"] is not None]
    if line["kind"] in ("trivial", "base"):
        return Series(line["name"], [(end, p["roc_auc"]["value"]) for p in points[-1:] for end in (x.low, x.high)])
    points = [point for point in points if point[cost]]
    values = [(point[cost], point["roc_auc"]["value"]) for point in points]
    intervals = [
        (p["roc_auc"]["low"], p["roc_auc"]["high"]) if p["roc_auc"]["low"] is not None else None for p in points
    ]
    return Series(line["name"], values, intervals, dots=True)


def _embedded(scores: dict, known: dict[str, metrics.Metric]) -> dict:
    """What the page's script needs."""
    keys = ("model", "kind", "predictions", "command", "n", "against")
    return {
        "bootstrap": scores["bootstrap"],
        "dataset": {key: scores["dataset"][key] for key in ("name", "split")},
        "command": scores["command"],
        "models": [
            {key: model[key] for key in keys} | {"metrics": {name: model["metrics"][name] for name in known}}
            for model in scores["models"]
        ],
        "titles": {name: metric.title for name, metric in known.items()},
        "definitions": {name: definition(name) for name in known},
        "rows": scores.get("rows"),
    }


def _json_script(value: dict) -> Markup:
    """JSON that may stand inside a script element, whatever its strings hold."""
    return Markup(json.dumps(value, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c"))


def _breakable(name: str) -> Markup:
    """A name that may be broken after its underscores and dashes."""
    return Markup("<wbr>").join(re.split(r"(?<=[_-])", name))

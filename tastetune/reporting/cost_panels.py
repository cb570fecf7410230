"""One panel of a learning curve: a metric against one cost of training."""

import math
from typing import NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from tastetune.reporting.figures import PAGE, TEXT, label, mark_series, series_style

COSTS = {
    "examples": "Labels learnt from",
    "tokens": "Tokens read in training",
    "seconds": "Seconds of training",
    "flops": "Floating-point operations",
}
"""What a curve is drawn against, see `tastetune.evaluation.learning_curve.COSTS`, as its axis says it."""


class Panel(NamedTuple):
    """Which metric is drawn, and against which of `COSTS`."""

    metric: str
    cost: str


def curve_names(curve: dict) -> list[str]:
    """The names of the curves, in the order in which they are drawn and coloured.

    Args:
        curve: the content of `learning_curve.json`.
    """
    return [line["name"] for line in _ordered(curve)]


def curve_metrics(curve: dict) -> list[str]:
    """The metrics that the points have, the first of them the one by which curves pass each other."""
    points = [point for line in curve["curves"] for point in line["points"]]
    return list(dict.fromkeys(name for point in points for name, part in point.items() if isinstance(part, dict)))


def known_costs(curve: dict, cost: str) -> set[float]:
    """The costs above none at which a point of some curve is drawn."""
    drawn = (_costs(curve, Panel(metric, cost)) for metric in curve_metrics(curve))
    return {cost for costs in drawn for cost in costs if cost > 0}


def draw_panel(axes: Axes, curve: dict, panel: Panel) -> dict[str, Artist]:
    """Draw every curve into a panel.

    Args:
        axes: the panel, empty.
        curve: the content of `learning_curve.json`.

    Returns:
        what stands for a curve in a legend, by its name; a curve without a point in the panel is left out.
    """
    drawn: dict[str, Artist] = {}
    for number, line in enumerate(_ordered(curve)):
        artists = _draw_level(axes, line, panel, number) if _is_level(line) else _draw_points(axes, line, panel, number)
        if artists:
            drawn[line["name"]] = artists[0]
    _scale(axes, _costs(curve, panel))
    passes = curve.get("passes", ()) if panel.metric == curve_metrics(curve)[0] else ()
    for number, line in enumerate(_ordered(curve)):
        _draw_passes(axes, line, panel, number, [one for one in passes if one["curve"] == line["name"]])
    axes.set_xlabel(COSTS[panel.cost])
    return drawn


def _ordered(curve: dict) -> list[dict]:
    return sorted(curve["curves"], key=lambda c: (_is_level(c), c["kind"] != "adapter", -len(c["points"])))


def _is_level(line: dict) -> bool:
    return line["kind"] in ("trivial", "base")


def _points(line: dict, panel: Panel) -> list[dict]:
    """The points that have a place in the panel."""
    costed = (point for point in line["points"] if point.get(panel.cost) is not None)
    return [point for point in costed if point.get(panel.metric, {}).get("value") is not None]


def _costs(curve: dict, panel: Panel) -> set[float]:
    return {point[panel.cost] for line in curve["curves"] if not _is_level(line) for point in _points(line, panel)}


def _draw_level(axes: Axes, line: dict, panel: Panel, number: int) -> list[Artist]:
    values = {point.get(panel.metric, {}).get("value") for point in line["points"]} - {None}
    style = series_style(number) | {"lw": 1.2, "ls": "--"}
    lines = [axes.axhline(value, **style) for value in sorted(values)]
    mark_series(lines, number)
    return lines


def _draw_points(axes: Axes, line: dict, panel: Panel, number: int) -> list[ErrorbarContainer]:
    points = _points(line, panel)
    if not points:
        return []
    estimates = [point[panel.metric] for point in points]
    values = [estimate["value"] for estimate in estimates]
    below, above = (
        [math.nan if e[end] is None else abs(e["value"] - e[end]) for e in estimates] for end in ("low", "high")
    )
    costs = [point[panel.cost] for point in points]
    bars = axes.errorbar(costs, values, yerr=[below, above], marker="o", ms=4, elinewidth=1.2, **series_style(number))
    mark_series(bars.get_children(), number)
    return [bars]


def _draw_passes(axes: Axes, line: dict, panel: Panel, number: int, passes: list[dict]) -> None:
    """A ring around each point at which the curve passes others, and their names beside it."""
    for point in _points(line, panel):
        others = [label(one["other"]) for one in passes if one["model"] == point["model"]]
        if not others:
            continue
        at = point[panel.cost], point[panel.metric]["value"]
        left, _ = (axes.transScale + axes.transLimits).transform(at)
        beside = {"xytext": (10, -8), "va": "top"} if left < 0.5 else {"xytext": (-10, 8), "ha": "right"}
        behind = {"facecolor": PAGE, "edgecolor": "none", "alpha": 0.8, "pad": 1}
        ring = axes.plot(*at, "o", ms=11, mfc="none", mec=TEXT, mew=1.2, zorder=5)
        note = "past " + ",\n".join(others)
        text = axes.annotate(note, at, textcoords="offset points", fontsize=8, zorder=6, bbox=behind, **beside)
        mark_series([*ring, text], number)


def _scale(axes: Axes, costs: set[float]) -> None:
    """By powers of ten; where a curve begins at no cost, that lies left of the least."""
    above = [cost for cost in costs if cost > 0]
    if not above:
        return
    if len(above) < len(costs):
        axes.set_xscale("symlog", linthresh=min(above), linscale=0.4)
        axes.set_xlim(-0.1 * min(above), 1.5 * max(above))
        powers = range(math.ceil(math.log10(min(above))), math.floor(math.log10(max(above))) + 1)
        axes.set_xticks([0, *(10.0**power for power in powers)])
    else:
        axes.set_xscale("log")
        if len(above) == 1:
            axes.set_xlim(above[0] / 2, 2 * above[0])
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(above) < 100 * min(above) else (1,)))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.xaxis.set_minor_formatter(NullFormatter())

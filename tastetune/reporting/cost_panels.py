"""One panel of a learning curve: ROC-AUC against one cost of training."""

import math

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from tastetune.reporting.figures import PAGE, TEXT, label, mark_series, series_style

COSTS = {"examples": "Training examples seen", "seconds": "Seconds of training", "flops": "Floating-point operations"}
"""What a curve is drawn against, see `tastetune.evaluation.learning_curve.COSTS`, as its axis says it."""


def curve_names(curve: dict) -> list[str]:
    """The names of the curves, in the order in which they are drawn and coloured.

    Args:
        curve: the content of `learning_curve.json`.
    """
    return [line["name"] for line in _ordered(curve)]


def known_costs(curve: dict, cost: str) -> set[float]:
    """The costs above none at which a point of some curve is drawn."""
    return {cost for cost in _costs(curve, cost) if cost > 0}


def draw_panel(axes: Axes, curve: dict, cost: str) -> dict[str, Artist]:
    """Draw every curve into the panel of `cost`.

    Args:
        axes: the panel, empty.
        curve: the content of `learning_curve.json`.
        cost: a name in `COSTS`.

    Returns:
        what stands for a curve in a legend, by its name; a curve without a point in the panel is left out.
    """
    drawn: dict[str, Artist] = {}
    for number, line in enumerate(_ordered(curve)):
        artists = _draw_level(axes, line, number) if _is_level(line) else _draw_points(axes, line, cost, number)
        if artists:
            drawn[line["name"]] = artists[0]
    _scale(axes, _costs(curve, cost))
    for number, line in enumerate(_ordered(curve)):
        _draw_passes(axes, line, cost, number, [one for one in curve.get("passes", ()) if one["curve"] == line["name"]])
    axes.set_xlabel(COSTS[cost])
    return drawn


def _ordered(curve: dict) -> list[dict]:
    return sorted(curve["curves"], key=lambda c: (_is_level(c), c["kind"] != "adapter", -len(c["points"])))


def _is_level(line: dict) -> bool:
    return line["kind"] in ("trivial", "base")


def estimate(point: dict) -> dict:
    """The one metric of a point, whose name is the curve's `metric`: its value and interval."""
    return next(part for part in point.values() if isinstance(part, dict))


def _points(line: dict, cost: str) -> list[dict]:
    """The points that have a place in the panel of `cost`."""
    return [point for point in line["points"] if estimate(point)["value"] is not None and point[cost] is not None]


def _costs(curve: dict, cost: str) -> set[float]:
    return {point[cost] for line in curve["curves"] if not _is_level(line) for point in _points(line, cost)}


def _draw_level(axes: Axes, line: dict, number: int) -> list[Artist]:
    values = {estimate(point)["value"] for point in line["points"]} - {None}
    style = series_style(number) | {"lw": 1.2, "ls": "--"}
    lines = [axes.axhline(value, **style) for value in sorted(values)]
    mark_series(lines, number)
    return lines


def _draw_points(axes: Axes, line: dict, cost: str, number: int) -> list[ErrorbarContainer]:
    estimates = [estimate(point) for point in _points(line, cost)]
    if not estimates:
        return []
    values = [estimate["value"] for estimate in estimates]
    below, above = (
        [math.nan if e[end] is None else abs(e["value"] - e[end]) for e in estimates] for end in ("low", "high")
    )
    costs = [point[cost] for point in _points(line, cost)]
    bars = axes.errorbar(costs, values, yerr=[below, above], marker="o", ms=4, elinewidth=1.2, **series_style(number))
    mark_series(bars.get_children(), number)
    return [bars]


def _draw_passes(axes: Axes, line: dict, cost: str, number: int, passes: list[dict]) -> None:
    """A ring around each point at which the curve passes others, and their names beside it."""
    for point in _points(line, cost):
        others = [label(one["other"]) for one in passes if one["model"] == point["model"]]
        if not others:
            continue
        at = point[cost], estimate(point)["value"]
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
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(above) < 100 * min(above) else (1,)))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.xaxis.set_minor_formatter(NullFormatter())

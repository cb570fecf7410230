"""scores -> PNG plots, for cards and READMEs."""

import math
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from tastetune.metrics import LIKE_DISLIKE, LISTS

METRICS = LIKE_DISLIKE | LISTS

COLOURS = {"trivial": "#767676", "recbole": "#0072b2", "text": "#009e73", "base": "#e69f00", "adapter": "#d55e00"}
"""One a kind of model, told apart by colour-blind readers too (Okabe and Ito's palette, and a grey)."""

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#b8a800", "#767676")
"""One a curve, from the same palette."""

AXES = {"examples": "Training examples seen", "seconds": "Seconds of training", "flops": "Floating-point operations"}
"""The costs a learning curve is drawn against, see `curves.COSTS`."""

DPI = 150


def leaderboard(scores: dict, metric: str = "roc_auc") -> bytes:
    """A PNG of every model's `metric` with its interval, best on top.

    Args:
        scores: the content of `scores.json`.
        metric: a name in `metrics.LIKE_DISLIKE` or `metrics.LISTS`.
    """
    found = [(model, model["metrics"][metric]) for model in scores["models"]]
    found = [(model, estimate) for model, estimate in found if estimate["value"] is not None]
    found.sort(key=lambda pair: pair[1]["value"], reverse=METRICS[metric].higher_is_better)
    figure = Figure(figsize=(8, 1.4 + 0.36 * max(len(found), 2)), layout="constrained")
    axes = figure.subplots()
    for place, (model, estimate) in enumerate(found):
        value, colour = estimate["value"], COLOURS[model["kind"]]
        if estimate["low"] is not None:
            axes.plot([estimate["low"], estimate["high"]], [place, place], color=colour, lw=2.5, alpha=0.5)
        axes.plot(value, place, "o", color=colour, ms=6)
        axes.annotate(f"{value:.3f}", (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=9)
    for kind in dict.fromkeys(model["kind"] for model, _ in found):
        axes.plot([], [], "o", color=COLOURS[kind], label=kind)
    if metric == "roc_auc":
        axes.axvline(0.5, color="#767676", lw=1, ls=":", zorder=0)
    axes.set_yticks(range(len(found)), [model["model"] for model, _ in found])
    axes.invert_yaxis()
    axes.set_xlabel(f"{METRICS[metric].title}, {scores['bootstrap']['level']:.0%} interval over users")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.suptitle(_rows(scores["dataset"]), fontsize=10)
    if found:
        figure.legend(loc="outside lower center", ncols=len(COLOURS), frameon=False, fontsize=9)
    return _png(figure)


def roc_and_reliability(scores: dict) -> bytes:
    """A PNG of every model's ROC curve and, where it gives probabilities, of how well they hold.

    Args:
        scores: the content of `scores.json`.
    """
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    roc, reliability = figure.subplots(1, 2)
    for place, model in enumerate(scores["models"]):
        style = {"color": PALETTE[place % len(PALETTE)], "ls": "-" if place < len(PALETTE) else "--", "lw": 1.5}
        roc.plot(*zip(*model["roc"], strict=True) if model["roc"] else ([], []), label=model["model"], **style)
        bins = [line for line in model["reliability"] if line["n"]]
        points = [line["mean_probability"] for line in bins], [line["share_liked"] for line in bins]
        reliability.plot(*points, "o", ms=4, **style)
    roc.set(xlabel="Share of dislikes answered Yes", ylabel="Share of likes answered Yes")
    reliability.set(xlabel="Mean P(Yes) in the bin", ylabel="Share liked")
    for axes in (roc, reliability):
        axes.plot([0, 1], [0, 1], color="#767676", lw=1, ls=":", zorder=0)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(_rows(scores["dataset"]), fontsize=10)
    figure.legend(*roc.get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    return _png(figure)


def learning_curve(curve: dict) -> bytes:
    """A PNG of ROC-AUC against examples, seconds and operations of training, one panel each, all models in all.

    Models that were not trained, or by counting alone, are level lines. A ring marks where an adapter's curve first
    lies above the end of others, which are named beside it.

    Args:
        curve: the content of `learning_curve.json`.
    """
    figure = Figure(figsize=(13, 4.8), layout="constrained")
    panels = figure.subplots(1, len(AXES), sharey=True)
    curves = sorted(curve["curves"], key=lambda c: (_is_level(c), c["kind"] != "adapter", -len(c["points"])))
    for axes, (cost, title) in zip(panels, AXES.items(), strict=True):
        for place, found in enumerate(curves):
            _draw_curve(axes, found, cost, PALETTE[place % len(PALETTE)])
        _scale_costs(axes, [p[cost] for found in curves if not _is_level(found) for p in _drawn(found, cost)])
        for found in curves:
            _mark_passes(axes, found, cost, [one for one in curve["passes"] if one["curve"] == found["name"]])
        axes.set_xlabel(title)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel(f"ROC-AUC, {curve['bootstrap']['level']:.0%} interval over users")
    lines = {label: line for axes in panels for line, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    names = [found["name"] for found in curves if found["name"] in lines]
    figure.legend([lines[n] for n in names], names, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    figure.suptitle(_rows(curve["dataset"]), fontsize=10)
    return _png(figure)


def _is_level(curve: dict) -> bool:
    return curve["kind"] in ("trivial", "base")


def _drawn(curve: dict, cost: str) -> list[dict]:
    """The points that have a place in the panel of `cost`."""
    return [point for point in curve["points"] if point["roc_auc"]["value"] is not None and point[cost] is not None]


def _draw_curve(axes: Axes, curve: dict, cost: str, colour: str) -> None:
    if _is_level(curve):
        for value in {p["roc_auc"]["value"] for p in curve["points"]} - {None}:
            axes.axhline(value, color=colour, lw=1.2, ls="--", label=curve["name"])
        return
    points = _drawn(curve, cost)
    values = [point["roc_auc"]["value"] for point in points]
    ends = [
        (p["roc_auc"]["low"] or value, p["roc_auc"]["high"] or value) for p, value in zip(points, values, strict=True)
    ]
    errors = [[abs(value - end[side]) for value, end in zip(values, ends, strict=True)] for side in (0, 1)]
    axes.errorbar([p[cost] for p in points], values, yerr=errors, fmt="o-", ms=4, color=colour, label=curve["name"])


def _mark_passes(axes: Axes, curve: dict, cost: str, passes: list[dict]) -> None:
    for point in _drawn(curve, cost):
        if others := [one["other"] for one in passes if one["model"] == point["model"]]:
            at = point[cost], point["roc_auc"]["value"]
            axes.plot(*at, "o", ms=11, mfc="none", mec="#000000", mew=1.2, zorder=5)
            note = "past " + ",\n".join(others)
            outlined = [withStroke(linewidth=2.5, foreground="#ffffff")]
            style = {"textcoords": "offset points", "fontsize": 8, "zorder": 6, "path_effects": outlined}
            left, _ = (axes.transScale + axes.transLimits).transform(at)
            beside = {"xytext": (10, -8), "va": "top"} if left < 0.5 else {"xytext": (-10, 8), "ha": "right"}
            axes.annotate(note, at, **style, **beside)


def _scale_costs(axes: Axes, costs: list[float]) -> None:
    """By powers of ten; where a curve begins at no cost, that lies left of the least."""
    above = [cost for cost in costs if cost > 0]
    if not above or len(above) == len(costs):
        axes.set_xscale("log")
        return
    axes.set_xscale("symlog", linthresh=min(above), linscale=0.4)
    axes.set_xlim(-0.1 * min(above), 1.5 * max(above))
    powers = range(math.ceil(math.log10(min(above))), math.floor(math.log10(max(above))) + 1)
    axes.set_xticks([0, *(10.0**power for power in powers)])


def _png(figure: Figure) -> bytes:
    with BytesIO() as file:
        figure.savefig(file, dpi=DPI, format="png", metadata={"Software": None})
        return file.getvalue()


def _rows(dataset: dict) -> str:
    return f"{dataset['name']}, {dataset['split']}: {dataset['n']:,} rows of {dataset['users']:,} users"

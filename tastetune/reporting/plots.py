"""scores -> plots: PNG files for cards and READMEs, and the same curves as SVG for the report."""

from collections.abc import Callable, Mapping

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tastetune.metrics import LIKE_DISLIKE, LISTS
from tastetune.reporting.cost_panels import COSTS, Panel, curve_metrics, curve_names, draw_panel, known_costs
from tastetune.reporting.figures import SOFT, as_png, as_svg, label, mark_series, series_style, styled

METRICS = LIKE_DISLIKE | LISTS

COLOURS = {
    "trivial": "#767676",
    "recbole": "#0072b2",
    "text": "#009e73",
    "stack": "#56b4e9",
    "base": "#e69f00",
    "adapter": "#d55e00",
    "fine-tuned": "#cc79a7",
}
"""One a kind of model."""

_COLUMNS = 6
"""Of a legend below a plot, where its names are short."""

_CHART = {"figsize": (460 / 72, 400 / 72), "layout": "constrained"}
"""A chart of the report: 460 x 400 units of 1/72 inch."""

_CHART_FONT = 14
"""Size of the text that a chart leaves room for; how large it is, the page's style says."""


@styled
def leaderboard(scores: dict, metric: str = "roc_auc") -> bytes:
    """A PNG of every model's `metric` with its interval, best on top.

    Args:
        scores: the content of `scores.json`.
        metric: a name in `metrics.LIKE_DISLIKE` or `metrics.LISTS`.
    """
    rows = [(model, model["metrics"][metric]) for model in scores["models"]]
    rows = [(model, estimate) for model, estimate in rows if estimate["value"] is not None]
    rows.sort(key=lambda row: row[1]["value"], reverse=METRICS[metric].higher_is_better)
    figure = Figure(figsize=(8, 1.4 + 0.36 * max(len(rows), 2)), layout="constrained")
    axes = figure.subplots()
    for place, (model, estimate) in enumerate(rows):
        _draw_estimate(axes, place, estimate, COLOURS[model["kind"]])
    if metric == "roc_auc":
        axes.axvline(0.5, color=SOFT, lw=1, ls=":", zorder=0)
    axes.set_yticks(range(len(rows)), [label(model["model"]) for model, _ in rows])
    axes.invert_yaxis()
    axes.set_xlabel(f"{METRICS[metric].title}, {scores['bootstrap']['level']:.0%} interval over users")
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    kinds = dict.fromkeys(model["kind"] for model, _ in rows)
    return _finished(figure, {kind: axes.plot([], [], "o", color=COLOURS[kind])[0] for kind in kinds}, scores)


def _draw_estimate(axes: Axes, place: int, estimate: dict, colour: str) -> None:
    value, low, high = (estimate[key] for key in ("value", "low", "high"))
    if low is not None:
        axes.plot([low, high], [place, place], color=colour, lw=2.5, alpha=0.5)
    axes.plot(value, place, "o", color=colour, ms=6)
    axes.annotate(f"{value:.3f}", (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=9)


@styled
def roc_and_reliability(scores: dict) -> bytes:
    """A PNG of every model's ROC curve and, where it gives probabilities, of how well they hold.

    Args:
        scores: the content of `scores.json`.
    """
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    roc, reliability = figure.subplots(1, 2)
    lines = _draw_roc(roc, scores["models"])
    _draw_reliability(reliability, scores["models"])
    return _finished(figure, dict(zip(_names(scores["models"]), lines, strict=True)), scores)


def roc_chart(models: list[dict]) -> Markup:
    """The ROC curves of `scores["models"]` as SVG, a series a model."""
    return _chart("ROC curves", _names(models), lambda axes: _draw_roc(axes, models))


def reliability_chart(models: list[dict]) -> Markup:
    """How well the probabilities of `scores["models"]` hold, as SVG, a series a model."""
    title = "Reliability: probability against share liked"
    return _chart(title, _names(models), lambda axes: _draw_reliability(axes, models))


def _draw_roc(axes: Axes, models: list[dict]) -> list[Artist]:
    curves = [list(zip(*model["roc"], strict=True)) or [(), ()] for model in models]
    axes.set(xlabel="Share of dislikes answered Yes", ylabel="Share of likes answered Yes")
    return _draw_shares(axes, curves, "")


def _draw_reliability(axes: Axes, models: list[dict]) -> list[Artist]:
    bins = [[line for line in model["reliability"] if line["n"]] for model in models]
    curves = [[[one[key] for one in lines] for key in ("mean_probability", "share_liked")] for lines in bins]
    axes.set(xlabel="Mean P(Yes) in the bin", ylabel="Share liked")
    return _draw_shares(axes, curves, "o")


def _draw_shares(axes: Axes, curves: list, marker: str) -> list[Artist]:
    """A line for each of `curves`, pairs of xs and ys in 0..1, and the diagonal."""
    lines = []
    for number, (xs, ys) in enumerate(curves):
        # What is not clipped asks for room, and an empty line for endless room
        lines += axes.plot(xs, ys, marker=marker, ms=5, lw=1.8, clip_on=not xs, **series_style(number))
        mark_series(lines[-1:], number)
    axes.plot([0, 1], [0, 1], color=SOFT, lw=1, ls=":", zorder=0)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    return lines


@styled
def learning_curve(curve: dict) -> bytes:
    """A PNG of a row of panels a metric, each against one cost of training, as far as known, all models in all.

    Models that were not trained, or by counting alone, are level lines. A ring marks where an adapter's curve first
    lies above the end of others, which are named beside it.

    Args:
        curve: the content of `learning_curve.json`.
    """
    metrics, costs = curve_metrics(curve), [cost for cost in COSTS if known_costs(curve, cost)] or list(COSTS)[:1]
    figure = Figure(figsize=(1 + 4.2 * len(costs), 1 + 3.8 * len(metrics)), layout="constrained")
    rows = figure.subplots(len(metrics), len(costs), sharex="col", sharey="row", squeeze=False)
    drawn: dict[str, Artist] = {}
    for metric, panels in zip(metrics, rows, strict=True):
        for axes, cost in zip(panels, costs, strict=True):
            drawn |= draw_panel(axes, curve, Panel(metric, cost))
            axes.label_outer()
        panels[0].set_ylabel(f"{METRICS[metric].title}, {curve['bootstrap']['level']:.0%} interval over users")
    return _finished(figure, {name: drawn[name] for name in curve_names(curve) if name in drawn}, curve)


def learning_curve_charts(curve: dict) -> list[Markup]:
    """The learning curve as SVG, a chart for each metric and each cost of which two values are known."""
    panels = [Panel(metric, cost) for metric in curve_metrics(curve) for cost in COSTS]
    return [_draw_chart(curve, panel) for panel in panels if len(known_costs(curve, panel.cost)) > 1]


def _draw_chart(curve: dict, panel: Panel) -> Markup:
    title = METRICS[panel.metric].title

    def draw(axes: Axes) -> None:
        draw_panel(axes, curve, panel)
        axes.set_ylabel(title)

    return _chart(f"{title} against {COSTS[panel.cost].lower()}", curve_names(curve), draw)


@styled
def _chart(title: str, names: list[str], draw: Callable[[Axes], object]) -> Markup:
    with mpl.rc_context({"font.size": _CHART_FONT, "axes.labelpad": 8}):
        figure = Figure(**_CHART)
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.12)
        draw(figure.subplots())
        return as_svg(figure, title, names)


def _finished(figure: Figure, named: Mapping[str, Artist], scores: dict) -> bytes:
    """The figure as PNG, with what was scored above it and what is `named` explained below."""
    if named:
        _explain(figure, named)
    dataset = scores["dataset"]
    rows = f"{dataset['name']}, {dataset['split']}: {dataset['n']:,} rows of {dataset['users']:,} users"
    figure.suptitle(rows, fontsize=10)
    return as_png(figure)


def _explain(figure: Figure, named: Mapping[str, Artist]) -> None:
    """Put a legend below the figure, of as many columns as its width has room for."""
    names = [label(name) for name in named]
    for columns in range(_COLUMNS, 0, -1):
        legend = figure.legend(
            list(named.values()), names, loc="outside lower center", ncols=columns, frameon=False, fontsize=9
        )
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()


def _names(models: list[dict]) -> list[str]:
    return [model["model"] for model in models]

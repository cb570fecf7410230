"""scores -> PNG plots, for cards and READMEs."""

from io import BytesIO

from matplotlib.figure import Figure

from tastetune.metrics import LIKE_DISLIKE

COLOURS = {"trivial": "#767676", "recbole": "#0072b2", "base": "#e69f00", "adapter": "#d55e00"}
"""One a kind of model, told apart by colour-blind readers too (Okabe and Ito's palette, and a grey)."""

DPI = 150


def leaderboard(scores: dict, metric: str = "roc_auc") -> bytes:
    """A PNG of every model's `metric` with its interval, best on top.

    Args:
        scores: the content of `scores.json`.
        metric: a name in `metrics.LIKE_DISLIKE`.
    """
    found = [(model, model["metrics"][metric]) for model in scores["models"]]
    found = [(model, estimate) for model, estimate in found if estimate["value"] is not None]
    found.sort(key=lambda pair: pair[1]["value"], reverse=LIKE_DISLIKE[metric].higher_is_better)
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
    axes.set_xlabel(f"{LIKE_DISLIKE[metric].title}, {scores['bootstrap']['level']:.0%} interval over users")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.suptitle(_rows(scores["dataset"]), fontsize=10)
    if found:
        figure.legend(loc="outside lower center", ncols=len(COLOURS), frameon=False, fontsize=9)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    with BytesIO() as file:
        figure.savefig(file, dpi=DPI, format="png", metadata={"Software": None})
        return file.getvalue()


def _rows(dataset: dict) -> str:
    return f"{dataset['name']}, {dataset['split']}: {dataset['n']:,} rows of {dataset['users']:,} users"

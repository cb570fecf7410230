"""scores -> the leaderboard and its tables. No figure of a model comes from anywhere else."""

from collections.abc import Sequence

from tastetune.errors import InputError
from tastetune.reporting.cards import render_card
from tastetune.reporting.views import view_of

ALWAYS_SHOWN = ("recbole", "adapter", "base")
"""Kinds of models of which a short table has the best."""


def leaderboard(scores: dict) -> str:
    """The leaderboard as Markdown.

    Args:
        scores: the content of `scores.json`, of any task.
    """
    return render_card(view_of(scores).leaderboard, scores)


def first_table(scores: dict) -> str:
    """The leaderboard's first table with what was scored above it and how to read it below, for a README."""
    return render_card(view_of(scores).table, scores).strip()


def short_table(scores: dict, rows: int) -> str:
    """A few models, best first, with two metrics and the difference to the reference, for a README.

    The reference is always among them, then the best of each kind of `ALWAYS_SHOWN`, then the best of the others.

    Args:
        scores: the content of `scores.json`, of any task.
        rows: how many models, at least one; all if there are fewer.

    Raises:
        InputError: fewer than one row.
    """
    if rows < 1:
        raise InputError(f"--rows is {rows}; give at least 1")
    return render_card("short_table.md", scores, models=_chosen(scores, rows)).strip()


def costs_table(scores: dict) -> str:
    """What the training of each adapter took, least answers first, and what it brought, for a text.

    Args:
        scores: the content of `scores.json`, of any task.

    Raises:
        InputError: no adapter is among the models.
    """
    adapters = [model for model in scores["models"] if model["kind"] == "adapter"]
    if not adapters:
        raise InputError("no adapter is among the models; score one that scripts/sft.py trained")
    adapters.sort(key=lambda model: model["training"].get("examples", 0))
    return render_card("costs.md", scores, models=adapters).strip()


def seeds_table(scores: dict, metrics: Sequence[str] = ()) -> str:
    """Recipes of several seeds, each with the model that it was trained from, for a text.

    Args:
        scores: the content of `scores.json`, of any task.
        metrics: names of those shown; the first two of the leaderboard if none is named.

    Raises:
        InputError: no recipe has several seeds, or no metric has one of these names.
    """
    view = view_of(scores)
    if not scores["seeds"]:
        raise InputError("no recipe has several seeds; score models named RECIPE-seed1, RECIPE-seed2, ...")
    if unknown := [name for name in metrics if name not in view.metrics]:
        raise InputError(f"--metrics {unknown[0]}: expected some of {', '.join(view.metrics)}")
    chosen = tuple(metrics) or view.headline[:2]
    others = {other for group in scores["seeds"] for other in group.get("against", {})}
    beside = [model for model in scores["models"] if model["model"] in others]
    return render_card("seeds.md", scores, metrics=chosen, apart=chosen, beside=beside).strip()


def _chosen(scores: dict, rows: int) -> list[dict]:
    metric = view_of(scores).headline[0]
    defined = [model for model in scores["models"] if model["metrics"][metric]["value"] is not None]
    ranked = sorted(defined, key=lambda model: -model["metrics"][metric]["value"])
    ranked += [model for model in scores["models"] if model not in ranked]
    first = [model for model in ranked if model["model"] == scores["reference"]]
    first += [model for kind in ALWAYS_SHOWN for model in [m for m in ranked if m["kind"] == kind][:1]]
    names = list(dict.fromkeys(model["model"] for model in (*first, *ranked)))[:rows]
    return [model for model in ranked if model["model"] in names]

"""scores -> the leaderboard and its tables. No figure of a model comes from anywhere else."""

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


def _chosen(scores: dict, rows: int) -> list[dict]:
    metric = view_of(scores).headline[0]
    defined = [model for model in scores["models"] if model["metrics"][metric]["value"] is not None]
    ranked = sorted(defined, key=lambda model: -model["metrics"][metric]["value"])
    ranked += [model for model in scores["models"] if model not in ranked]
    first = [model for model in ranked if model["model"] == scores["reference"]]
    first += [model for kind in ALWAYS_SHOWN for model in [m for m in ranked if m["kind"] == kind][:1]]
    names = list(dict.fromkeys(model["model"] for model in (*first, *ranked)))[:rows]
    return [model for model in ranked if model["model"] in names]

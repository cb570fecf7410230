"""scores -> Markdown by the templates of model_cards/: what every leaderboard, table and card is given."""

from collections.abc import Callable

from jinja2 import Environment

from tastetune.evaluation.learning_curve import passing_lines
from tastetune.metrics import OF_LABELS
from tastetune.reporting.cost_panels import curve_metrics
from tastetune.reporting.formats import FILTERS, markdown
from tastetune.reporting.published import published
from tastetune.reporting.verdict import verdict
from tastetune.reporting.views import view_of, words_of
from tastetune.templates import environment


def render_card(template: str, scores: dict, **more: object) -> str:
    """Fill a template.

    Args:
        template: a file in model_cards/.
        scores: the content of `scores.json`, of any task.
        more: what this template alone needs.
    """
    view = view_of(scores)
    context = {
        "scores": scores,
        "main": view.headline,
        "line_metrics": view.line_metrics,
        "others": view.other_metrics,
        "of_labels": OF_LABELS,
        "words": words_of(scores),
        "verdict": verdict(scores, markdown),
        "gains": _gains(scores, view.headline[0]),
        "seeds": seed_groups(scores, view.headline[0]),
        "beside": (),
        "reasons": reasons(scores, markdown),
        "published": published(view.config),
    }
    return _cards().get_template(template).render(context | more)


def render_curve(curve: dict) -> str:
    """A learning curve, the content of `learning_curve.json`, as Markdown: a line a point, and what passes what."""
    card = _cards().get_template("learning_curve.md")
    return card.render(curve=curve, metrics=curve_metrics(curve), passing=passing_lines(curve))


def curve_table(curve: dict) -> str:
    """A learning curve for a text: each adapter's points, what other models came to in the end, and what passes what.

    Args:
        curve: the content of `learning_curve.json`. Base models are left out: adapters' curves begin with them.
    """
    trained = [line for line in curve["curves"] if line["kind"] != "base"]
    lines = [line if line["kind"] == "adapter" else line | {"points": line["points"][-1:]} for line in trained]
    table = _cards().get_template("curve_table.md")
    shown = table.render(curve={"curves": lines}, metrics=curve_metrics(curve)).strip()
    return "\n- ".join([shown + "\n", *map(markdown, passing_lines(curve))])


def _cards() -> Environment:
    cards = environment()
    cards.filters |= FILTERS
    return cards


def reasons(scores: dict, name: Callable[[str], str] = str) -> list[str]:
    """Why figures are missing: one clause a reason, with the metrics and models it concerns.

    Args:
        scores: the content of `scores.json`, of any task.
        name: writes a model's name; in Markdown some characters need a mark.
    """
    metrics, concerned = view_of(scores).metrics, {}
    for model in scores["models"]:
        for metric, estimate in model["metrics"].items():
            if "reason" in estimate:
                titles, models = concerned.setdefault(estimate["reason"], ({}, {}))
                titles[metrics[metric].title] = models[name(model["model"])] = None
    return [f"{reason} ({', '.join(titles)} of {', '.join(models)})" for reason, (titles, models) in concerned.items()]


def seed_groups(scores: dict, metric: str) -> list[tuple[dict, str, dict]]:
    """Each recipe of several seeds, best first, with the model that it is held against and the differences from it.

    That is the adapter that it was trained from, else its base model, else the reference.
    """
    kinds = {model["model"]: model["kind"] for model in scores["models"]}
    found = []
    for group in sorted(scores["seeds"], key=lambda group: -group["metrics"].get(metric, {"mean": 0})["mean"]):
        others = group.get("against", {})
        nearest = sorted(others, key=lambda name: (kinds.get(name) != "adapter", name == scores["reference"]))
        other = nearest[0] if nearest else ""
        found.append((group, other, others.get(other, {})))
    return found


def _gains(scores: dict, metric: str) -> list[tuple[str, str, dict]]:
    """Each adapter with its base model, and the difference between them."""
    return [
        (model["model"], base, differences[metric])
        for model in scores["models"]
        for base, differences in model["against"].items()
        if base != scores["reference"] and metric in differences
    ]

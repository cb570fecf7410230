"""scores -> what the first table says, in words. No figure of a model comes from anywhere else.

A model clears the reference, or falls short of it, if the interval of their paired difference lies on one side of zero;
if it holds zero, the two cannot be told apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tastetune.reporting.formats import NAMED, difference, listed, p_holm, with_interval
from tastetune.reporting.glossary import LEAKS, MEANINGS
from tastetune.reporting.views import PERHAPS_SEEN, UNKNOWN_ROWS, trained_elsewhere, view_of, words_of

HIGH_TRIVIAL, HIGH_LISTS = 0.95, 0.99
"""From where on rows leave nothing to win: the ROC-AUC of a trivial model, or the P@10 of several models."""

TOO_GOOD = 0.98
"""From where on the ROC-AUC of a model that learnt is a leak until shown otherwise."""


@dataclass(frozen=True)
class Table:
    """What the verdict is about.

    Attributes:
        scores: the content of `scores.json`.
        metric, title: the headline metric.
        models: those that have it, best first.
        reference: the model that the others are compared with.
        name: writes a model's name.
    """

    scores: dict
    metric: str
    title: str
    models: list[dict]
    reference: str | None
    name: Callable[[str], str]

    def value(self, model: Mapping) -> float:
        return model["metrics"][self.metric]["value"]

    def names(self, models: Sequence[Mapping]) -> str:
        return listed([self.name(model["model"]) for model in models])

    def against(self, model: Mapping, metric: str | None = None) -> Any:
        """The model's difference to the reference, a mapping; None where it was not measured."""
        return model["against"].get(self.reference, {}).get(metric or self.metric)


def verdict(scores: dict, name: Callable[[str], str] = str) -> list[str]:
    """What the table says: first whether it can say anything, then who clears the reference.

    Args:
        scores: the content of `scores.json`, of any task.
        name: writes a model's name; in Markdown some characters need a mark.

    Returns:
        whole sentences, in the order in which they are to be read.
    """
    view = view_of(scores)
    metric = view.headline[0]
    models = [model for model in scores["models"] if model["metrics"][metric]["value"] is not None]
    models.sort(key=lambda model: -model["metrics"][metric]["value"])
    table = Table(scores, metric, view.metrics[metric].title, models, scores["reference"], name)
    if not models:
        return [f"No model has a {table.title}, so nothing can be said of them."]
    warnings = [*_leaks(table), *_strong_trivial_models(table), *_perfect_lists(table), *_indistinct(table)]
    return [*warnings, *_standings(table), *_language_model(table), *_within_users(table), *_other_datasets(table)]


def _leaks(table: Table) -> list[str]:
    models = [model for model in table.models if model["kind"] != "trivial" and table.value(model) >= TOO_GOOD]
    if table.metric != "roc_auc" or not models:
        return []
    figures = [f"{table.name(model['model'])} has a ROC-AUC of {table.value(model):.3f}" for model in models]
    counts = table.scores["dataset"].get("leakage") or {}
    direct = ("repeated_pairs", "targets_in_history", "duplicate_prompts")
    leaks = [f"{LEAKS[leak][0].lower()}{LEAKS[leak][1:]} ({counts[leak]:,})" for leak in direct if counts.get(leak)]
    where = " and ".join(leaks) or "what the model was fitted on, and at whether its input holds the answer"
    return [f"{listed(figures)}: a leak until shown otherwise. Look at {where}."]


def _strong_trivial_models(table: Table) -> list[str]:
    models = [model for model in table.models if model["kind"] == "trivial" and table.value(model) >= HIGH_TRIVIAL]
    if table.metric != "roc_auc" or not models:
        return []
    figures = [f"{table.name(model['model'])} has a ROC-AUC of {table.value(model):.3f}" for model in models]
    return [f"A hollow table: without learning a taste, {listed(figures)}, so next to nothing is left to win."]


def _perfect_lists(table: Table) -> list[str]:
    perfect = [m for m in table.models if (m["metrics"].get("precision@10", {}).get("value") or 0) >= HIGH_LISTS]
    if len(perfect) < 2:
        return []
    return [f"A hollow table: the P@10 of {table.names(perfect)} is {HIGH_LISTS} or more, so nothing is left to win."]


def _indistinct(table: Table) -> list[str]:
    """Whether each value lies within every interval, and no paired difference keeps clear of zero either."""
    # Not always_yes, whose value is the same in every resample
    varied = [m for m in table.models if m["metrics"][table.metric]["low"] != m["metrics"][table.metric]["high"]]
    differences = [apart.get(table.metric) for model in varied for apart in model["against"].values()]
    if len(varied) < 2 or any(_side(apart) for apart in differences):
        return []
    intervals = [model["metrics"][table.metric] for model in varied]
    if not all(one["low"] <= table.value(model) <= one["high"] for model in varied for one in intervals):
        return []
    why = f"the {table.title} of each lies within the interval of every other"
    return [f"A hollow table: {table.names(varied)} cannot be told apart, for {why}."]


def _standings(table: Table) -> list[str]:
    """Who clears the reference, who cannot be told apart from it, and who falls short."""
    if table.reference is None:
        return ["No model is the reference, so nothing says who has learnt a taste; score with a --reference."]
    others = [model for model in table.models if model["model"] != table.reference]
    ahead, level, behind, unmeasured = (
        [model for model in others if _side(table.against(model)) == side] for side in (1, 0, -1, None)
    )
    reference = table.name(table.reference)
    sentences = [_ahead(table, ahead)]
    if level:
        zero = "its interval includes zero" if len(level) == 1 else "their intervals include zero"
        sentences.append(f"{_with_differences(table, level)} cannot be told apart from {reference}: {zero}.")
    if behind:
        who = _with_differences(table, behind) if len(behind) <= NAMED else f"{len(behind)} models"
        sentences.append(f"{who} {'falls' if len(behind) == 1 else 'fall'} short of {reference}.")
    if unmeasured:
        lie = "lies" if len(unmeasured) == 1 else "lie"
        sentences.append(f"How far {table.names(unmeasured)} {lie} from {reference} could not be measured.")
    return sentences


def _ahead(table: Table, ahead: list[dict]) -> str:
    estimate = next((m["metrics"][table.metric] for m in table.models if m["model"] == table.reference), None)
    about = f"{table.title} {with_interval(estimate)}"
    if meaning := MEANINGS.get(table.reference):
        about = f"{meaning}, {about}"
    named = f"{table.name(str(table.reference))} ({about})"
    if not ahead:
        return f"No model clears {named}."
    figures = [f"{table.name(model['model'])} by {_lead(table, table.against(model))}" for model in ahead]
    if len(ahead) == 1:
        return f"One model clears {named}: {figures[0]}."
    return f"{len(ahead)} models clear {named}: {listed(figures)}."


def _lead(table: Table, apart: Mapping) -> str:
    """The difference of a model that is ahead, and whether it survives the correction for their number."""
    is_sure = apart["p_holm"] <= 1 - table.scores["bootstrap"]["level"]
    return difference(apart) + ("" if is_sure else f", not for sure: p {p_holm(apart)} after Holm's correction")


def _language_model(table: Table) -> list[str]:
    """How the best language model stands to the reference."""
    best = _best_language_model(table)
    if best is None:
        return ["No language model is in this table."]
    apart = table.against(best)
    if best["model"] == table.reference or apart is None:
        return []
    return [f"The best language model, {table.name(best['model'])}, {_stance(table, apart)}."]


def _within_users(table: Table) -> list[str]:
    """How the best model and the best language model stand to the reference within one user."""
    if table.metric != "roc_auc":
        return []
    best = {model["model"]: model for model in (table.models[0], _best_language_model(table)) if model}
    measured = [model for model in best.values() if table.against(model, "uauc")]
    clauses = [f"{table.name(m['model'])} {_stance(table, table.against(m, 'uauc'))}" for m in measured]
    user = words_of(table.scores)["user"]
    return [f"Within one {user} (UAUC), {listed(clauses)}."] if clauses else []


def _other_datasets(table: Table) -> list[str]:
    """Which models were trained on another dataset than the one that is scored."""
    models: dict[str, list[dict]] = {}
    for model in table.models:
        if elsewhere := trained_elsewhere(model, table.scores):
            models.setdefault(elsewhere, []).append(model)
    return [
        f"{table.names(of)} {'was' if len(of) == 1 else 'were'} trained on "
        + (PERHAPS_SEEN if where == UNKNOWN_ROWS else f"another dataset than the one scored here: {table.name(where)}.")
        for where, of in models.items()
    ]


def _stance(table: Table, apart: Mapping) -> str:
    stances = {1: "clears", 0: "cannot be told apart from", -1: "does not clear"}
    side = _side(apart) or 0
    figure = _lead(table, apart) if side == 1 else difference(apart)
    return f"{stances[side]} {table.name(str(table.reference))} ({figure})"


def _best_language_model(table: Table) -> dict | None:
    return next((model for model in table.models if model["kind"] in ("base", "adapter", "fine-tuned")), None)


def _with_differences(table: Table, models: list[dict]) -> str:
    return listed([f"{table.name(model['model'])} ({difference(table.against(model))})" for model in models])


def _side(apart: Mapping | None) -> int | None:
    """1 if the interval lies above zero, -1 below, 0 if it holds zero; None if nothing was measured."""
    if apart is None:
        return None
    return int(apart["low"] > 0) - int(apart["high"] < 0)

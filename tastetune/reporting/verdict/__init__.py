"""scores -> what the first table says, in words. No figure of a model comes from anywhere else.

A model clears the reference, or falls short of it, if the interval of their paired difference lies on one side of zero;
if it holds zero, the two cannot be told apart.
"""

from collections.abc import Callable, Mapping

from tastetune.reporting.formats import NAMED, difference, listed, p_holm, with_interval
from tastetune.reporting.glossary import MEANINGS
from tastetune.reporting.verdict.doubts import doubts
from tastetune.reporting.verdict.table import Table, side_of
from tastetune.reporting.views import PERHAPS_SEEN, UNKNOWN_ROWS, trained_elsewhere, view_of, words_of

_STANCES = {1: "clears", 0: "cannot be told apart from", -1: "does not clear"}


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
    parts = (doubts, _standings, _language_model, _within_users, _added, _other_datasets)
    return [sentence for part in parts for sentence in part(table)]


def _standings(table: Table) -> list[str]:
    """Who clears the reference, who cannot be told apart from it, and who falls short."""
    if table.reference is None:
        return ["No model is the reference, so nothing says who has learnt a taste; score with a --reference."]
    others = [model for model in table.models if model["model"] != table.reference]
    ahead, level, behind, unmeasured = (
        [model for model in others if side_of(table.against(model)) == side] for side in (1, 0, -1, None)
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


def _added(table: Table) -> list[str]:
    """What language models add to the other models: a stack with them against the same without."""
    stacks = {model["model"]: model for model in table.models if model["kind"] == "stack"}
    pairs = [(stack, part) for stack in stacks.values() for part in stack["against"] if part in stacks]
    return [
        f"Stacked over all models, {table.name(stack['model'])} {_STANCES[side_of(apart) or 0]} {table.name(part)} "
        f"({difference(apart)}): that is what the language models add to the others."
        for stack, part in pairs
        if (apart := stack["against"][part].get(table.metric))
    ]


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
    side = side_of(apart) or 0
    figure = _lead(table, apart) if side == 1 else difference(apart)
    return f"{_STANCES[side]} {table.name(str(table.reference))} ({figure})"


def _best_language_model(table: Table) -> dict | None:
    return next((model for model in table.models if model["kind"] in ("base", "adapter", "fine-tuned")), None)


def _with_differences(table: Table, models: list[dict]) -> str:
    return listed([f"{table.name(model['model'])} ({difference(table.against(model))})" for model in models])

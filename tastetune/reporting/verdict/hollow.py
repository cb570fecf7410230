"""Whether a table can tell models apart at all, and why not."""

from collections.abc import Iterator

from tastetune.reporting.formats import listed
from tastetune.reporting.verdict.table import Table, side_of

HIGH_TRIVIAL, HIGH_LISTS = 0.95, 0.99
"""From where on rows leave nothing to win: the ROC-AUC of a trivial model, or the P@10 of several models."""

MANY_COPIES = 0.2
"""From this share of test prompts that are training prompts on, remembering is what is measured."""

OF_THE_USER = ("user_mean", "likes_in_prompt")
"""Trivial models that know who is asked, and nothing of what is asked about."""


def hollow(table: Table) -> list[str]:
    """One sentence with every reason why the table cannot tell models apart; none if it can."""
    checks = (_strong_trivial_models, _users_alone, _copied_prompts, _perfect_lists, _indistinct)
    reasons = [reason for check in checks for reason in check(table)]
    return [f"This table cannot tell models apart: {'; '.join(reasons)}."] if reasons else []


def _strong_trivial_models(table: Table) -> Iterator[str]:
    models = [model for model in table.models if model["kind"] == "trivial" and table.value(model) >= HIGH_TRIVIAL]
    if table.metric == "roc_auc" and models:
        figures = [f"{table.name(model['model'])} has a ROC-AUC of {table.value(model):.3f}" for model in models]
        yield f"without learning a taste, {listed(figures)}, so next to nothing is left to win"


def _users_alone(table: Table) -> Iterator[str]:
    """A model that knows the user alone, within the interval of the best: who is asked decides, not what."""
    best = table.models[0]
    for model in table.models:
        value = table.value(model)
        is_near = best["metrics"][table.metric]["low"] <= value < HIGH_TRIVIAL
        if table.metric == "roc_auc" and model["model"] in OF_THE_USER and is_near:
            alone = f"{table.name(model['model'])} alone, which knows nothing of what is asked about"
            near = "is the best" if model is best else f"lies within the interval of the best, {table.names([best])}"
            yield f"{alone}, {near}, at a ROC-AUC of {value:.3f}"


def _copied_prompts(table: Table) -> Iterator[str]:
    dataset = table.scores["dataset"]
    copies = (dataset.get("leakage") or {}).get("duplicate_prompts") or 0
    if dataset["split"] == "test" and copies > MANY_COPIES * dataset["n"]:
        yield f"{copies:,} of {dataset['n']:,} test prompts are, letter by letter, training prompts"


def _perfect_lists(table: Table) -> Iterator[str]:
    perfect = [m for m in table.models if (m["metrics"].get("precision@10", {}).get("value") or 0) >= HIGH_LISTS]
    if len(perfect) > 1:
        yield f"the P@10 of {table.names(perfect)} is {HIGH_LISTS} or more, so nothing is left to win"


def _indistinct(table: Table) -> Iterator[str]:
    """Whether each value lies within every interval, and no paired difference keeps clear of zero either."""
    # Not always_yes, whose value is the same in every resample
    varied = [m for m in table.models if m["metrics"][table.metric]["low"] != m["metrics"][table.metric]["high"]]
    differences = [apart.get(table.metric) for model in varied for apart in model["against"].values()]
    if len(varied) < 2 or any(side_of(apart) for apart in differences):
        return
    intervals = [model["metrics"][table.metric] for model in varied]
    if all(one["low"] <= table.value(model) <= one["high"] for model in varied for one in intervals):
        yield f"the {table.title} of each of {table.names(varied)} lies within the interval of every other"

"""Whether a table can say anything: what makes its figures doubtful, or tells no models apart."""

from collections.abc import Mapping

from tastetune.reporting.formats import listed
from tastetune.reporting.glossary import LEAKS
from tastetune.reporting.verdict.hollow import hollow
from tastetune.reporting.verdict.table import Table

TOO_GOOD = 0.98
"""From where on the ROC-AUC of a model that learnt is a leak until shown otherwise."""

ONE_SIDED = 0.99
"""Beyond this share of one answer a model that learnt tells next to nothing apart at its threshold."""

MOST_OF_IT = 0.8
"""From this share of the best value on that one list for everybody has, what is popular is what is asked."""

SMALL = 1e-9


def doubts(table: Table) -> list[str]:
    """What is doubtful about the table, in whole sentences."""
    checks = (_leaks, _one_sided, _popular_gold, hollow)
    return [sentence for check in checks for sentence in check(table)]


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


def _one_sided(table: Table) -> list[str]:
    """Models that learnt, and at their threshold answer alike nearly everywhere: on 9:1 rows an accuracy of 90%."""
    sentences = []
    for answer, of in (("Yes", "likes"), ("No", "dislikes")):
        models = [model for model in table.models if model["kind"] != "trivial" and _share(model, answer) > ONE_SIDED]
        if not models:
            continue
        base = table.scores["dataset"]["base_rate"]
        figures = [f"{table.name(model['model'])} ({_share(model, answer):.1%})" for model in models]
        sentences.append(
            f"One-sided: on nearly all rows the answer is {answer} of {listed(figures)}, and {of} are "
            f"{base if answer == 'Yes' else 1 - base:.1%} of the rows: the accuracy is that of always answering "
            f"{answer}. Look at ROC-AUC, or choose a threshold on validation."
        )
    return sentences


def _popular_gold(table: Table) -> list[str]:
    """Whether one list for everybody gets most of what the best gets, where gold lists are of others' watching."""
    popular = next((model for model in table.models if model["model"] == "most_popular"), None)
    is_own = table.scores["dataset"]["settings"].get("gold") == "future"
    if popular is None or is_own or not table.metric.startswith("precision@"):
        return []
    share = table.value(popular) / max(table.value(table.models[0]), SMALL)
    if share < MOST_OF_IT:
        return []
    return [
        f"The gold lists reward what is popular: {table.name('most_popular')}, one list for everybody, has {share:.0%} "
        f"of the best {table.title}. Look at lists of what people went on to like, which --gold future makes."
    ]


def _share(model: Mapping, answer: str) -> float:
    """The share of rows that the model answers so; 0 where it is not known, as of lists."""
    yes = model.get("yes_rate")
    return 0.0 if yes is None else yes if answer == "Yes" else 1 - yes

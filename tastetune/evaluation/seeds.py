"""Several seeds of one recipe: their mean with its interval over users, their spread, and what they are ahead of."""

import re
import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from tastetune.evaluation.bootstrap import interval
from tastetune.evaluation.comparison import differences
from tastetune.evaluation.estimates import number

SEEDED = re.compile(r"(.+)-seed\d+(-.+)?")
"""A model's name: its recipe, its seed and, of lists, its mode."""

Replicates = Mapping[str, np.ndarray]
"""By metric, (1 + resamples,): the value itself and that of each resample of the users."""


def by_seed(models: Sequence[Mapping], replicates: Mapping[str, Replicates]) -> list[dict]:
    """Models named `<recipe>-seed<k>` or `<recipe>-seed<k>-<mode>`, two or more of a recipe, as one line a recipe.

    A recipe's value is the mean over its seeds, taken anew on each resample of the users. Its interval says how far
    other users would move it, its standard deviation how far another seed would.

    Args:
        models: the `models` of `scores.json`.
        replicates: of each model, by its name.

    Returns:
        `recipe`, `models` and, for each metric that all seeds have, `mean`, `low`, `high` and `sd`, the sample standard
        deviation; and `against`: the mean's paired differences from what all of its models are compared with, p
        corrected over the recipes.
    """
    groups: dict[str, list[Mapping]] = {}
    for model in models:
        if name := SEEDED.fullmatch(model["model"]):
            groups.setdefault(name[1] + (name[2] or ""), []).append(model)
    groups = {recipe: group for recipe, group in groups.items() if len(group) > 1}
    means = {recipe: _mean([replicates[model["model"]] for model in group]) for recipe, group in groups.items()}
    against = _against(groups, replicates, means)
    return [
        {
            "recipe": recipe,
            "models": sorted(model["model"] for model in group),
            "metrics": _spread(group, means[recipe]),
            "against": against[recipe],
        }
        for recipe, group in groups.items()
    ]


def _mean(seeds: Sequence[Replicates]) -> Replicates:
    return {name: np.mean([of[name] for of in seeds], axis=0) for name in seeds[0]}


def _spread(group: Sequence[Mapping], mean: Replicates) -> dict[str, dict[str, float | None]]:
    found = {}
    for name, first in group[0]["metrics"].items():
        values = [model["metrics"][name]["value"] for model in group]
        if None not in values:
            low, high = interval(mean[name]) if first["low"] is not None else (np.nan, np.nan)
            ends = {"low": number(low), "high": number(high)}
            found[name] = {"mean": statistics.mean(values), **ends, "sd": statistics.stdev(values)}
    return found


def _against(
    groups: Mapping[str, Sequence[Mapping]], replicates: Mapping[str, Replicates], means: Mapping[str, Replicates]
) -> dict[str, dict]:
    found: dict[str, dict] = {recipe: {} for recipe in groups}
    for other in dict.fromkeys(name for group in groups.values() for name in group[0]["against"]):
        compared = [recipe for recipe, group in groups.items() if all(other in model["against"] for model in group)]
        # The other model may be called like a recipe, but no recipe has an empty name
        apart = differences({"": replicates[other]} | {name: means[name] for name in compared}, "", replicates[other])
        found |= {recipe: found[recipe] | {other: apart[recipe][""]} for recipe in compared}
    return found

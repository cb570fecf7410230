"""Several seeds of one recipe: their mean and spread."""

import re
import statistics
from collections.abc import Sequence


def by_seed(models: Sequence[dict]) -> list[dict]:
    """Models named `<recipe>-seed<k>`, two or more of a recipe, as one line a recipe.

    Args:
        models: the `models` of `scores.json`.

    Returns:
        `recipe`, `models` and for each metric that all seeds have: `mean` and `sd`, the sample standard deviation.
    """
    groups: dict[str, list[dict]] = {}
    for model in models:
        if found := re.fullmatch(r"(.+)-seed\d+", model["model"]):
            groups.setdefault(found.group(1), []).append(model)
    return [
        {"recipe": recipe, "models": sorted(m["model"] for m in group), "metrics": _spread(group)}
        for recipe, group in groups.items()
        if len(group) > 1
    ]


def _spread(group: list[dict]) -> dict[str, dict[str, float]]:
    found = {}
    for name in group[0]["metrics"]:
        values = [model["metrics"][name]["value"] for model in group]
        if None not in values:
            found[name] = {"mean": statistics.mean(values), "sd": statistics.stdev(values)}
    return found

"""What is said of a list in words: how it moved, and what sets it apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tastetune.person.report import Advice

TEN = 10
"""Titles in a list."""


@dataclass(frozen=True)
class Move:
    """How a list moved when something was said.

    Attributes:
        said: what it was, such as `liked Fargo (1996)`.
        entered, left: titles, the best first.
        is_first: whether there was no list before.
    """

    said: str
    entered: tuple[str, ...]
    left: tuple[str, ...]
    is_first: bool = False


def best(advice: Advice, model: int = 0) -> list[str]:
    """The ids of the `TEN` items that a model scores highest, the language model's unless another is named."""
    return [advice.items[place] for place in np.argsort(advice.scores[model].ranks)[:TEN]]


def move(said: str, before: Advice | None, after: Advice, titles: Mapping[str, str]) -> Move:
    """How the list moved from `before`, None where there was none, to `after`."""
    now = best(after)
    if before is None:
        return Move(said, tuple(titles[item] for item in now), (), is_first=True)
    then = best(before)
    entered, left = ([titles[item] for item in one if item not in other] for one, other in ((now, then), (then, now)))
    return Move(said, tuple(entered), tuple(left))


def climbed(before: Advice | None, after: Advice) -> dict[str, int | None]:
    """By item of the list: how many places it has risen since `before`; None where it was not asked about then.

    Without a list before, empty.
    """
    if before is None:
        return {}
    then = dict(zip(before.items, before.scores[0].ranks.tolist(), strict=True))
    now = dict(zip(after.items, after.scores[0].ranks.tolist(), strict=True))
    return {item: then[item] - now[item] if item in then else None for item in best(after)}


def against_the_mean(advice: Advice) -> str:
    """What sets the language model's list apart from that of the last mean, which is the same for everybody."""
    mean, items = advice.scores[-1], best(advice)
    ranks = dict(zip(advice.items, mean.ranks.tolist(), strict=True))
    titles = dict(zip(advice.items, advice.titles, strict=True))
    common = sum(ranks[item] <= TEN for item in items)
    furthest = max(items, key=ranks.__getitem__)
    shared = {0: "none", len(items): "all"}.get(common, str(common))
    here, there = items.index(furthest) + 1, f"{ranks[furthest]:,}"
    return (
        f"{mean.model}, the same list for everybody, has {shared} of these {len(items)} among its first; the furthest "
        f"from it is {titles[furthest]}, #{here} here and #{there} there."
    )


def without_names(named: Advice, neutral: Advice, example: tuple[str, str]) -> str:
    """What is left of the list when the model reads neutral names.

    Args:
        named, neutral: what the models say with the titles and without.
        example: a title, and what the model reads in its place.
    """
    title, name = example
    kept = len({*best(named)} & {*best(neutral)})
    return (
        f"The model reads {name} in place of {title}, and so on: of the {len(best(named))} that it chooses with the "
        f"names, {kept} are left."
    )

"""What a person liked, as far as the list tells: ratings on another scale, hearts, or how often a title was met."""

from collections.abc import Sequence

import numpy as np

from tastetune.data.exports.export import OwnList

BY_PLAYS = "a title counts as liked that was met at least as often as the person's median title"


def likes(own: OwnList) -> list[bool | None]:
    """Whether the person liked each title: by the rating, or else by the heart, or else None, for nothing was said.

    A list that says nothing of any title is read by `BY_PLAYS`.
    """
    if not own.is_rated:
        median = np.median([entry.plays for entry in own.ratings])
        return [bool(entry.plays >= median) for entry in own.ratings]
    return [entry.liked if entry.rating is None else entry.rating >= own.like_from for entry in own.ratings]


def on_scale(own: OwnList, levels: Sequence[float], like_from: float) -> list[float | None]:
    """A rating of each title on another scale; None where the person said nothing of it.

    A like stays a like, and what is none stays none. Of the levels on that side the one is taken that lies nearest to
    the rating in proportion, the lowest rating on the lowest level; without a rating it is the one at the threshold.

    Args:
        levels: the ratings that there are on the other scale, likes and others among them.
        like_from: a rating of this much or more is a like there.
    """
    sides = {like: [level for level in levels if (level >= like_from) is like] for like in (True, False)}
    low, high = min(levels), max(levels)
    ratings: list[float | None] = []
    for entry, like in zip(own.ratings, likes(own), strict=True):
        target = like_from
        if entry.rating is not None and own.scale is not None:
            target = low + (high - low) * (entry.rating - own.scale[0]) / (own.scale[1] - own.scale[0])
        ratings.append(None if like is None else min(sides[like], key=lambda level, at=target: abs(level - at)))
    return ratings

"""A person in a dataset's terms: which of its items they rated, and what their list holds besides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.data.exports import EXPORTS
from tastetune.data.exports.export import OwnList, OwnRating
from tastetune.data.exports.verdicts import on_scale
from tastetune.errors import InputError
from tastetune.person.matching import TitleMatcher

DAY = 86_400


@dataclass(frozen=True)
class Person:
    """Somebody who asks.

    Attributes:
        own: the list.
        matcher: of the dataset's titles.
        like_from: a rating of this much or more is a like.
        rated: `item_id`, `rating` on the dataset's scale and `timestamp`, the earliest first, each item once.
        seen: items of the list of which nothing is said.
        missing: entries that the catalogue does not have.
        doubled: entries that are an item which a later entry is too.
    """

    own: OwnList
    matcher: TitleMatcher
    like_from: float
    rated: pa.Table
    seen: frozenset[str]
    missing: tuple[OwnRating, ...]
    doubled: int

    @cached_property
    def likes(self) -> int:
        """How many of the rated items are likes."""
        return int(pc.sum(pc.greater_equal(self.rated["rating"], self.like_from)).as_py() or 0)

    def targets(self, titles: Sequence[str] = ()) -> list[str]:
        """The items to ask about: those named by `titles`, or else all that the list does not hold.

        Raises:
            InputError: a title that the catalogue does not have, or nothing is left to ask about.
        """
        if not titles:
            met = {*self.rated["item_id"].to_pylist(), *self.seen}
            rest = [item for item in sorted(self.matcher.titles) if item not in met]
            if not rest:
                raise InputError(f"{self.own.source}: the list holds the whole catalogue; name one title with --item")
            return rest
        found = {title: self.matcher.named(title) for title in titles}
        for title, item in found.items():
            if item is None:
                near = self.matcher.near(title)
                remedy = f"did you mean {near!r}?" if near else "name a title that the dataset has"
                raise InputError(f"--item {title!r}: not in the catalogue; {remedy}")
        return [item for item in dict.fromkeys(found.values()) if item]

    def without(self, items: Sequence[str]) -> "pa.Table":
        """`rated` without these items, which are asked about."""
        return self.rated.filter(pc.invert(pc.is_in(self.rated["item_id"], pa.array(items, pa.string()))))


def find_person(own: OwnList, dataset: BuiltDataset) -> Person:
    """Match a list with a dataset's catalogue, and bring its ratings onto the dataset's scale.

    Raises:
        InputError: the dataset has neutral titles, none of the list's titles is in it, or nothing is said of any.
    """
    matcher = matcher_of(dataset)
    ratings, times = on_scale(own, rating_levels(dataset), dataset.like_from), _times(own.ratings)
    items = [matcher.item(entry) for entry in own.ratings]
    last = {item: place for place, item in enumerate(items) if item is not None}
    rated = {item: place for item, place in last.items() if ratings[place] is not None}
    _refuse_nothing(own, matcher, last, rated)
    columns = {
        "item_id": pa.array(rated, pa.string()),
        "rating": pa.array([ratings[place] for place in rated.values()], pa.float64()),
        "timestamp": pa.array([times[place] for place in rated.values()], pa.int64()),
    }
    missing = tuple(entry for entry, item in zip(own.ratings, items, strict=True) if item is None)
    return Person(
        own,
        matcher,
        dataset.like_from,
        rated=pa.table(columns).sort_by("timestamp"),
        seen=frozenset(last.keys() - rated.keys()),
        missing=missing,
        doubled=len(items) - len(missing) - len(last),
    )


def matcher_of(dataset: BuiltDataset) -> TitleMatcher:
    """Finds titles among a dataset's.

    Raises:
        InputError: it has none that a person would know.
    """
    catalogue = dataset.read("items", "train", ["item_id", "title"])
    if dataset.has_neutral_titles or catalogue["item_id"].equals(catalogue["title"]):
        raise InputError(
            f"{dataset.source}: its titles are its ids or made of them, so no title of a list can be found there; "
            "name a recipe whose dataset has titles"
        )
    return TitleMatcher(catalogue, dataset.item_counts())


def rating_levels(dataset: BuiltDataset) -> list[float]:
    """The ratings that there are in a dataset, the lowest first."""
    return sorted(pc.unique(dataset.read(dataset.task, "train", ["rating"])["rating"]).to_pylist())


def marked_person(
    marks: Mapping[str, bool], matcher: TitleMatcher, levels: Sequence[float], like_from: float
) -> Person:
    """Somebody who has said of items whether they liked them.

    Args:
        marks: by item id, one at least, in the order in which they were said.
        levels: the dataset's, see `rating_levels`.
        like_from: the dataset's.
    """
    entries = tuple(OwnRating(matcher.titles[item], liked=liked) for item, liked in marks.items())
    own = OwnList("the marks", EXPORTS["list"], entries, scale=None)
    rated = {
        "item_id": pa.array(marks, pa.string()),
        "rating": pa.array(on_scale(own, levels, like_from), pa.float64()),
        "timestamp": pa.array(_times(entries), pa.int64()),
    }
    return Person(own, matcher, like_from, pa.table(rated), seen=frozenset(), missing=(), doubled=0)


def _times(entries: Sequence[OwnRating]) -> list[int]:
    """When each entry was; those that do not tell, which stand first, a day apart before the others.

    No two at one moment, so that their order is the list's.
    """
    times = [entry.time for entry in entries if entry.time is not None]
    unknown = len(entries) - len(times)
    first = times[0] if times else DAY * (unknown + 1)
    told = np.array([first - DAY * (unknown - n) for n in range(unknown)] + times, np.int64)
    places = np.arange(len(told))
    return (np.maximum.accumulate(told - places) + places).tolist()


def _refuse_nothing(own: OwnList, matcher: TitleMatcher, last: dict[str, int], rated: dict[str, int]) -> None:
    if not last:
        titles = ", ".join(repr(entry.name) for entry in own.ratings[:3]) + ", ..." * (len(own.ratings) > 3)
        some = next(iter(matcher.titles.values()))
        raise InputError(
            f"{own.source}: none of its titles ({titles}) is among the {len(matcher.titles)} of the dataset, such as "
            f"{some!r}; ask a model of a dataset that has them"
        )
    if not rated:
        raise InputError(
            f"{own.source}: of its {len(own.ratings)} titles {len(last)} are in the dataset, and the list does not say "
            "what any of them was worth; rate some"
        )

"""What a person is told: how their list was read, and a table of titles with every model's score."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.data.exports.verdicts import BY_PLAYS
from tastetune.person.answers import Scores
from tastetune.person.person import Person

NAMED = 10
"""Of the titles that were not found, so many are named in words; JSON has all."""

_UNITS = {"probability": "the probability of a like", "stars": "the expected stars"}

WIDEST = 60
"""Characters of a title in the table."""


def described(person: Person, dataset: BuiltDataset, targets: Sequence[str]) -> list[str]:
    """How the list was read and what of it was found, in sentences.

    Args:
        targets: the items that are asked about.
    """
    own, rated = person.own, len(person.rated)
    scale = f", rated {own.scale[0]:g} to {own.scale[1]:g}" if own.is_rated and own.scale else ""
    unsaid = f", {len(person.seen)} without a word" if person.seen else ""
    lines = [
        f"{own.source}: {len(own.ratings)} titles ({own.export.name}{scale}), {rated + len(person.seen)} of them in "
        f"{dataset.name}: {person.likes} liked, {rated - person.likes} not{unsaid}"
    ]
    lines += [f"left out: {count} {what}" for what, count in own.left_out.items()]
    lines += [f"left out: {person.doubled} titles that are the same item as a later one"] if person.doubled else []
    lines += [f"nothing is rated, so {BY_PLAYS}"] if not own.is_rated else []
    if person.likes in (0, rated):
        kind, other = ("liked", "not liked") if person.likes else ("not liked", "liked")
        lines.append(f"warning: all {rated} are {kind}, so no model can see what sets them apart; add some {other}")
    for item in person.rated["item_id"].to_pylist():
        if item in targets:
            lines.append(f"{person.matcher.titles[item]!r} is in the list; what is said of it there is left out")
    return [*lines, *_missing(person)]


def _missing(person: Person) -> list[str]:
    if not person.missing:
        return []
    lines = [f"not found: {len(person.missing)}"]
    for entry in person.missing[:NAMED]:
        near = person.matcher.near(entry.title)
        lines.append(f"  {entry.name}" + (f" (perhaps {near!r}?)" if near else ""))
    rest = len(person.missing) - NAMED
    return [*lines, f"  and {rest} more; --json names all"] if rest > 0 else lines


@dataclass(frozen=True)
class Advice:
    """The items that were asked about with every model's scores.

    Attributes:
        items: their ids.
        titles: their titles, in the same order.
        scores: the language model's first.
    """

    items: Sequence[str]
    titles: Sequence[str]
    scores: Sequence[Scores]

    def best(self, n: int) -> list[int]:
        """The places of the `n` items that the first model scores highest, the best first."""
        return np.argsort(self.scores[0].ranks)[:n].tolist()

    def text(self, n: int, items: str) -> list[str]:
        """The best `n` as lines: a heading, a table of scores with the rank by each model, and what to make of it.

        Args:
            items: the domain's word for several items.
        """
        first, mean, asked = self.scores[0], self.scores[-1], len(self.items)
        other = "" if first.unit == mean.unit else f", by {mean.model} {_UNITS[mean.unit]}"
        heading = f"Of {asked:,} {items} {_UNITS[first.unit]}{other}, each with its rank:"
        lines = [heading, "", *self._table(n), ""]
        if asked > n:
            common = len(np.intersect1d(np.flatnonzero(mean.ranks <= n), self.best(n)))
            lines.append(
                f"{mean.model}, which is the same for everybody, has {common} of these {n} among its first {n}."
            )
        if first.is_stand_in:
            lines.append(f"The base of {first.model} is a stand-in, which has read no more than ratings like these.")
        return lines

    def _table(self, n: int) -> list[str]:
        rows = [["#", "title", *(of.model for of in self.scores)]]
        for number, place in enumerate(self.best(n), 1):
            cells = [f"{of.values[place]:.3f} #{of.ranks[place]:<{len(str(len(self.items)))}}" for of in self.scores]
            rows.append([str(number), _cut(self.titles[place]), *cells])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [
            "  ".join(
                cell.ljust(width) if column == 1 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]

    def as_json(self, n: int) -> list[dict]:
        """The best `n` as records: id, title, and by model score and rank."""
        return [
            {
                "item_id": self.items[place],
                "title": self.titles[place],
                "scores": {
                    of.model: {of.unit: of.values[place].item(), "rank": of.ranks[place].item()} for of in self.scores
                },
            }
            for place in self.best(n)
        ]


def list_as_json(person: Person, dataset: BuiltDataset) -> dict:
    """How the list was read: its numbers, and the titles that were found and those that were not."""
    found = [person.matcher.titles[item] for item in person.rated["item_id"].to_pylist()]
    ratings = person.rated["rating"].to_pylist()
    return {
        "source": person.own.source,
        "format": person.own.export.name,
        "dataset": dataset.name,
        "titles": len(person.own.ratings),
        "liked": person.likes,
        "rated": [{"title": title, "rating": rating} for title, rating in zip(found, ratings, strict=True)],
        "seen": sorted(person.matcher.titles[item] for item in person.seen),
        "missing": [entry.name for entry in person.missing],
        "left_out": person.own.left_out,
    }


def _cut(title: str) -> str:
    return title if len(title) <= WIDEST else title[: WIDEST - 1] + "…"

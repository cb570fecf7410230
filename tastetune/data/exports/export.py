"""What an importer is, and what it makes of one person's export: a list of titles with what the person said of each."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from tastetune.data.exports.files import ExportFile
from tastetune.tasks.catalogue import normal


@dataclass(frozen=True)
class OwnRating:
    """One title of a person's list.

    Attributes:
        title: as the service writes it, without the year.
        year: of release, where the service gives it.
        by: the author or the artist, where the service gives one.
        rating: on the service's own scale; None where the person gave none.
        liked: what a heart says; None where nothing does.
        time: the last time, in seconds since 1970 (UTC); None where it is not told.
        plays: how often the person met the title, as far as the export tells.
        isbns: of a book.
    """

    title: str
    year: int | None = None
    by: str | None = None
    rating: float | None = None
    liked: bool | None = None
    time: int | None = None
    plays: int = 1
    isbns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The title as a catalogue writes it: `Alien (1979)`, or with its author or artist `Dune (Frank Herbert)`."""
        told = self.by or self.year
        return f"{self.title} ({told})" if told else self.title

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What two entries of one title have in common."""
        return normal(self.title), normal(self.by or ""), self.year


LIKE_SHARE = 0.75
"""So far up the scale a rating is a like, by the rule of logs: 4 of 1 to 5, 75 of 0 to 100."""

Entries = tuple[list[OwnRating], dict[str, int]]
"""What an importer reads: an entry a line, and what it left out, as `lines that ...`, with how many."""


@dataclass(frozen=True)
class Export:
    """One service's export.

    Attributes:
        name: of `--format`.
        read: its files -> the entries in the files' order, and what was left out.
        mark: what the beginning of one of its files holds.
        scale: the lowest and the highest rating; None where the service has none.
        inside: the name of a file that lies right inside one person's export.
        item, items, user, verb: the domain's words.
    """

    name: str
    read: Callable[[Sequence[ExportFile]], Entries]
    mark: re.Pattern[bytes]
    scale: tuple[float, float] | None = None
    inside: re.Pattern[str] | None = None
    item: str = "title"
    items: str = "titles"
    user: str = "person"
    verb: str = "like"


@dataclass(frozen=True)
class OwnList:
    """One person's list, as it was read.

    Attributes:
        source: the file or folder.
        export: what it is an export of.
        ratings: one a title, the earliest first; those without a time stand before the others, in the file's order.
        scale: the lowest and the highest rating that there can be; None where nothing is rated.
        left_out: what stands in the file and not here, and how often.
    """

    source: str
    export: Export
    ratings: tuple[OwnRating, ...]
    scale: tuple[float, float] | None
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def like_from(self) -> float:
        """A rating of this much or more is a like."""
        low, high = self.scale or (0.0, 1.0)
        return low + LIKE_SHARE * (high - low)

    @property
    def is_rated(self) -> bool:
        """Whether the person said of any title what it was worth."""
        return any(entry.rating is not None or entry.liked is not None for entry in self.ratings)


def one_a_title(entries: Iterable[OwnRating]) -> list[OwnRating]:
    """Entries of one title as one, in the order of time: what was said last counts, and plays add up.

    Where two stand at one time, or at none, the later in the file is the last.
    """
    merged: dict[tuple, OwnRating] = {}
    for entry in sorted(entries, key=_time):
        earlier = merged.pop(entry.key, None)
        merged[entry.key] = entry if earlier is None else _later(earlier, entry)
    return sorted(merged.values(), key=_time)


def _time(entry: OwnRating) -> float:
    return float("-inf") if entry.time is None else entry.time


def _later(earlier: OwnRating, entry: OwnRating) -> OwnRating:
    rating = earlier.rating if entry.rating is None else entry.rating
    liked = earlier.liked if entry.liked is None else entry.liked
    return replace(entry, rating=rating, liked=liked, plays=earlier.plays + entry.plays)

"""Streams of ratings cut into what a language model reads in one pass: some lines told, some of them asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from tastetune.config.windows import WindowLimits
from tastetune.tasks.streams.windows import past, windows


@dataclass(frozen=True)
class Streams:
    """Ratings as lines of text, each user's together and in order, and the rows that are asked of them.

    Attributes:
        head: what stands before any of the lines.
        answers: what a line may be answered with.
        items: the item of each line, (lines,).
        questions, rests: of each line what stands before its answer and behind it, (lines,).
        unnamed: of each line what stands before a token that alone names its item, (lines,).
        told: the number of each line's answer, (lines,).
        bounds: where each user's lines begin, and where the last one's end, (users + 1,).
        is_known: of each line whether it may stand before others, bool (lines,).
        of_split: of each line whether it is of the split whose rows, all or some, are asked, bool (lines,).
        asked: the line of each row, (rows,).
        users: the id of each user, (users,); empty for a log that is asked for lists.
        ratings: the rating of each line, (lines,); empty as well.
    """

    head: str
    answers: tuple[str, ...]
    items: list[str]
    questions: list[str]
    unnamed: list[str]
    rests: list[str]
    told: np.ndarray
    bounds: np.ndarray
    is_known: np.ndarray
    of_split: np.ndarray
    asked: np.ndarray
    users: Sequence[str] = ()
    ratings: np.ndarray = field(default_factory=lambda: np.empty(0))

    def line(self, at: int) -> str:
        """A whole line as it is told."""
        return self.questions[at] + self.answers[self.told[at]] + self.rests[at]

    @property
    def is_apart(self) -> bool:
        """Whether a row stands before no other, and each is asked by itself behind what is known."""
        return not self.is_known[self.asked].all()


@dataclass(frozen=True)
class Passage:
    """Lines that are read in one pass, and what is asked behind some of them.

    Attributes:
        lines: those that are told, in order.
        rows: the numbers of the rows that are asked, (k,).
        targets: their lines, (k,).
        before: how many of `lines` stand before each, (k,): all of them where rows are asked apart; otherwise the next
            one is the target itself.
    """

    lines: np.ndarray
    rows: np.ndarray
    targets: np.ndarray
    before: np.ndarray


def passages(
    streams: Streams, lengths: np.ndarray, limits: WindowLimits, rng: np.random.Generator | None = None
) -> Iterator[Passage]:
    """All rows, each in one passage, behind as many earlier lines as the windows give it.

    What stands before a row depends on its user's known ratings alone, not on which rows are asked.

    Args:
        lengths: tokens of each line, (lines,).
        limits: `tokens` of them without the head.
        rng: draws how long each user's first window is, so that streams begin anywhere; None for full ones.

    Raises:
        InputError: a line does not fit, see `tastetune.tasks.streams.windows`.
    """
    order = np.argsort(streams.asked, kind="stable")
    splits = np.searchsorted(streams.asked[order], streams.bounds)
    for user, (low, high) in enumerate(pairwise(splits)):
        if low == high:
            continue
        rows, begin, end = order[low:high], *streams.bounds[user : user + 2]
        if streams.is_apart:
            yield from _apart(streams, lengths, limits, rows, known=begin + np.flatnonzero(streams.is_known[begin:end]))
        else:
            first = None if rng is None else int(rng.integers(limits.min_past, limits.ratings)) + 1
            yield from _together(streams, lengths, limits, rows, begin=begin, end=end, first=first)


def _together(
    streams: Streams,
    lengths: np.ndarray,
    limits: WindowLimits,
    rows: np.ndarray,
    *,
    begin: int,
    end: int,
    first: int | None,
) -> Iterator[Passage]:
    """A user's windows that hold rows, each up to the last of them."""
    asked = streams.asked[rows] - begin
    split = int(np.argmax(streams.of_split[begin:end]))
    for window in windows(lengths[begin:end], limits, begin=split, first=first):
        low, high = np.searchsorted(asked, [window.asked_from, window.stop])
        if low < high:
            lines = begin + np.arange(window.start, asked[high - 1] + 1)
            yield Passage(lines, rows[low:high], begin + asked[low:high], asked[low:high] - window.start)


def _apart(
    streams: Streams, lengths: np.ndarray, limits: WindowLimits, rows: np.ndarray, *, known: np.ndarray
) -> Iterator[Passage]:
    """A user's rows behind known lines alone; those that are shown the same are asked together."""
    groups: dict[tuple[int, int], list[int]] = {}
    for row in rows:
        target = streams.asked[row]
        stop = int(np.searchsorted(known, target))
        shown = past(lengths[known[:stop]], int(lengths[target]), limits)
        groups.setdefault((stop - shown, stop), []).append(row)
    for (start, stop), members in groups.items():
        targets = streams.asked[members]
        yield Passage(known[start:stop], np.array(members), targets, np.full(len(members), stop - start))

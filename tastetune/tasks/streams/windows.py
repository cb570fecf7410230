"""Windows: the parts of a long sequence of ratings that a language model reads one at a time."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError


class Window(NamedTuple):
    """Ratings that are read together, by their places in the user's sequence.

    Attributes:
        start, stop: the first, and the one behind the last.
        asked_from: from here on each rating is asked; those before it are shown alone.
    """

    start: int
    stop: int
    asked_from: int


def windows(
    lengths: Sequence[int] | np.ndarray, limits: WindowLimits, *, begin: int = 0, first: int | None = None
) -> list[Window]:
    """Cut one user's sequence so that each rating from `begin` on is asked once, behind enough earlier ones.

    A window holds at most `limits.ratings` ratings and `limits.tokens` tokens. A rating is asked where at least
    `limits.min_past` earlier ones stand before it in its window, or where the window begins with the user's first.
    Where a window ends depends on no rating behind it, so no answer can tell how long a user goes on.

    Args:
        lengths: tokens of each rating's line, in the user's order.
        begin: the first rating to be asked.
        first: ratings in the first window, where it is to be shorter than the others.

    Raises:
        InputError: a rating does not fit into a window together with the earlier ones that it needs.
    """
    ends, cut, asked_from = np.concatenate([[0], np.cumsum(lengths)]), [], begin
    while asked_from < len(lengths):
        start = max(0, asked_from - limits.min_past)
        most = limits.ratings if first is None or cut else first
        stop = min(start + most, len(lengths), _reach(ends, start, limits.tokens))
        if stop <= asked_from:
            raise _too_long(ends[asked_from + 1] - ends[start], asked_from - start, limits)
        cut.append(Window(start, stop, asked_from))
        asked_from = stop
    return cut


def past(lengths: Sequence[int] | np.ndarray, length: int, limits: WindowLimits) -> int:
    """How many of the last ratings are shown before a target that is no part of the sequence itself.

    As many as a window holds beside the target.

    Args:
        lengths: tokens of each earlier rating's line.
        length: tokens of the target's.

    Raises:
        InputError: the target does not fit into a window together with the earlier ones that it needs.
    """
    last = [int(number) for number in lengths[::-1][: limits.ratings - 1]]
    sums = length + np.concatenate([[0], np.cumsum(last)])
    fitting = len(sums) if limits.tokens is None else int(np.searchsorted(sums, limits.tokens, "right"))
    if fitting <= (needed := min(limits.min_past, len(last))):
        raise _too_long(sums[needed], needed, limits)
    return fitting - 1


def _reach(ends: np.ndarray, start: int, tokens: int | None) -> int:
    """The place behind the last rating that fits into so many tokens from `start` on."""
    return len(ends) - 1 if tokens is None else int(np.searchsorted(ends, ends[start] + tokens, "right")) - 1


def _too_long(length: int, before: int, limits: WindowLimits) -> InputError:
    return InputError(
        f"a rating and the {before} before it have {length} tokens, and a window has room for {limits.tokens}; raise "
        "max_length as far as the model's context goes, lower stream_min_past, or shorten the longest titles"
    )

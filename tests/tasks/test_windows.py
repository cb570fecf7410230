"""How a user's ratings are cut into what is read together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastetune.config.arguments import DataArguments
from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError
from tastetune.tasks.streams.windows import Window, past, windows


def test_windows_overlap_by_what_is_only_shown():
    """Nine ratings, five in a window, two before each: 0 to 4, then 5 to 7 behind 3 and 4, then 8 behind 6 and 7."""
    assert windows([1] * 9, WindowLimits(5, 2)) == [Window(0, 5, 0), Window(3, 8, 5), Window(6, 9, 8)]


def test_a_user_with_one_rating_or_none():
    assert windows([7], WindowLimits(5, 2)) == [Window(0, 1, 0)]
    assert windows([], WindowLimits(5, 2)) == []


def test_windows_may_begin_with_a_split_or_with_a_shorter_one():
    # From the sixth rating on: the first window takes along the two before it
    assert windows([1] * 9, WindowLimits(5, 2), begin=6) == [Window(4, 9, 6)]
    # The user's second: there is but one before it
    assert windows([1] * 3, WindowLimits(5, 2), begin=1) == [Window(0, 3, 1)]
    assert windows([1] * 9, WindowLimits(5, 2), first=3) == [Window(0, 3, 0), Window(1, 6, 3), Window(4, 9, 6)]


def test_long_lines_make_short_windows():
    # Ten tokens: 3 + 3 + 3, then the two last of these and one of 4, then 3 + 4 + 3
    assert windows([3, 3, 3, 4, 3], WindowLimits(5, 2, tokens=10)) == [
        Window(0, 3, 0),
        Window(1, 4, 3),
        Window(2, 5, 4),
    ]
    with pytest.raises(InputError, match="a rating and the 2 before it have 12 tokens, and a window has room for 10"):
        windows([3, 3, 6], WindowLimits(5, 2, tokens=10))
    with pytest.raises(InputError, match="a rating and the 0 before it have 11 tokens"):
        windows([11, 1], WindowLimits(5, 2, tokens=10))


LENGTHS = st.lists(st.integers(1, 9), max_size=60)


@given(lengths=LENGTHS, min_past=st.integers(0, 8), asked=st.integers(1, 12), data=st.data())
def test_each_rating_is_asked_once_behind_enough(lengths, min_past, asked, data):
    # A window always holds what is needed: `min_past` ratings and one more of 9 tokens at most
    tokens = data.draw(st.none() | st.integers(9 * (min_past + 1), 200))
    limits = WindowLimits(min_past + asked, min_past, tokens)
    begin = data.draw(st.integers(0, len(lengths)))
    first = data.draw(st.none() | st.integers(min_past + 1, limits.ratings))
    cut = windows(lengths, limits, begin=begin, first=first)
    assert [place for w in cut for place in range(w.asked_from, w.stop)] == list(range(begin, len(lengths)))
    for window in cut:
        assert window.start == 0 or window.asked_from - window.start >= min_past
        assert window.stop - window.start <= limits.ratings
        assert tokens is None or sum(lengths[window.start : window.stop]) <= tokens


@given(lengths=LENGTHS, more=LENGTHS, min_past=st.integers(0, 4))
def test_what_comes_later_moves_no_window(lengths, more, min_past):
    limits = WindowLimits(min_past + 5, min_past, 9 * (min_past + 3))

    def starts(of):
        return {place: w.start for w in windows(of, limits) for place in range(w.asked_from, w.stop)}

    assert starts(lengths).items() <= starts(lengths + more).items()


def test_a_target_by_itself_is_shown_as_much_as_a_window_holds():
    assert past([1] * 9, 1, WindowLimits(5, 2)) == 4
    assert past([1] * 3, 1, WindowLimits(5, 2)) == 3
    assert past([], 1, WindowLimits(5, 2)) == 0
    # Of 10 tokens 4 are the target's; 3 and 2 fit beside it, and 9 does not
    assert past([9, 2, 3], 4, WindowLimits(5, 2, tokens=10)) == 2
    with pytest.raises(InputError, match="a rating and the 2 before it have 16 tokens"):
        past([9, 3], 4, WindowLimits(5, 2, tokens=10))


@given(lengths=LENGTHS, min_past=st.integers(0, 8), asked=st.integers(1, 12))
def test_windows_and_targets_by_themselves_have_pasts_of_the_same_lengths(lengths, min_past, asked):
    limits = WindowLimits(min_past + asked, min_past)
    together = [place - w.start for w in windows(lengths, limits) for place in range(w.asked_from, w.stop)]
    apart = [past(lengths[:place], lengths[place], limits) for place in range(len(lengths))]
    low = np.minimum(min_past, np.arange(len(lengths)))
    for lengths_of_past in (together, apart):
        assert (np.array(lengths_of_past, int) >= low).all()
        assert max(lengths_of_past, default=0) < limits.ratings


def test_a_window_without_room_for_a_question_is_refused():
    with pytest.raises(InputError, match="stream_window is 10 and stream_min_past 10"):
        DataArguments(stream_window=10).window_limits(None)

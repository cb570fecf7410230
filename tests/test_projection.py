"""A log on paper: the arithmetic, and that what is named is there."""

from itertools import chain
from pydoc import locate

import pytest

from tastetune.growth import Use, write_stage
from tastetune.projection import HOLDINGS, RESTS_ON, Holding, breaking_table, projected_table

GIB = 1 << 30


@pytest.fixture
def measured(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda ratings, seconds, gib: write_stage(ratings, "Dataset built", Use(1, seconds, gib * GIB))


def test_hours_dollars_and_memory_by_hand(measured):
    # Ten times the ratings took ten times the seconds. A billion is 1,000 times a million: 36 seconds become 10 hours,
    # at 5 cents half a dollar. 900,000 ratings more took 0.9 GiB more, so another 999 million take 999: with 1, 1,000.
    paths = [measured(1_000_000, 36, 1), measured(100_000, 3.6, 0.1)]
    assert (
        projected_table(paths).splitlines()[2].startswith("| Dataset built | 1,000,000 | 1.00 | 10.0 | 0.50 | 1,000 |")
    )


def test_what_grew_less_than_the_log_is_carried_on_as_if_it_grew_with_it(measured):
    """Up to a million most of the time may go into loading libraries."""
    paths = [measured(100_000, 18, 1), measured(1_000_000, 36, 1)]
    assert " | 1.00 | 10.0 | 0.50 | 1 | " in projected_table(paths)


def test_one_size_alone_is_carried_on_linearly(measured):
    assert " | 1,000,000 | 1.00 | 10.0 | 0.50 | 1,000 | " in projected_table([measured(1_000_000, 36, 1)])


def test_what_breaks_first_stands_first(monkeypatch):
    # 48 GiB on paper, of a billion ratings, fill 24 at half of them; 1 GiB in an array of 2 fills it at two billion
    held = (Holding("Texts", "b", GIB, 2 * GIB), Holding("Numbers", "a", 48 * GIB))
    monkeypatch.setattr("tastetune.projection.HOLDINGS", held)
    assert breaking_table().splitlines()[2:] == [
        "| Numbers | `a` | 48.0 | 5.0e+08 |",
        "| Texts | `b` | 1.0 | 2.0e+09 |",
    ]


@pytest.mark.parametrize("name", [*chain.from_iterable(RESTS_ON.values()), *(held.where for held in HOLDINGS)])
def test_what_a_figure_rests_on_is_there(name):
    assert locate(name) is not None

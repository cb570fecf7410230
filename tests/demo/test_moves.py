"""How a list moved, and what sets it apart."""

import numpy as np

from tastetune.demo.moves import Move, against_the_mean, best, climbed, move, without_names
from tastetune.person.answers import Scores
from tastetune.person.report import Advice

ITEMS = [f"i{n:02}" for n in range(14)]
TITLES = {item: f"Film {item[1:]}" for item in ITEMS}


def advice(order, mean=None, items=ITEMS):
    """What is said by a model that likes items in this order, and by a mean that does in its own."""

    def scores(name, liked):
        return Scores(name, np.array([1 - 0.05 * liked.index(item) for item in items]), 0.5)

    return Advice(items, [TITLES[item] for item in items], [scores("sft", order), scores("item_mean", mean or order)])


FIRST = advice(ITEMS)
TURNED = advice([*ITEMS[2:], *ITEMS[:2]])
"""The two best have gone to the end, so 10 and 11 come in and all others rise by two."""


def test_the_ten_best_by_each_model():
    assert best(FIRST) == ITEMS[:10]
    assert best(advice(ITEMS, mean=ITEMS[::-1]), -1) == ITEMS[:3:-1]


def test_what_came_in_and_what_went_out():
    assert move("liked X", None, FIRST, TITLES) == Move(
        "liked X", tuple(f"Film {n:02}" for n in range(10)), (), is_first=True
    )
    assert move("liked X", FIRST, TURNED, TITLES) == Move("liked X", ("Film 10", "Film 11"), ("Film 00", "Film 01"))


def test_how_far_each_has_risen():
    """i05 was sixth and is fourth; i13 was marked then, so nothing was said of it."""
    assert climbed(None, FIRST) == {}
    assert climbed(FIRST, TURNED) == dict.fromkeys(ITEMS[2:12], 2)
    without = advice(ITEMS[:13], items=ITEMS[:13])
    assert climbed(without, advice(["i13", *ITEMS[:13]])) == {"i13": None} | dict.fromkeys(ITEMS[:9], -1)


def test_one_sentence_against_the_mean():
    """The mean has them the other way round: of the ten it has 10 to 13 first and 4 to 9 behind, 0 to 3 last."""
    assert against_the_mean(advice(ITEMS, mean=ITEMS[::-1])) == (
        "item_mean, the same list for everybody, has 6 of these 10 among its first; the furthest from it is Film 00, "
        "#1 here and #14 there."
    )
    assert "has all of these 10" in against_the_mean(FIRST)


def test_one_sentence_without_names():
    """Of the ten with names 2 to 9 are left."""
    assert without_names(FIRST, TURNED, ("Film 00", "Movie i00")) == (
        "The model reads Movie i00 in place of Film 00, and so on: of the 10 that it chooses with the names, 8 are "
        "left."
    )

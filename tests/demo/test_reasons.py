"""What an explanation is told to be worth, in words."""

import re

import pytest

from tastetune.demo.reasons import named_titles, what_hangs_on_them
from tastetune.explanations.explanation import Explanation

TITLES = {"a": "Alien", "b": "Brazil", "c": "Casino", "d": "Diva"}


def explained(p_like, named=(), *tried, elsewhere=(), invented=()):
    return Explanation("r", "u", "d", ("a", "b", "c"), p_like, "text", named, elsewhere, invented, *tried)


def test_titles_are_told_apart_by_where_they_stand():
    explanation = explained(0.7, named=("a", "b"), elsewhere=("d",), invented=("Aliens 9",))
    assert named_titles(explanation, TITLES) == [
        "Among your marks: Alien, Brazil.",
        "In the catalogue, but not among your marks: Diva.",
        "In neither, so made up: Aliens 9.",
    ]
    assert named_titles(explained(0.7), TITLES) == ["It names no title."]


def test_an_answer_that_hangs_on_what_is_named():
    """0.70 falls to 0.55, and to 0.68 on average without another: 15 points and 2."""
    assert what_hangs_on_them(explained(0.7, ("a",), 0.55, (0.66, 0.7)), 3) == (
        "Its answer, that you will like it, has a probability of 70%. Without that mark it falls by 15.0 points; "
        "without as many others it falls by 2.0 points on average. So its answer hung on what it names more than on "
        "the rest."
    )


def test_an_answer_that_does_not():
    """The answer is No, of probability 0.80: it rises to 0.82 without the mark, and stays without another."""
    told = what_hangs_on_them(explained(0.2, ("a",), 0.18, (0.2,)), 3)
    assert told.startswith(
        "Its answer, that you will not like it, has a probability of 80%. Without that mark it rises by 2.0"
    )
    assert "it stays as it is on average. So its answer hung on what it names no more than on the rest" in told


@pytest.mark.parametrize(
    ("explanation", "told"),
    [
        (explained(0.7), "It names none of your marks, so there is nothing to take out and ask again."),
        (
            explained(0.7, ("a", "b")),
            "It names more than half of your marks, .* mark a few more titles, and ask again.",
        ),
    ],
)
def test_what_cannot_be_compared(explanation, told):
    assert re.fullmatch(told, what_hangs_on_them(explanation, 3))


def test_of_many_marks_the_last_are_read():
    assert what_hangs_on_them(explained(0.7), 12).endswith("It read your last 3 marks.")

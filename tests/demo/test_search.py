"""Titles are found as somebody types."""

import pyarrow as pa
import pytest

from tastetune.demo.search import SHOWN, TitleSearch
from tastetune.person.matching import TitleMatcher

TITLES = {
    "1": "Star Wars (1977)",
    "2": "Lone Star (1996)",
    "3": "Star Trek (1979)",
    "4": "Amélie (2001)",
    "5": "Mustard (1990)",
    "6": "Hamlet (1948)",
    "7": "Hamlet (1996)",
    "8": "The Princess Bride (1987)",
}
RATINGS = {"1": 10, "2": 50, "3": 20, "5": 90, "6": 9, "7": 3}


@pytest.fixture(scope="module")
def search():
    items = pa.table({"item_id": list(TITLES), "title": list(TITLES.values())})
    return TitleSearch(TitleMatcher(items, RATINGS), RATINGS)


def test_titles_that_begin_so_come_first_then_words_then_the_rest(search):
    """Of the two that begin with it the one with more ratings; `mustard` has it inside, however many rated it."""
    assert search.find("star") == ["3", "1", "2", "5"]


@pytest.mark.parametrize(
    ("query", "items"),
    [("AMELIE", ["4"]), ("the princess", ["8"]), ("bride!", ["8"]), ("hamlet (1996)", ["7", "6"]), ("zzz", [])],
)
def test_neither_case_nor_accents_nor_articles_count_and_a_year_decides(search, query, items):
    assert search.find(query) == items


@pytest.mark.parametrize("query", ["", "   "])
def test_who_types_nothing_is_offered_what_many_have_rated(search, query):
    assert search.find(query) == search.popular()
    assert search.popular() == ["5", "2", "3", "1", "6", "7"][:SHOWN]


def test_a_slip_of_the_hand_is_told_from_nonsense(search):
    assert search.near("lone sttar") == "2"
    assert search.near("qqqqqqq") is None

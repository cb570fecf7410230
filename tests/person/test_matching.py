"""A list's titles in a catalogue."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastetune.data.exports.export import OwnRating
from tastetune.person.matching import TitleMatcher


def matcher(*titles: str, ratings=None) -> TitleMatcher:
    ids = [f"i{number}" for number in range(len(titles))]
    return TitleMatcher(pa.table({"item_id": ids, "title": list(titles)}), ratings or {})


FILMS = matcher(
    "The Matrix (1999)", "Amélie (Le Fabuleux destin) (2001)", "Crash (1996)", "Crash (2004)", "Se7en (1995)"
)


@pytest.mark.parametrize(
    ("title", "year", "item"),
    [
        ("The Matrix (1999)", None, "i0"),
        ("Matrix, The (1999)", None, "i0"),  # the article behind
        ("the matrix", 1999, "i0"),
        ("Matrix", None, "i0"),
        ("The Matrix", 1998, "i0"),  # a year may be off by one, for premieres differ
        ("The Matrix", 2021, None),  # another film
        ("Amelie", 2001, "i1"),  # without the accent
        ("Le fabuleux destin", None, "i1"),  # the title in brackets
        ("Crash", 2004, "i3"),
        ("Crash", 1996, "i2"),
        ("Fargo", 1996, None),
    ],
)
def test_a_film_is_found_by_title_and_year(title, year, item):
    assert FILMS.item(OwnRating(title, year)) == item


def test_of_two_items_of_one_title_the_one_with_more_ratings_is_meant():
    titles = ("Echo", "Echo")
    assert matcher(*titles, ratings={"i0": 1, "i1": 9}).item(OwnRating("Echo")) == "i1"
    assert matcher(*titles, ratings={"i0": 9, "i1": 1}).item(OwnRating("Echo")) == "i0"


def test_a_song_is_another_one_by_another_artist():
    songs = matcher("Intro (Moor)", "The Tides - Ebb", "Flow - The Tides")
    assert [songs.item(OwnRating(title, by=by)) for title, by in (("Intro", "Moor"), ("Intro", "The Tides"))] == [
        "i0",
        None,
    ]
    assert [songs.item(OwnRating(title, by="The Tides")) for title in ("Ebb", "Flow")] == ["i1", "i2"]


def test_a_book_is_found_by_its_title_alone_or_by_its_isbn():
    books = TitleMatcher(pa.table({"item_id": ["7", "0123456789"], "title": ["Mirror", "The Lamp"]}), {})
    assert books.item(OwnRating("Mirror", by="Ben Sato")) == "7"
    assert books.item(OwnRating("The Lantern", by="Ada Moor", isbns=("0123456789",))) == "0123456789"
    assert books.item(OwnRating("The Lantern", by="Ada Moor")) is None


def test_a_misspelt_title_is_not_taken_but_named():
    assert FILMS.item(OwnRating("The Matirx", 1999)) is None
    assert FILMS.near("The Matirx") == "The Matrix (1999)"
    assert FILMS.near("Gone with the Wind") is None


TITLE = st.text("abc XYZé'-:&", min_size=1, max_size=12).filter(str.strip)


@given(st.lists(TITLE, min_size=1, max_size=8, unique=True))
def test_every_title_of_a_catalogue_finds_itself(titles):
    found = matcher(*titles)
    assert [found.item(OwnRating(title)) for title in titles] == [f"i{number}" for number in range(len(titles))]

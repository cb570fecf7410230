"""Matching written titles to the catalogue: what two spellings share, and which of several films a title means."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tastetune.tasks.catalogue import Catalogue, genre_flags, normal

SPELLINGS = {
    "case": ("THE MATRIX", "the matrix", "matrix"),
    "an article in front or behind": ("The Matrix", "Matrix, The", "matrix"),
    "a year": ("Matrix, The (1999)", "Matrix [1999]", "matrix"),
    "accents": ("Amélie", "AMELIE", "amelie"),
    "letters that are two": ("Œuvre, Straße & Bjørn", "oeuvre strasse and bjorn", "oeuvre strasse and bjorn"),
    "apostrophes and full stops": ("Schindler’s List", "Schindlers List.", "schindlers list"),
    "abbreviations": ("E.T. the Extra-Terrestrial", "ET the extra terrestrial", "et the extra terrestrial"),
    "dashes and colons": ("Spider-Man: Far from Home", "Spider Man – Far From Home", "spider man far from home"),
    "another language's article": ("Enfer, L'", "L'Enfer", "lenfer"),
    "spaces": ("  Star   Wars ", "Star Wars", "star wars"),
    "composed and decomposed letters": ("Cafe\u0301", "Caf\u00e9", "cafe"),
}


@pytest.mark.parametrize(("one", "other", "form"), SPELLINGS.values(), ids=SPELLINGS)
def test_two_spellings_have_one_normal_form(one, other, form):
    assert normal(one) == normal(other) == form


def test_a_title_of_an_article_or_of_marks_alone_keeps_something():
    assert (normal("A"), normal("The"), normal("$ (1971)"), normal("...")) == ("a", "the", "$", "...")


CATALOGUE = Catalogue(
    ["1", "2", "3", "4", "5", "6", "7"],
    [
        "King Kong (1933)",
        "King Kong (1976)",
        "Seven (a.k.a. Se7en) (1995)",
        "Se7en (1946)",
        "Solo",
        "The City of Lost Children (La Cité des enfants perdus) (1995)",
        "King Kong (1976)",
    ],
    ratings={"1": 50, "2": 200, "7": 100},
)

LINES = {
    "the year decides between films of one title": ("King Kong (1933)", "1"),
    "a year off by one is the nearest film's": ("king kong (1977)", "2"),
    "another year is another film": ("King Kong (2005)", None),
    "without a year the most rated film is meant": ("King Kong", "2"),
    "of two films alike in title and year too": ("King Kong (1976)", "2"),
    "a film without a year takes any": ("Solo (2018)", "5"),
    "the title without its brackets": ("Seven (1995)", "3"),
    "a second title in brackets": ("La Cité des Enfants Perdus", "6"),
    "a full title comes before a second one": ("Se7en", "4"),
    "unless the year says otherwise": ("Se7en (1995)", "3"),
    "a part of a title is none": ("King", None),
    "a title and more is none": ("King Kong and friends", None),
    "nothing is none": ("", None),
}


@pytest.mark.parametrize(("line", "item"), LINES.values(), ids=LINES)
def test_a_line_names_one_film_or_none(line, item):
    assert CATALOGUE.match(line) == item


def test_films_that_no_answer_can_name_are_counted():
    assert CATALOGUE.ambiguous == 1


def test_equal_numbers_of_ratings_leave_it_to_the_id():
    assert Catalogue(["b", "a"], ["Twin (2000)", "Twin (2000)"]).match("Twin") == "a"


TITLE = st.from_regex(r"[A-Za-zéß]{1,9}( [A-Za-z0-9'&:-]{1,9}){0,3}", fullmatch=True)


@settings(deadline=None, max_examples=50)
@given(TITLE, st.integers(1900, 2030))
def test_case_spaces_marks_and_the_year_change_nothing(title, year):
    assert normal(title.upper()) == normal(title) == normal(f"  {title.replace(' ', ' - ')}! ({year})")


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(TITLE.map(lambda t: f"{t} (1999)"), st.just(None), min_size=1, max_size=8))
def test_every_title_of_a_catalogue_names_its_film_or_one_of_the_same_normal_form(titles):
    titles = list(titles)
    catalogue = Catalogue([str(k) for k in range(len(titles))], titles)
    for title in titles:
        found = catalogue.match(title)
        assert found is not None
        assert normal(titles[int(found)]) == normal(title)


def test_genres_of_a_catalogue():
    """Comedy, drama and war in the order of their names; an item without genres is of none, whether empty or null."""
    flags = genre_flags([["Drama", "War"], [], None, ["Comedy"]])
    assert flags.tolist() == [[False, True, True], [False] * 3, [False] * 3, [True, False, False]]

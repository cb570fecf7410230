"""The titles that a text names, in quotes and out of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastetune.explanations.naming import TitleReader

TITLES = {
    "1": "Heat (1995)",
    "2": "Matrix, The (1999)",
    "3": "Star Wars (1977)",
    "4": "Star Wars: Episode I - The Phantom Menace (1999)",
    "5": "Hamlet (1948)",
    "6": "Hamlet (1996)",
    "7": "Alien (1979)",
    "8": "2001: A Space Odyssey (1968)",
    "9": "Amélie (2001)",
}
READER = TitleReader(TITLES, {"6": 9, "5": 1})
PAST, TARGET = ("1", "2", "3"), "7"


@pytest.mark.parametrize(
    ("text", "past", "elsewhere", "invented"),
    [
        ('The user liked "Heat (1995)" and "The Matrix".', ("1", "2"), (), ()),  # in the text's order, however spelt
        ("The user liked “Matrix, The (1999)”, «Heat» and HEAT (1995).", ("2", "1"), (), ()),  # each once
        ('judging by "Amelie" and "Heat 2 (2025)"', (), ("9",), ("Heat 2 (2025)",)),
        ('"Alien (1979)" is like "Aliens (1986)", and so is Alien (1979).', (), (), ("Aliens (1986)",)),  # the target
        # Outside quotes a title needs a capital, and its year or a second word
        ("Fans of Star Wars feel the heat, as in Heat or heat (1995).", ("3",), (), ()),
        ("Fans of Heat (1995), star wars and the matrix.", ("1",), (), ()),
        ("2001: A Space Odyssey is long.", (), ("8",), ()),
        # Of titles that overlap, the longest
        ("Star Wars: Episode I - The Phantom Menace (1999) came later.", (), ("4",), ()),
        ("I like Star Wars. Episode two of it I do not.", ("3",), (), ()),
        # The best known of one title; a year decides
        ('"Hamlet"', (), ("6",), ()),
        ('"Hamlet (1948)"', (), ("5",), ()),
        # Quotes around what is no title: a word in small letters, a sentence longer than any title
        ('a "dark" film', (), (), ()),
        ('"I think that someone who once enjoyed Star Wars so much will like it a lot"', ("3",), (), ()),
        ('cut off in "Heat (1995', (), (), ()),
        ('cut off in "Star Wars (19', ("3",), (), ()),
        ('"..." and "" and " "', (), (), ()),
        ("", (), (), ()),
    ],
)
def test_titles_are_found(text, past, elsewhere, invented):
    assert READER.read(text, PAST, TARGET) == (past, elsewhere, invented)


def test_of_two_items_of_one_title_that_of_the_past_is_meant():
    assert READER.read('"Hamlet"', ("5",), TARGET).past == ("5",)


def test_a_target_that_is_named_as_another_item_of_the_same_title_is_still_the_target():
    assert READER.read('"Hamlet"', PAST, "5") == ((), (), ())


@given(st.lists(st.sampled_from(sorted(TITLES.keys() - {TARGET})), unique=True), st.text('ab "“”.\n', max_size=20))
def test_whatever_stands_between_them_quoted_titles_are_found(items, between):
    """Each on a line of its own: a quote that is never closed reaches no further than its line."""
    text = "".join(f'{between}\n"{TITLES[item]}"\n' for item in items)
    named = READER.read(text, PAST, TARGET)
    assert {*named.past, *named.elsewhere} == {*items}

"""Titles as a person writes them, and as they stand in a prompt: data, whatever they hold."""

import pytest
from fuzzing import TITLES
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from tastetune.tasks.titles import as_data, natural_title, neutral_title, with_year


@pytest.mark.parametrize(
    ("catalogue", "natural"),
    [
        ("Princess Bride, The (1987)", "The Princess Bride (1987)"),
        ("Girl, Interrupted (1999)", "Girl, Interrupted (1999)"),  # a comma alone moves nothing
        ("Letter, A (1950)", "A Letter (1950)"),
        ("Letter, An", "An Letter"),  # no year, no bracket
        ("Winter, Le (1950)", "Le Winter (1950)"),
        ("Echo, L' (1950)", "L'Echo (1950)"),  # an elided article takes no space
        ("Orchard, The (Huerto, El) (1950)", "The Orchard (El Huerto) (1950)"),  # each title by itself
        ("Night (Nacht, Die) (1950)", "Night (Die Nacht) (1950)"),
        ("Wolf, the Lamb and the Shepherd, The (1950)", "The Wolf, the Lamb and the Shepherd (1950)"),
        ("Valley, Ohio, The (1950)", "The Valley, Ohio (1950)"),
        ("Harbour, The (Port )(1950)", "The Harbour (Port) (1950)"),  # uneven spaces
        ("Voyage: The Return, The (1950)", "The Voyage: The Return (1950)"),
        ("Me, Myself and I (1950)", "Me, Myself and I (1950)"),
        ("", ""),
    ],
)
def test_the_article_goes_back_in_front(catalogue, natural):
    assert natural_title(catalogue) == natural


def test_a_natural_title_stays():
    for title in ("The Harbour (El Puerto) (1950)", "Harbour", "A (1950)"):
        assert natural_title(natural_title(title)) == natural_title(title) == title


def test_a_year_is_added_once_and_only_if_it_is_one():
    assert with_year("Harbour, The", "1950") == "Harbour, The (1950)"
    assert with_year("Harbour (1950)", "1950") == "Harbour (1950)"
    assert with_year("Harbour", "unknown") == "Harbour"
    assert with_year("Harbour", "") == "Harbour"


def test_a_neutral_title_says_the_id_alone():
    assert neutral_title("1193") == "Movie 1193"
    assert neutral_title("0042", "book") == "Book 0042"


@given(title=TITLES)
def test_a_title_made_data_stays_as_it_is(title):
    assert as_data(as_data(title)) == as_data(title)


SPECIAL = ["<|begin_of_text|>", "<|eot_id|>", "<|im_end|>", "</s>", "<s>", "<unk>", "<end_of_turn>", "[unknown]"]


@given(parts=st.lists(st.sampled_from(SPECIAL[:-1]) | st.text(alphabet="<|/s>a ", max_size=4), max_size=6))
def test_no_title_spells_a_special_token(parts):
    """A tokenizer looks for its special tokens in any text; here all words but those are unknown to it."""
    tokenizer = Tokenizer(WordLevel({"[unknown]": 0}, unk_token="[unknown]"))
    tokenizer.add_special_tokens(SPECIAL)
    assert set(tokenizer.encode(as_data("".join(parts))).ids) <= {0}


@pytest.mark.parametrize(
    "title",
    [
        "Girl, Interrupted (1999)",
        "Amélie (Le Fabuleux destin d'Amélie Poulain) (2001)",
        "千と千尋の神隠し",
        "وجدة",
        "می‌خواهم",  # holds a zero-width non-joiner, which Persian spelling needs
        "Se7en & 8½: #1 — 100% [REC] {x} \\ |",
    ],
)
def test_an_ordinary_title_stays_as_it_is_in_any_script(title):
    assert as_data(title) == title


def test_quotes_in_a_title_become_single_and_white_space_one_space():
    assert as_data('"Weird  Al"\n\tYankovic\u00a0') == "'Weird Al' Yankovic"

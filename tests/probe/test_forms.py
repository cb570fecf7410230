"""How lines of a catalogue are cut short, and when an answer is right."""

import pytest

from tastetune.probe.forms import ById, CatalogueLine, NextLine, Year

NAMES = ("Amber", "Birch", "Cedar", "Dahlia", "Elder", "Fern", "Gorse", "Hazel", "Iris", "Juniper", "Kelp", "Laurel")
LINES = [CatalogueLine(str(k + 1), f"The {name} ({1980 + k})", ("Drama",), k) for k, name in enumerate(NAMES)]


def test_a_line_is_cut_behind_its_id_or_before_its_year():
    assert NextLine().questions(LINES, examples=[0, 7], targets=[5])[0].prompt == (
        "4::The Dahlia (1983)::Drama\n5::The Elder (1984)::Drama\n6::"  # as many as are shown, from before it
    )
    assert ById().questions(LINES, [0, 7], [5])[0].prompt == (
        "1::The Amber (1980)::Drama\n8::The Hazel (1987)::Drama\n6::"  # those drawn by seed
    )
    year = Year().questions(LINES, [0, 7], [5])[0]
    assert year.prompt == "The Amber (1980)\nThe Hazel (1987)\nThe Fern ("
    assert (year.answer, year.examples) == ("1985", ("1980", "1987"))
    # The first line of a catalogue has none before it, the second has one
    first, second = NextLine().questions(LINES, [5, 7], [0, 1])
    assert (first.prompt, second.prompt) == ("1::", "1::The Amber (1980)::Drama\n2::")


def test_a_title_can_forge_no_field_and_no_line():
    line = CatalogueLine("7", "Odd::One\n8::Another <|eot_id|> (1999)", ("A::B",))
    assert line.text == "7::Odd:One 8:Another ‹|eot_id|› (1999)::A:B"


@pytest.mark.parametrize(
    ("written", "is_right"),
    [
        ("Elder, The (1984)::Drama", True),  # as MovieLens files it
        ("the elder", True),  # no year
        (" The Elder (1985)", True),  # catalogues count from different premieres
        ("The Elder (1995)", False),  # another film
        ("The Elders (1984)", False),
        ("", False),
    ],
)
def test_a_title_is_right_as_in_a_list(written, is_right):
    form = ById()
    assert form.judge("The Elder (1984)")(form.read(written)) == is_right


def test_an_empty_answer_names_no_title_with_empty_brackets():
    assert not ById().judge("Elder () (1984)")("")


def test_a_year_is_right_to_the_digit():
    form = Year()
    read = [form.read(text) for text in ("1984)", " 1984) and more", "198", "1985)")]
    assert [form.judge("1984")(year) for year in read] == [True, True, False, False]

"""How figures and names are written in Markdown."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tastetune.reporting.formats import difference, estimates, listed, markdown, p_holm, with_interval


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("user_item_mean", "user_item_mean"),
        ("sft-500", "sft-500"),
        ("a|b", "a\\|b"),
        ("a\nb\tc", "a b c"),
        ("__init__", "\\_\\_init\\_\\_"),
        ("$\\foo$", "\\$\\\\foo\\$"),
        ("<b>R&D</b>", "\\<b\\>R\\&D\\</b\\>"),
        ("[x](y) `z` *w* ~v~", "\\[x\\](y) \\`z\\` \\*w\\* \\~v\\~"),
    ],
)
def test_a_name_is_no_markup(name, written):
    assert markdown(name) == written


def test_an_estimate_has_its_interval_where_there_is_one():
    assert with_interval({"value": 0.7625, "low": 0.745, "high": 0.78}) == "0.762 [0.745, 0.780]"
    assert with_interval({"value": 0.5, "low": None, "high": None}) == "0.500"
    assert with_interval({"value": None, "low": None, "high": None}) == "–"
    assert with_interval(None) == "–"
    assert estimates({"f1": {"value": 1.0, "low": None, "high": None}}, ["f1", "mrr"]) == ["1.000", "–"]
    assert estimates(None, ["f1"]) == ["–"]


def test_a_difference_has_its_sign_and_a_small_p_its_bound():
    apart = {"difference": 0.02, "low": -0.0141, "high": 0.026, "p_holm": 0.0004}
    assert difference(apart) == "+0.020 [-0.014, +0.026]"
    assert (p_holm(apart), p_holm(apart | {"p_holm": 0.0224}), p_holm(None)) == ("< 0.001", "0.022", "–")


def test_names_are_enumerated_up_to_three():
    assert [listed(list("abcde")[:n]) for n in range(1, 6)] == [
        "a",
        "a and b",
        "a, b and c",
        "a, b, c and 1 more",
        "a, b, c and 2 more",
    ]


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("|_*`<>[]()$~&\\!#"), max_size=30))
def test_a_cell_shows_the_name_as_it_is(name):
    """As another library reads it: the one cell of a table's one row."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    (cell,) = re.findall(r"<td>(.*)</td>", reader.render(f"| head |\n|--|\n| x{markdown(name)}x |\n"))
    assert html.unescape(cell) == f"x{' '.join(name.split())}x"

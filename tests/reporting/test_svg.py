"""Line charts as inline SVG."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastetune.reporting.svg import COLOURS, Axis, Series, chart


def test_places_are_shares_of_the_axis():
    assert Axis("x", 0, 10).place(2.5) == 0.25
    assert Axis("x", 1, 10_000, log=True).place(100) == pytest.approx(0.5)


def test_ticks_are_round():
    assert [text for _, text in Axis("x").ticks()] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [text for _, text in Axis("x", 0.71, 0.84).ticks()] == [
        "0.72",
        "0.74",
        "0.76",
        "0.78",
        "0.80",
        "0.82",
        "0.84",
    ]
    assert [value for value, _ in Axis("x", 50, 2e6, log=True).ticks()] == [100, 1e3, 1e4, 1e5, 1e6]


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_ticks_lie_on_the_axis_and_are_few(low, width):
    axis = Axis("x", low, low + width)
    places = [axis.place(value) for value, _ in axis.ticks()]
    assert 1 <= len(places) <= 8
    assert all(-1e-6 <= place <= 1 + 1e-6 for place in places)


def test_a_chart_is_well_formed_whatever_the_names():
    line = Series('<b>"R&D"', [(0, 0), (1, 1)], [(0, 0.1), None], dots=True)
    root = ET.fromstring(str(chart("a & b", Axis("x"), Axis("y"), [line], diagonal=True)))
    group = root.find("g")
    assert group.get("data-series") == '<b>"R&D"'
    assert len(group.findall("circle")) == 2
    assert len(group.findall("path")) == 2  # the line, and the one interval there is


def test_colours_repeat_dashed_and_a_line_without_points_keeps_its_own():
    lines = [Series(f"{n}", [(0, 0), (1, 1)] if n else []) for n in range(COLOURS + 1)]
    classes = [group.get("class") for group in ET.fromstring(str(chart("c", Axis("x"), Axis("y"), lines))).findall("g")]
    assert classes[0] == "series series-1"
    assert classes[-1] == "series series-0 dashed"

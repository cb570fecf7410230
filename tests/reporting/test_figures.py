"""Curves as inline SVG: what matplotlib drew, left to a page's style and legend."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastetune.evaluation.learning_curve import COSTS
from tastetune.reporting import cost_panels
from tastetune.reporting.figures import PALETTE, label
from tastetune.reporting.plots import learning_curve_charts, reliability_chart, roc_chart


def model(name, roc=(), reliability=()):
    bins = [{"n": 1, "mean_probability": x, "share_liked": y} for x, y in reliability]
    return {"model": name, "roc": [list(point) for point in roc], "reliability": bins}


def estimate(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def curve(costs, values, *, kind="adapter", name="sft", ends=((None, None),) * 9):
    points = [
        {"model": f"{name}-{k}", "examples": cost, "seconds": None, "flops": None, "roc_auc": estimate(v, *of)}
        for k, (cost, v, of) in enumerate(zip(costs, values, ends, strict=False))
    ]
    return {"name": name, "kind": kind, "points": points}


def parsed(chart):
    return ET.fromstring(str(chart))


def series(root, name):
    return [group for group in root.iter("g") if group.get("data-series") == name]


def points(path):
    return [tuple(map(float, point)) for point in re.findall(r"[ML] (\S+) (\S+)", path.get("d", ""))]


def texts(root):
    return [text.text for text in root.iter("text")]


def test_places_are_shares_of_the_axis():
    """(0.25, 0.5) lies a quarter and half of the way from (0, 0) to (1, 1)."""
    root = parsed(roc_chart([model("a", [(0, 0), (0.25, 0.5), (1, 1)])]))
    (x0, y0), (x, y), (x1, y1) = points(series(root, "a")[0].find("path"))
    assert (x - x0) / (x1 - x0) == pytest.approx(0.25, abs=1e-3)
    assert (y - y0) / (y1 - y0) == pytest.approx(0.5, abs=1e-3)
    assert y1 < y0  # up


def test_costs_lie_by_powers_of_ten():
    """100 lies in the middle of 1 and 10,000."""
    (chart,) = learning_curve_charts({"curves": [curve([1, 100, 10_000], [0.5, 0.6, 0.7])]})
    lines = [path for group in series(parsed(chart), "sft") for path in group.findall("path")]
    (x0, _), (x, _), (x1, _) = next(points(line) for line in lines if len(points(line)) == 3)
    assert (x - x0) / (x1 - x0) == pytest.approx(0.5, abs=1e-3)


def test_ticks_are_round():
    tenths = ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert texts(parsed(roc_chart([model("a")]))) == [
        *tenths,
        "Share of dislikes answered Yes",
        *tenths,
        "Share of likes answered Yes",
    ]
    (chart,) = learning_curve_charts({"curves": [curve([50, 2e6], [0.71, 0.84])]})
    shown = texts(parsed(chart))
    at = shown.index("Labels learnt from")
    assert shown[:at] == ["100", "1k", "10k", "100k", "1M"]
    assert shown[at + 1 :] == ["0.72", "0.74", "0.76", "0.78", "0.80", "0.82", "0.84", "ROC-AUC"]


def test_costs_of_less_than_two_powers_of_ten_have_ticks_between_them():
    (chart,) = learning_curve_charts({"curves": [curve([6_000, 32_000], [0.71, 0.84])]})
    assert texts(parsed(chart))[:2] == ["10k", "20k"]


@settings(deadline=None, max_examples=10)
@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_ticks_lie_on_the_axis_and_are_few(low, width):
    (chart,) = learning_curve_charts({"curves": [curve([1, 10], [low, low + width])]})
    root = parsed(chart)
    ys = [float(text.get("y")) for text in root.iter("text") if "end" in text.get("style", "")]
    assert 1 <= len(ys) <= 12
    assert all(0 <= y <= 400 for y in ys)
    assert root.get("viewBox") == "0 0 460 400"


def test_a_chart_is_well_formed_whatever_the_names():
    name = '<b>"R&D" $\\foo$\nof_$x$</b>'
    root = parsed(reliability_chart([model(name, reliability=[(0.2, 0.1), (0.4, 0.5)])]))
    (group,) = series(root, name)
    assert group.find("title").text == name
    assert len(list(group.iter("use"))) == 2  # a dot a point
    assert root.get("aria-label") == "Reliability: probability against share liked"
    ends = [(0.4, 0.7), (None, None)]
    (chart,) = learning_curve_charts({"curves": [curve([1, 10], [0.5, 0.6], name=name, ends=ends)]})
    bars, line = ([path for path in group.findall("path") if points(path)] for group in series(parsed(chart), name))
    assert (len(bars), len(line)) == (1, 1)  # the one interval there is, and the line


def test_colours_repeat_dashed_and_a_line_without_points_keeps_its_own():
    lines = [model(f"{n}", [(0, 0), (1, 1)] if n else []) for n in range(len(PALETTE) + 1)]
    root = parsed(roc_chart(lines))
    drawn = {group.get("data-series"): group for group in root.iter("g") if group.find("path") is not None}
    assert drawn["1"].get("class") == "series series-1"
    assert "var(--c1)" in drawn["1"].find("path").get("style")
    last = drawn[f"{len(PALETTE)}"]
    assert last.get("class") == "series series-0 dashed"
    assert "dasharray" in last.find("path").get("style")
    assert "0" not in drawn


def test_a_page_chooses_colours_and_fonts():
    """Every colour is a variable of its style; nothing is fetched from anywhere."""
    text = str(roc_chart([model("a", [(0, 0), (1, 1)])]))
    assert not re.findall(r"#[0-9a-f]{6}", text)
    assert "font" not in text
    assert not re.findall(r"<style|<metadata|url\(|xmlns|https?:", text)


def test_a_curve_that_begins_at_no_cost_has_its_place_for_it():
    (chart,) = learning_curve_charts({"curves": [curve([0, 100, 1000], [0.5, 0.6, 0.7])]})
    shown = texts(parsed(chart))
    assert shown[: shown.index("Labels learnt from")] == ["0", "100", "1k"]


def test_what_is_passed_is_named_beside_the_curve_and_hidden_with_it():
    passes = [{"curve": "sft", "other": "<svd>", "model": "sft-1"}]
    (chart,) = learning_curve_charts({"curves": [curve([1, 10], [0.5, 0.6])], "passes": passes})
    notes = [text for group in series(parsed(chart), "sft") for text in group.iter("text")]
    assert [note.text for note in notes] == ["past <svd>"]


def test_a_cost_that_nobody_knows_has_no_chart():
    assert learning_curve_charts({"curves": [curve([None, None], [0.5, 0.6])]}) == []
    level = curve([None], [0.6], kind="trivial", name="mean")
    assert len(learning_curve_charts({"curves": [level, curve([1, 10], [0.5, 0.6])]})) == 1


def test_the_same_curves_give_the_same_chart():
    models = [model("a", [(0, 0), (1, 1)])]
    assert roc_chart(models) == roc_chart(models)


def test_ids_are_unlike_in_two_charts_of_one_page():
    models = [model("a", [(0, 0), (1, 1)], [(0.2, 0.1)])]
    found = re.findall(r' id="([^"]*)"', str(roc_chart(models)) + str(reliability_chart(models)))
    assert found
    assert len(found) == len(set(found))


def test_each_metric_has_its_charts_and_only_the_first_says_what_is_passed():
    line = curve([1, 10], [0.5, 0.6])
    line["points"] = [point | {"uauc": estimate(0.7), "tokens": 9 * point["examples"]} for point in line["points"]]
    passes = [{"curve": "sft", "other": "svd", "model": "sft-1"}]
    charts = [parsed(chart) for chart in learning_curve_charts({"curves": [line], "passes": passes})]
    assert [(chart.get("aria-label"), "past svd" in texts(chart)) for chart in charts] == [
        ("ROC-AUC against labels learnt from", True),
        ("ROC-AUC against tokens read in training", True),
        ("UAUC against labels learnt from", False),
        ("UAUC against tokens read in training", False),
    ]


def test_the_costs_of_a_curve_have_their_axes():
    assert tuple(cost_panels.COSTS) == COSTS


def test_a_label_is_one_line_and_not_too_long():
    assert label("a\nb  c") == "a b c"
    assert label("x" * 50) == "x" * 39 + "…"
    assert label("x" * 40) == "x" * 40

"""Plots are PNGs; what they show is looked at by people."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scored import make_scored

from tastetune.artifacts.predictions import find_predictions, read_predictions
from tastetune.evaluation.scoring import score
from tastetune.reporting import plots
from tastetune.reporting.figures import PALETTE
from tastetune.tasks import TASKS


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    rows = TASKS["like_dislike"].rows(make_scored(folder), "test")
    return score(rows, [read_predictions(p) for p in find_predictions([folder / "predictions"])], resamples=20)


def pixels(png):
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def colours(png):
    return {tuple(colour) for colour in pixels(png).reshape(-1, 3)}


def rgb(colour):
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def test_every_kind_of_model_has_its_colour(scores):
    found = colours(plots.leaderboard(scores))
    assert {rgb(plots.COLOURS[kind]) for kind in ("trivial", "recbole", "adapter")} <= found
    assert rgb(plots.COLOURS["base"]) not in found


def test_more_models_make_a_taller_plot(scores):
    one = scores | {"models": scores["models"][:1]}
    assert pixels(plots.leaderboard(one)).shape[0] < pixels(plots.leaderboard(scores)).shape[0]


def test_curves_are_drawn_for_those_that_have_them(scores):
    first = [model | {"roc": [], "reliability": []} for model in scores["models"][:1]]
    bare = colours(plots.roc_and_reliability(scores | {"models": first}))
    assert {rgb(colour) for colour in PALETTE[:4]} <= colours(plots.roc_and_reliability(scores))
    assert rgb(PALETTE[1]) not in bare


def longest_line(picture):
    """The most pixels side by side in one row that are not white."""
    rows = np.pad(is_white(picture), ((0, 0), (1, 1)), constant_values=True)
    return max(np.diff(np.flatnonzero(row)).max() - 1 for row in rows)


def is_white(picture):
    return (picture > 250).all(axis=2)


def test_a_model_without_probabilities_leaves_the_panels_their_room(scores):
    """Of 1,650 pixels in width each of the two panels has more than 600, and so long is its axis."""
    models = [model | {"reliability": [], "roc": []} for model in scores["models"][:1]] + scores["models"][1:]
    assert longest_line(pixels(plots.roc_and_reliability(scores | {"models": models}))) > 600


def test_a_legend_of_long_names_is_not_cut_off(scores):
    """Ten names of forty characters in six columns would be wider than the picture; its edges stay white."""
    models = [model | {"model": f"{number} {'a-long-name-' * 3}"} for number, model in enumerate(2 * scores["models"])]
    white = is_white(pixels(plots.roc_and_reliability(scores | {"models": models[:10]})))
    assert white[:, :4].all()
    assert white[:, -4:].all()


def test_the_same_scores_give_the_same_bytes(scores):
    assert plots.leaderboard(scores) == plots.leaderboard(scores)


def test_a_metric_that_nobody_has_makes_an_empty_plot(scores):
    nothing = {"value": None, "low": None, "high": None}
    models = [model | {"metrics": {"roc_auc": nothing}} for model in scores["models"]]
    assert pixels(plots.leaderboard(scores | {"models": models})).ndim == 3


@pytest.mark.filterwarnings("error")
def test_a_name_is_no_mathematics_and_pushes_no_plot_aside(scores):
    names = ("$\\foo$ $x$ $", "two\nlines", "x" * 300, "<b>R&D</b>", "_hidden")
    models = [model | {"model": name} for model, name in zip(scores["models"], names, strict=True)]
    for draw in (plots.leaderboard, plots.roc_and_reliability):
        assert pixels(draw(scores | {"models": models})).shape == pixels(draw(scores)).shape


def test_a_name_that_begins_with_an_underscore_is_in_the_legend(scores):
    """Matplotlib would leave it out of one that it makes by itself."""
    one = {"models": scores["models"][:1]}
    hidden = {"models": [scores["models"][0] | {"model": "_hidden"}]}
    nameless = {"models": [scores["models"][0] | {"model": "_"}]}
    drawn = [plots.roc_and_reliability(scores | models) for models in (one, hidden, nameless)]
    assert len(set(drawn)) == 3


def test_a_cost_that_nobody_knows_leaves_a_panel_with_level_lines(scores):
    found = {"value": 0.6, "low": None, "high": None}
    point = {"model": "sft", "examples": None, "seconds": None, "flops": None, "roc_auc": found}
    curves = [
        {"name": name, "kind": kind, "points": [point]} for name, kind in (("sft", "adapter"), ("mean", "trivial"))
    ]
    curve = {"dataset": scores["dataset"], "bootstrap": scores["bootstrap"], "curves": curves, "passes": []}
    drawn = colours(plots.learning_curve(curve))
    assert rgb(PALETTE[1]) in drawn
    assert rgb(PALETTE[0]) not in drawn  # the adapter has no place

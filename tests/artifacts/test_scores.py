"""scores.json as it is read: whole, or refused with the place of the fault."""

import json
from typing import get_args

import pytest
from scored import make_scored

from tastetune.artifacts.predictions import KINDS, find_predictions, find_validation, read_predictions
from tastetune.artifacts.scores import read_scores
from tastetune.artifacts.scores_schema import Kind
from tastetune.errors import InputError
from tastetune.evaluation.scoring import score
from tastetune.files import unfinished
from tastetune.reporting.views import VIEWS
from tastetune.tasks import TASKS


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    rows, paths = TASKS["like_dislike"].rows(make_scored(folder), "test"), find_predictions([folder / "predictions"])
    validation = [read_predictions(path) for path in find_validation(paths)]
    return score(rows, [read_predictions(p) for p in paths], validation=validation, resamples=20, home=folder)


@pytest.fixture
def read(tmp_path):
    """Writes scores, or a text, and reads them."""

    def written(content):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "scores.json").write_text(text, encoding="utf-8")
        return read_scores(tmp_path / "scores.json", VIEWS)

    return written


def changed(scores, place, value=None):
    """A copy with another value under the last key of `place`, or without that key."""
    copy = json.loads(json.dumps(scores))
    *before, last = place
    part = copy
    for key in before:
        part = part[key]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return copy


def test_what_was_scored_is_read_as_it_was(scores, read):
    assert read(scores) == json.loads(json.dumps(scores))


def test_whole_numbers_are_numbers_and_more_keys_may_be_there(scores, read):
    assert read(changed(scores, ["models", 0, "metrics", "roc_auc", "value"], 1)) != scores
    assert read(scores | {"note": "added by hand"})["note"] == "added by hand"


@pytest.mark.parametrize(("text", "message"), [("{", "not a whole JSON file"), ("[]", "'dataset' is missing")])
def test_scores_that_are_none(read, text, message):
    with pytest.raises(InputError, match=message):
        read(text)


def test_scores_beside_files_of_another_run_are_refused(scores, read, tmp_path):
    read(scores)
    with pytest.raises(OSError, match="killed"), unfinished(tmp_path / "scores.json"):
        raise OSError("killed")
    with pytest.raises(InputError, match=r"scores\.json: its writing was cut off, .*; score anew"):
        read(scores)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"scores\.json: no such file; write one with scripts/score\.py"):
        read_scores(tmp_path / "scores.json", VIEWS)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["models", 0, "metrics", "roc_auc", "value"], "0.9", "models[0].metrics.roc_auc.value is '0.9', expected a v"),
        (["models", 1, "metrics", "roc_auc", "low"], None, "key 'models[1].metrics.roc_auc.low' is missing"),
        (["models", 1, "metrics", "uauc"], None, "key 'models[1].metrics.uauc' is missing"),
        (["models", 0, "metrics", "f1", "high"], True, "models[0].metrics.f1.high is True, expected a valid number"),
        (
            ["models", 2, "kind"],
            "magic",
            "models[2].kind is 'magic', expected 'trivial', 'recbole', 'text', 'stack', 'base'",
        ),
        (["models", 2, "against"], ["x" * 99], "models[2].against is ['xxx"),
        (["models", 1, "slices", "item:warm"], None, "key 'models[1].slices.item:warm' is missing"),
        (["models", 3, "roc", 0], [0.5], "models[3].roc[0] is [0.5], List should have at least 2 items"),
        (["bootstrap", "level"], None, "key 'bootstrap.level' is missing"),
        (["dataset", "users"], 3.5, "dataset.users is 3.5, expected a valid integer"),
        (["dataset"], "made", "no models of like_dislike or top_n in it"),
        (["dataset", "config"], "stars", "no models of like_dislike or top_n in it"),
        (["models"], [], "no models of like_dislike or top_n in it"),
        (["models"], "none", "models is 'none', expected a list"),
        (["reference"], "svd", "reference 'svd' is not among its models: sft-500, "),
        (["models", 1, "model"], "sft-500", "model 'sft-500' stands in it twice"),
        (["learning_curve"], {"curves": [{"name": "sft"}]}, "key 'learning_curve.curves[0].kind' is missing"),
        (["probes"], [{}], "key 'probes[0].dataset' is missing"),
    ],
)
def test_a_fault_is_told_with_its_place(scores, read, place, value, message):
    with pytest.raises(InputError) as refused:
        read(changed(scores, place, value))
    assert message in str(refused.value)


def test_half_an_interval_is_none(scores, read):
    half = {"value": 0.5, "low": 0.4, "high": None}
    with pytest.raises(InputError, match=r"models\[0\]\.metrics\.f1 is .*, expected both ends of an interval"):
        read(changed(scores, ["models", 0, "metrics", "f1"], half))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("place", [["models", 0, "metrics", "f1", "value"], ["models", 0, "settings", "rate"]])
def test_what_is_no_number_in_json_is_refused(scores, read, number, place):
    text = json.dumps(changed(scores, place, "HERE")).replace('"HERE"', number)
    with pytest.raises(InputError, match=r"models\[0\]\.\w+.* is -?(nan|inf), expected a finite number"):
        read(text)


def test_a_film_may_be_called_infinity(scores, read):
    assert read(changed(scores, ["rows", "sample", 0, "prompt"], "Avengers: Infinity War, NaN"))


def test_the_kinds_are_those_of_predictions():
    assert get_args(Kind) == KINDS

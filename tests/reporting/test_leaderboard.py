"""scores -> the leaderboard."""

import re

import pytest
from scored import make_scored

from tastetune.artifacts.predictions import read_predictions
from tastetune.evaluation.scoring import score
from tastetune.reporting import leaderboard as cards
from tastetune.tasks.answers import find_predictions, read_rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("scored")


@pytest.fixture(scope="module")
def scores(folder):
    rows = read_rows(make_scored(folder), "test")
    predictions = [read_predictions(path) for path in find_predictions([folder / "predictions"])]
    return score(rows, predictions, resamples=50, home=folder)


def tables(markdown):
    """Each table as a list of rows, a row as a dict by column."""
    blocks = re.findall(r"(?:^\|.*\n)+", markdown, flags=re.MULTILINE)
    found = []
    for block in blocks:
        cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in block.splitlines()]
        assert all(len(line) == len(cells[0]) for line in cells[2:]), block
        found.append([dict(zip(cells[0], line, strict=True)) for line in cells[2:]])
    return found


def as_shown(scores, model, metric):
    estimate = next(found for found in scores["models"] if found["model"] == model)["metrics"][metric]
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def test_the_leaderboard_shows_every_model_in_order_with_its_figures(scores):
    first = tables(cards.leaderboard(scores))[0]
    assert [line["Model"] for line in first] == [model["model"] for model in scores["models"]]
    for line in first:
        for title, metric in (("ROC-AUC", "roc_auc"), ("F1", "f1"), ("Precision", "precision")):
            assert line[title] == as_shown(scores, line["Model"], metric)
    assert next(line for line in first if line["Model"] == "user_item_mean")["Against user_item_mean"] == "–"


def test_the_leaderboard_says_what_was_scored(scores):
    text = cards.leaderboard(scores)
    dataset = scores["dataset"]
    assert f"{dataset['n']} rows of 40 users" in text
    assert f"{100 * dataset['base_rate']:.1f}% likes" in text
    assert dataset["fingerprint"] in text
    assert "the scores are not stars (RMSE, MAE of" in text
    assert scores["command"] in text


def test_what_a_history_holds_is_said(scores):
    settings = scores["dataset"]["settings"] | {"history": "prior", "protocol": "per_user"}
    prior = scores | {"dataset": scores["dataset"] | {"settings": settings}}
    assert "earlier test ratings included" in cards.leaderboard(prior)
    assert "earlier test ratings included" not in cards.leaderboard(scores)


def test_without_a_reference_no_column_compares(scores):
    alone = scores | {"reference": None, "models": [m | {"against": {}} for m in scores["models"]], "seeds": []}
    text = cards.leaderboard(alone)
    assert "Against" not in text
    assert "Several seeds" not in text
    assert len(tables(text)) == 2


def test_a_bar_in_a_name_ends_no_cell(scores):
    renamed = scores | {"models": [m | {"model": "a|b"} for m in scores["models"][:1]]}
    assert "| a\\|b |" in cards.leaderboard(renamed)

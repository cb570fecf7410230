"""scores -> the leaderboard and a model card."""

import re

import pytest
import yaml
from huggingface_hub import ModelCard
from scored import make_scored

from tastetune import cards
from tastetune.answers import find_predictions, read_rows
from tastetune.errors import InputError
from tastetune.evaluate import score
from tastetune.predictions import read_predictions


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("scored")


@pytest.fixture(scope="module")
def scores(folder):
    rows = read_rows(make_scored(folder), "test")
    predictions = [read_predictions(path) for path in find_predictions([folder / "predictions"])]
    return score(rows, predictions, resamples=50, home=folder)


@pytest.fixture(scope="module")
def card(folder, scores):
    return ModelCard(cards.model_card(scores, folder / "adapter", folder))


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


def test_the_cards_metadata(scores, card):
    data = card.data.to_dict()
    assert data["library_name"] == "peft"
    assert data["base_model"] == "meta-llama/Llama-3.2-1B-Instruct"
    assert data["datasets"] == ["made"]
    assert data["pipeline_tag"] == "text-generation"
    assert data["license"] == "llama3.2"
    assert "lora" in data["tags"]


def test_the_model_index_holds_the_scores_of_the_adapter_and_its_checkpoints(scores, card):
    found = {result.metric_name: result.metric_value for result in card.data.eval_results}
    value = {model["model"]: model["metrics"]["roc_auc"]["value"] for model in scores["models"]}
    assert found["ROC-AUC"] == value["sft-500"]
    assert found["ROC-AUC (sft-100)"] == value["sft-100"]
    assert len(found) == 10


def test_the_card_tells_recipe_commands_and_versions(card):
    text = card.text
    recipe = yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, flags=re.DOTALL).group(1))
    assert recipe == {"learning_rate": 5e-5, "output_dir": "adapter"}
    assert "python predict.py recipes/ml1m.yaml --adapter adapter" in text
    assert "500 steps, 32,000 examples, 12 s, 1e+12 FLOPs" in text
    assert re.search(r"Versions: python 3\S+, tastetune", text)


def test_the_card_holds_neither_local_paths_nor_tokens(folder, card):
    assert str(folder) not in str(card)
    assert "hf_x" not in str(card)


def test_a_stand_in_is_called_one(folder, scores):
    models = [m | {"settings": m["settings"] | {"stand_in": True}} for m in scores["models"]]
    card = cards.model_card(scores | {"models": models}, folder / "adapter", folder)
    assert "say nothing of Llama 3.2" in card
    assert ModelCard(card).data.license == "other"
    assert "stand-in" not in cards.model_card(scores, folder / "adapter", folder)


def test_a_folder_of_which_nothing_was_scored(folder, scores):
    with pytest.raises(InputError, match=r"theirs: adapter, adapter/checkpoint-100"):
        cards.model_card(scores, folder / "adap", folder)

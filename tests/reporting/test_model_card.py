"""scores -> an adapter's model card."""

import copy
import re

import pytest
import yaml
from huggingface_hub import ModelCard
from made_lists import make_lists
from scored import make_scored

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.list_table import ListLine, list_table
from tastetune.artifacts.predictions import Meta, Predictions, find_predictions, read_predictions
from tastetune.errors import InputError
from tastetune.evaluation.scoring import score
from tastetune.reporting.model_card import model_card
from tastetune.reporting.verdict import verdict
from tastetune.tasks import TASKS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("scored")


@pytest.fixture(scope="module")
def scores(folder):
    rows = TASKS["like_dislike"].rows(make_scored(folder), "test")
    predictions = [read_predictions(path) for path in find_predictions([folder / "predictions"])]
    return score(rows, predictions, resamples=50, home=folder)


@pytest.fixture(scope="module")
def card(folder, scores):
    return ModelCard(model_card(scores, folder / "adapter", folder))


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
    assert found["UAUC"] == next(m for m in scores["models"] if m["model"] == "sft-500")["metrics"]["uauc"]["value"]
    assert len(found) == 12  # six metrics of two models


def test_the_card_tells_recipe_commands_and_versions(card):
    text = card.text
    recipe = yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, flags=re.DOTALL).group(1))
    assert recipe == {"learning_rate": 5e-5, "output_dir": "adapter"}
    assert text.count("python predict.py recipes/ml1m.yaml --adapter adapter") == 1  # of an adapter and its checkpoint
    assert "500 steps, 32,000 examples, 12 s, 1e+12 FLOPs" in text
    assert re.search(r"Versions: python 3\S+, tastetune", text)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"stream_item_tokens": "none"}, (True, False, False, False, False)),
        ({"stream_item_tokens": "svd"}, (True, True, False, False, False)),
        ({"stream_item_tokens": "svd", "stream_item_text": False}, (False, False, True, False, False)),
        ({"stream_item_tokens": "svd", "stream_estimates": True}, (True, True, False, True, True)),
    ],
)
def test_the_card_of_streams_says_how_a_line_names_its_item(folder, scores, settings, said):
    scores = copy.deepcopy(scores)
    past = {"least": 3, "median": 25.0, "most": 39}
    for model in scores["models"]:
        model["settings"] |= settings | {"dataset_config": "stream", "past": past}
    text = model_card(scores, folder / "adapter", folder)
    assert "shown 3 to 39, median 25 earlier ratings." in text
    words = (
        "the target's line up to its colon.",
        "a token of the title's own, `<|item:ID|>`",
        "is a dash, the time if lines tell it, and `<|only:ID|>`",
        "stands what other users' ratings lead to expect",
        "Each question tells what a recommender expects",
    )
    assert tuple(word in text for word in words) == said


def test_the_card_says_the_verdict_before_its_figures(scores, card):
    sentences = verdict(scores)
    assert sentences
    assert all(card.text.index(f"- {sentence}\n") < card.text.index("| Model |") for sentence in sentences)


def test_the_card_carries_the_acknowledgement_that_the_ratings_ask_for(folder, scores, card):
    assert "## Acknowledgement" not in card.text
    settings = scores["dataset"]["settings"] | {"citation": "F. Maxwell Harper and Joseph A. Konstan. 2015."}
    cited = model_card(scores | {"dataset": scores["dataset"] | {"settings": settings}}, folder / "adapter", folder)
    assert "## Acknowledgement\n\nThe ratings: F. Maxwell Harper and Joseph A. Konstan. 2015.\n" in cited


def test_the_card_holds_neither_local_paths_nor_tokens(folder, card):
    assert str(folder) not in str(card)
    assert "hf_x" not in str(card)


def test_a_stand_in_is_called_one(folder, scores):
    models = [m | {"settings": m["settings"] | {"stand_in": True}} for m in scores["models"]]
    card = model_card(scores | {"models": models}, folder / "adapter", folder)
    assert "say nothing of Llama 3.2" in card
    assert ModelCard(card).data.license == "other"
    assert "stand-in" not in model_card(scores, folder / "adapter", folder)


def test_a_base_model_out_of_a_gguf_file_is_called_one(folder, scores):
    origin = {"imported_from": "a*b.gguf, Q4_1, sha256 00ff"}
    models = [m | {"settings": m["settings"] | origin} for m in scores["models"]]
    card = model_card(scores | {"models": models}, folder / "adapter", folder)
    assert "as exact as they were in it: a\\*b.gguf, Q4_1, sha256 00ff." in card
    assert "GGUF" not in model_card(scores, folder / "adapter", folder)


def test_the_card_names_the_dataset_that_it_was_trained_on_if_it_is_another(folder, scores, card):
    assert "Trained and scored with tastetune" in card.text
    elsewhere = {"dataset": "log", "fingerprint": "0123456789abcdef0123"}
    models = [m | {"settings": m["settings"] | elsewhere} for m in scores["models"]]
    other = ModelCard(model_card(scores | {"models": models}, folder / "adapter", folder))
    assert "Trained on `log, fingerprint 0123456789abcdef`, and scored with tastetune" in other.text
    assert "on another dataset than the one scored here: log, fingerprint 0123456789abcdef." in other.text
    assert other.data.datasets == ["log"]


def test_a_folder_of_which_nothing_was_scored(folder, scores):
    with pytest.raises(InputError, match=r"theirs: adapter, adapter/checkpoint-100"):
        model_card(scores, folder / "adap", folder)


def card_of_lists(folder, settings):
    """The card of an adapter that gives everybody the gold list, beside its silent base model."""
    (folder / "adapter").mkdir()
    rows = TASKS["top_n"].rows(open_dataset(make_lists(folder / "data")), "test")
    known = {"dataset": rows.dataset.name, "config": "top_n", "split": "test", "fingerprint": rows.dataset.fingerprint}
    known |= {"base_model": "meta-llama/Llama-3.2-1B-Instruct", "settings": settings}
    tuned = Meta(model="sft-free", kind="adapter", adapter=str(folder / "adapter"), training={"steps": 438}, **known)
    gold = {
        row: [ListLine(item) for item in items]
        for row, items in zip(rows.example_ids, rows.table["gold"].to_pylist(), strict=True)
    }
    silent = Predictions(
        Meta(model="zero-shot-free", kind="base", **known), list_table({row: [] for row in rows.example_ids})
    )
    scores = score(rows, [Predictions(tuned, list_table(gold)), silent], resamples=20, home=folder)
    return ModelCard(model_card(scores, folder / "adapter", folder))


@pytest.fixture(scope="module")
def list_card(tmp_path_factory):
    return card_of_lists(tmp_path_factory.mktemp("lists"), {"mode": "free", "dataset_config": "top_n"})


def test_the_card_of_lists_says_what_the_model_reads(list_card, tmp_path):
    past = {"least": 3, "median": 25.0, "most": 39}
    stream = card_of_lists(tmp_path, {"mode": "stream_ranked", "dataset_config": "stream_top_n", "past": past})
    written = (
        "reads a user's ten favourites and writes",
        "chat messages for the model's own",
        "A title written freely",
    )
    ranked = (
        "reads a user's earlier ratings and says",
        "behind 3 to 39, median 25 earlier ratings",
        "likes and dislikes",
    )
    assert [text in list_card.text for text in (*written, *ranked)] == [True] * 3 + [False] * 3
    assert [text in stream.text for text in (*written, *ranked)] == [False] * 3 + [True] * 3


def test_the_card_of_lists_has_their_metrics(list_card):
    found = {result.metric_name: result.metric_value for result in list_card.data.eval_results}
    assert list(found) == ["P@3", "P@5", "P@10", "NDCG@10", "MRR", "MAP"]
    assert found["P@3"] == 1
    assert list_card.data.license == "llama3.2"
    assert "| sft-free | ./ | free | 1.000 [1.000, 1.000] |" in list_card.text
    assert "| zero-shot-free | base | 0.000 [0.000, 0.000] |" in list_card.text
    assert "438 steps" in list_card.text


def test_the_card_of_lists_shows_what_was_published_apart(list_card, card):
    published = list_card.text[list_card.text.index("## Published") :]
    assert "| profileData50 | GPT-4o mini, fine-tuned | 0.4284 | 0.5981 | 0.2780 |" in published
    assert "| profileData60 | GPT-4o mini, fine-tuned | 0.4184 | – | – |" in published
    assert "not comparable row by row" in published
    assert "Published" not in card.text

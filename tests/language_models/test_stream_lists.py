"""Lists from streams: every item asked behind a user's past, as if each were asked by itself."""

import numpy as np
import pytest
from documents import ROOT
from made_lists import make_futures, make_lists
from made_model import make_tiny_model
from stages import script
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.list_table import lists_of
from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.probabilities import yes_probabilities
from tastetune.tasks import TASKS

TASK, ANSWERER = TASKS["stream_top_n"], ANSWERERS["stream_top_n"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_futures(tmp_path_factory.mktemp("futures") / "data"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = make_tiny_model(tmp_path_factory.mktemp("model"), layers=2)
    return LanguageModel(AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder))


def asked_alone(tiny, prompt, items):
    """By item id P(Yes) behind the whole prompt, the question written out."""
    prompts = [f'{prompt}- "{item["title"]}":' for item in items]
    shares, _ = yes_probabilities(tiny.model, tiny.tokenizer, prompts, 2000)
    return {item["item_id"]: share for item, share in zip(items, shares[:, 1], strict=True)}


def test_a_list_is_the_catalogue_by_what_each_item_has_when_it_is_asked_alone(dataset, tiny):
    """20 items, 6 of them in the past: the other 14, by P(Yes), ties by item id."""
    rows = TASK.rows(dataset, "test")
    lists = lists_of(ANSWERER.answer(tiny, rows, Asking("stream_ranked")).table)
    items = dataset.read("items", "train").to_pylist()
    for prompt, row in zip(rows.task.prompts(rows), rows.table.to_pylist(), strict=True):
        alone = asked_alone(tiny, prompt, [item for item in items if item["item_id"] not in row["past"]])
        lines = lists[row["example_id"]]
        assert {line.item_id for line in lines} == alone.keys()
        np.testing.assert_allclose([line.score for line in lines], [alone[line.item_id] for line in lines], atol=1e-5)
        assert [line.score for line in lines] == sorted((line.score for line in lines), reverse=True)
    assert len({line.score for line in lines}) > 10, "items that all score alike would show nothing"


def test_a_prompt_tells_the_past_with_its_likes(dataset):
    rows = TASK.rows(dataset, "test")
    titles = {item["item_id"]: item["title"] for item in dataset.read("items", "train").to_pylist()}
    row = rows.table.to_pylist()[0]
    told = [
        f'- "{titles[item]}": {"Yes" if stars >= 4 else "No"}'
        for item, stars in zip(row["past"], row["past_ratings"], strict=True)
    ]
    assert TASK.prompts(rows)[0].splitlines()[2:] == told


def test_a_window_shows_the_last_of_the_past(dataset, tiny):
    """Four ratings a window: the three last of six, and the item that is asked."""
    rows = TASK.rows(dataset, "test")
    answered = ANSWERER.answer(tiny, rows, Asking("stream_ranked", windows=WindowLimits(ratings=4, min_past=1)))
    assert answered.notes["past"] == {"least": 3, "median": 3.0, "most": 3}
    head, lines = TASK.prompts(rows)[0].split("\n\n")
    shown = "".join(f"{line}\n" for line in lines.splitlines()[-3:])
    first = lists_of(answered.table)[rows.example_ids[0]][0]
    items = [item for item in dataset.read("items", "train").to_pylist() if item["item_id"] == first.item_id]
    assert asked_alone(tiny, f"{head}\n\n{shown}", items)[first.item_id] == pytest.approx(first.score, abs=1e-5)


def test_what_is_trained_on_is_every_rating_before_validation_and_none_later(dataset, tiny):
    rows = TASK.rows(dataset, "train")
    trained = ANSWERER.training_rows(tiny.tokenizer, rows, WindowLimits(), context=None, seed=0)
    known = dataset.read("interactions", "train")
    assert sum(trained["answers"]) == len(known)
    assert max(known["timestamp"].to_pylist()) < dataset.info["settings"]["validation_from"]
    assert len(TASK.training_table(dataset, "train")) == len(known)


def test_lists_without_a_past_are_no_stream(tmp_path):
    with pytest.raises(InputError, match="its rows hold favourites and no past to read as a stream"):
        TASK.rows(open_dataset(make_lists(tmp_path / "data")), "test")


def test_a_list_asks_for_every_item_and_tells_no_estimates(dataset, tmp_path):
    recipe = tmp_path / "estimates.yaml"
    recipe.write_text(
        f"base: {ROOT}/recipes/quickstart/future_stream.yaml\nrun_dir: {tmp_path}/run\ndataset_name: {dataset.folder}\n"
        f"model_name_or_path: {make_tiny_model(tmp_path / 'model', layers=1)}\n"
        "stream_item_tokens: als\nstream_estimates: true\n"
    )
    with pytest.raises(SystemExit, match="stream_estimates: stream_top_n asks for every item, without any"):
        script("scripts/sft.py", recipe)

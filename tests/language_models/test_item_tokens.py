"""One token an item, beside its text or in its place: it is learnt, kept and found again, and nothing else changes."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from documents import ROOT
from made_model import make_home
from peft import AutoPeftModelForCausalLM
from safetensors import safe_open
from sklearn.linear_model import Ridge
from stages import script
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.item_tokens.factors import Shrinkage, fitted_factors
from tastetune.language_models.item_tokens.starting import start_item_tokens
from tastetune.language_models.item_tokens.tokens import (
    add_vectors,
    item_token,
    item_tokens,
    stand_alone,
    told_tokens,
    vectors_of_items,
    with_item_tokens,
    with_item_tokens_of,
)
from tastetune.language_models.item_tokens.vectors import STARTS
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.streams.tokens import SpeltStreams
from tastetune.language_models.streams.training import IGNORED, token_rows
from tastetune.tasks import TASKS
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.streams.lines import Stream, read_streams

LIMITS = WindowLimits(ratings=9, min_past=3)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("home"), 12, 40)


def recipe(home, *lines):
    path = home / "items.yaml"
    path.write_text(
        f"base: {ROOT}/recipes/quickstart/stream.yaml\nrun_dir: {home}/run\ndataset_name: {home}/data\n"
        f"model_name_or_path: {home}/model\nstream_window: 9\nstream_min_past: 3\ndataset_train_split: train\n"
        "max_steps: 2\nsave_steps: 1\nwarmup_steps: 0\nstream_item_tokens: svd\n" + "\n".join(lines)
    )
    return path


@pytest.fixture(scope="module")
def trained(home):
    """The run's folder: two steps of training, and its answers to test."""
    script("scripts/sft.py", path := recipe(home))
    script("scripts/predict.py", path)
    return home / "run"


def ratings(*rows):
    return pa.Table.from_pylist([dict(zip(("user_id", "item_id", "rating"), row, strict=True)) for row in rows])


def test_an_items_token_is_one_token_and_other_texts_are_spelt_as_before(home):
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    longer = with_item_tokens(tokenizer, ["a", "7"])
    assert item_tokens(longer) == {"a": len(tokenizer), "7": len(tokenizer) + 1}
    text = '- "Film 1 (1999)":'
    before = tokenizer(text)["input_ids"]
    assert longer(text + item_token("7") + " Yes")["input_ids"][: len(before) + 1] == [*before, len(tokenizer) + 1]
    assert longer(text)["input_ids"] == before
    assert item_tokens(tokenizer) == {}  # a copy was made
    with pytest.raises(InputError, match=r"has tokens for items already"):
        with_item_tokens(longer, ["b"])


@pytest.mark.usefixtures("one_thread")
def test_room_for_vectors_changes_no_probability(home):
    model = AutoModelForCausalLM.from_pretrained(home / "model").eval()
    ids = torch.tensor([[5, 6, 7]])
    before = model(ids).logits
    tokens = before.shape[2]
    add_vectors(model, tokens + 3)
    assert model.get_input_embeddings().weight.shape[0] == tokens + 3
    assert torch.equal(model(ids).logits, before)  # none for an item's token, which is never an answer
    model(torch.tensor([[tokens + 2]]))


@pytest.mark.parametrize("start", ["als", "svd"])
def test_vectors_tell_what_is_liked_by_the_same_people(start):
    # Two users love a and b and hate c and d, two the other way round; everything else is equal. The one factor that
    # means leave is therefore +,+,-,-: a's vector has a cosine of 1 with b's, and of -1 with c's and d's.
    loved = [(f"u{user}", item, 5 if (item in "ab") == (user < 2) else 1) for user in range(4) for item in "abcd"]
    of = STARTS[start](ratings(*loved), 3, 0)
    cosine = torch.nn.functional.cosine_similarity
    near = [float(cosine(of["a"], of[item], dim=0)) for item in "bcd"]
    assert near == pytest.approx([1, -1, -1], abs=1e-5)


@pytest.mark.parametrize("start", sorted(STARTS))
def test_every_rated_item_gets_a_vector_and_the_seed_decides_which(start):
    table = ratings(("u", "b", 5), ("u", "a", 1), ("v", "a", 4), ("v", "c", 3))
    vectors = STARTS[start](table, 8, 0)
    assert list(vectors) == ["a", "b", "c"]
    assert all(vector.shape == (8,) and torch.isfinite(vector).all() for vector in vectors.values())
    again, other = STARTS[start](table, 8, 0), STARTS[start](table, 8, 1)
    assert all(torch.equal(vectors[item], again[item]) for item in vectors)
    assert not any(torch.equal(vectors[item], other[item]) for item in vectors)


@pytest.mark.parametrize("start", ["als", "svd"])
def test_one_user_of_one_item_has_a_vector_too(start):
    (vector,) = STARTS[start](ratings(("u", "a", 5)), 4, 0).values()
    assert torch.equal(vector, torch.zeros(4))  # there is nothing that it could be told from


def test_factors_that_are_fitted_to_ratings_are_those_of_ridge_regression():
    # Given the items' factors, a user's are the ridge regression of the user's ratings on them; scikit-learn's, too
    rng = np.random.default_rng(0)
    of_items, items = rng.normal(size=(6, 2)), np.array([0, 2, 3, 5, 1])
    users, values = np.array([0, 0, 0, 0, 1]), rng.normal(size=5)
    fitted = fitted_factors(users, items, of_items, values, Shrinkage(15.0, 0.05))
    for user, count in ((0, 4), (1, 1)):
        ridge = Ridge(alpha=15 + 0.05 * count, fit_intercept=False)
        ridge.fit(of_items[items[users == user]], values[users == user])
        assert fitted[user] == pytest.approx(ridge.coef_)


def test_an_item_that_is_told_has_a_token_with_its_answer_which_is_never_an_answer(home):
    dataset = open_dataset(home / "data")
    streams = TASKS["stream"].streams(TASKS["stream"].rows(dataset, "test"))
    missing = streams.items[0]
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    longer = with_item_tokens(tokenizer, sorted(set(streams.items) - {missing}), [" No", " Yes"])
    told, spelt = told_tokens(longer), SpeltStreams.of(longer, streams)
    assert len(told) == 2 * len(item_tokens(longer))
    assert vectors_of_items(longer) == list(range(len(tokenizer), len(longer)))
    lines = range(len(streams.questions))
    for line, item, answer, as_told in zip(lines, streams.items, streams.told, spelt.told_as, strict=True):
        plain = spelt.answers[answer]
        assert spelt.answer(line) == plain < len(tokenizer)
        assert as_told == (plain if item == missing else told[item, ("No", "Yes")[answer]])
    # A row to train on reads the one and learns the other
    (row,) = token_rows(spelt, spelt.passages(LIMITS, None)[:1])
    learnt = [(id_, label) for id_, label in zip(row["input_ids"], row["labels"], strict=True) if label != IGNORED]
    assert len(learnt) == row["answers"] > 0
    assert {label for _, label in learnt} <= set(spelt.answers)
    assert any(id_ in told.values() for id_, _ in learnt)


def test_the_vector_of_an_item_with_an_answer_starts_as_the_sum_of_both(home):
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    longer = with_item_tokens(tokenizer, ["a", "b"], [" No", " Yes"])
    model = AutoModelForCausalLM.from_pretrained(home / "model")
    start_item_tokens(model, longer, ratings(("u", "b", 5), ("u", "a", 1), ("v", "a", 4), ("v", "b", 3)), "svd", 0)
    weight, yes = model.get_input_embeddings().weight, longer(" Yes", add_special_tokens=False)["input_ids"][-1]
    assert torch.equal(weight[told_tokens(longer)["b", "Yes"]], weight[item_tokens(longer)["b"]] + weight[yes])


def test_an_item_without_a_token_is_asked_by_its_text_and_counted(home):
    dataset = open_dataset(home / "data")
    rows = TASKS["stream"].rows(dataset, "test")
    streams = TASKS["stream"].streams(rows)
    missing = streams.items[streams.asked[0]]
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    longer = with_item_tokens(tokenizer, sorted(set(streams.items) - {missing}))
    spelt, plain = SpeltStreams.of(longer, streams), SpeltStreams.of(tokenizer, streams)
    assert spelt.by_text_alone == sum(streams.items[line] == missing for line in streams.asked) > 0
    for item, with_token, without in zip(streams.items, spelt.questions, plain.questions, strict=True):
        assert with_token == (without if item == missing else [*without, item_tokens(longer)[item]])
    model = AutoModelForCausalLM.from_pretrained(home / "model").eval()
    add_vectors(model, len(longer))
    answered = ANSWERERS["stream"].answer(LanguageModel(model, longer), rows, Asking("stream", windows=LIMITS))
    assert answered.notes["rows_without_item_token"] == spelt.by_text_alone
    assert plain.by_text_alone is None


@pytest.mark.parametrize("config", ["stream", "stream_rating"])
def test_an_items_token_may_stand_in_place_of_its_text(home, config):
    dataset = open_dataset(home / "data")
    streams = TASKS[config].streams(TASKS[config].rows(dataset, "test"))
    missing = streams.items[0]
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    told = [answer for answer in streams.answers if config == "stream"]
    longer = with_item_tokens(tokenizer, sorted(set(streams.items) - {missing}), told, alone=True)
    assert with_item_tokens_of(longer, tokenizer).get_vocab() == longer.get_vocab()
    spelt, plain = SpeltStreams.of(longer, streams), SpeltStreams.of(tokenizer, streams)
    (dash,) = tokenizer("-", add_special_tokens=False)["input_ids"]
    for item, with_token, without in zip(streams.items, spelt.questions, plain.questions, strict=True):
        assert with_token == (without if item == missing else [dash, item_tokens(longer)[item]])


def test_in_place_of_a_text_the_time_is_told_still(home):
    assert Stream(LikeDislike(times=True)).unnamed(86_400) == "-, 1 day later"
    rows = TASKS["stream"].rows(open_dataset(home / "data"), "test")
    streams = read_streams(rows, Stream(LikeDislike(times=True)))
    gaps = [text.removeprefix("-") for text in streams.unnamed]
    assert all(question.endswith(f"{gap}:") for question, gap in zip(streams.questions, gaps, strict=True))
    assert gaps[0] == ""  # a user's first rating
    assert all(gap.startswith(", ") for gap in gaps[1 : streams.bounds[1]])


def test_an_adapter_of_tokens_in_place_of_texts_is_asked_as_it_was_trained(home):
    path = recipe(home, "stream_item_text: false", "load_in_4bit: false", f"output_dir: {home}/alone")
    script("scripts/sft.py", path)
    script("scripts/predict.py", path, "--output", home / "alone.parquet", "--adapter", home / "alone")
    assert stand_alone(AutoTokenizer.from_pretrained(home / "alone"))
    rows = TASKS["stream"].rows(open_dataset(home / "data"), "test")
    base = AutoModelForCausalLM.from_pretrained(home / "model").eval()
    model = LanguageModel(base, AutoTokenizer.from_pretrained(home / "model"))
    model.add(str(home / "alone"))
    # The last line of one row by hand: a dash, the item's token, and the share of Yes behind it
    with model.behind(str(home / "alone")) as asked, torch.no_grad():
        spelt = SpeltStreams.of(asked.tokenizer, TASKS["stream"].streams(rows))
        passage = spelt.passages(WindowLimits(9, 3), None)[0]
        ids = spelt.told(passage.lines[: passage.before[0]])[0] + spelt.questions[passage.targets[0]]
        no, yes = asked.model(torch.tensor([ids])).logits[0, -1, spelt.answers].tolist()
    scores = dict(zip(*read_predictions(home / "alone.parquet").table.select(["example_id", "score"]), strict=True))
    answered = {id_.as_py(): score.as_py() for id_, score in scores.items()}
    assert answered[rows.example_ids[passage.rows[0]]] == pytest.approx(1 / (1 + np.exp(no - yes)), abs=1e-4)


@pytest.mark.usefixtures("one_thread")
def test_vectors_are_learnt_kept_in_the_adapter_and_found_again(home, trained):
    with safe_open(trained / "adapter" / "adapter_model.safetensors", "pt") as file:
        (key,) = [name for name in file.keys() if "lora" not in name]  # noqa: SIM118 - it is no dict
        vectors = file.get_tensor(key)
    rated = set(open_dataset(home / "data").read("interactions", "train")["item_id"].to_pylist())
    assert key.endswith("trainable_tokens_delta")  # and none of the base model's own embeddings
    assert len(vectors) == len(rated)
    with safe_open(trained / "adapter" / "checkpoint-1" / "adapter_model.safetensors", "pt") as file:
        assert not torch.equal(file.get_tensor(key), vectors)
    # By PEFT alone, which nobody tells of items: the same share for Yes at the end of a line
    tokenizer = AutoTokenizer.from_pretrained(trained / "adapter")
    ours = LanguageModel(
        AutoModelForCausalLM.from_pretrained(home / "model"), AutoTokenizer.from_pretrained(home / "model")
    )
    ours.add(str(trained / "adapter"))
    theirs = AutoPeftModelForCausalLM.from_pretrained(trained / "adapter").eval()
    text = TASKS["stream"].prompts(TASKS["stream"].rows(open_dataset(home / "data"), "test"))[0]
    asked = tokenizer(text + item_token(min(rated)), return_tensors="pt")
    yes, no = (tokenizer(answer, add_special_tokens=False)["input_ids"][0] for answer in (" Yes", " No"))
    with ours.behind(str(trained / "adapter")) as model, torch.no_grad():
        assert item_tokens(model.tokenizer) == item_tokens(tokenizer)
        odds = [
            logits[yes] - logits[no] for logits in (model.model(**asked).logits[0, -1], theirs(**asked).logits[0, -1])
        ]
    assert float(odds[0]) == pytest.approx(float(odds[1]), abs=1e-5)


def test_vectors_learnt_at_a_rate_of_nought_stay_where_they_started_while_the_rest_is_learnt(home):
    script("scripts/sft.py", recipe(home, "item_learning_rate: 0", f"output_dir: {home}/still"))
    first, last = (
        safe_open(home / "still" / folder / "adapter_model.safetensors", "pt") for folder in ("checkpoint-1", ".")
    )
    for name in first.keys():  # noqa: SIM118 - it is no dict
        same = torch.equal(first.get_tensor(name), last.get_tensor(name))
        assert same == ("lora" not in name), name


@pytest.mark.usefixtures("one_thread")
def test_the_base_model_beside_such_an_adapter_answers_as_it_does_alone(home, trained):
    rows = TASKS["stream"].rows(open_dataset(home / "data"), "test")
    asking = Asking("stream", windows=LIMITS)
    base = AutoModelForCausalLM.from_pretrained(home / "model").eval()
    model = LanguageModel(base, AutoTokenizer.from_pretrained(home / "model"))
    before = ANSWERERS["stream"].answer(model, rows, asking)
    model.add(str(trained / "adapter"))
    with model.behind(None) as alone:
        after = ANSWERERS["stream"].answer(alone, rows, asking)
    assert np.allclose(before.table["score"], after.table["score"], atol=1e-6)
    assert before.notes["answer_mass"]["mean"] == pytest.approx(after.notes["answer_mass"]["mean"], rel=1e-5)
    settings = read_predictions(trained / "predictions" / "sft-stream.parquet").meta.settings
    assert settings["stream_item_tokens"] == "svd"
    assert settings["rows_without_item_token"] >= 0


def test_where_tokens_of_items_cannot_be_it_is_said(home):
    for lines, message in (
        (["dataset_config: like_dislike"], "stream_item_tokens: like_dislike is no stream; set dataset_config: stream"),
        (["use_peft: false", "load_in_4bit: false"], "stream_item_tokens: their vectors are kept in an adapter"),
        (["stream_item_tokens: none", "item_learning_rate: 0.1"], "item_learning_rate: there are no item tokens"),
        (["stream_item_tokens: none", "stream_told_tokens: true"], "stream_told_tokens: there are no item tokens"),
        (["stream_item_tokens: none", "stream_item_text: false"], "stream_item_text: no item has a token in place"),
        (["stream_item_tokens: none", "stream_estimates: true"], "stream_estimates: there are no item tokens"),
        (["stream_item_tokens: bpr"], "stream_item_tokens is 'bpr'"),
    ):
        path = recipe(home)
        keys = {line.partition(":")[0] for line in lines}
        kept = [line for line in path.read_text().splitlines() if line.partition(":")[0] not in keys]
        path.write_text("\n".join([*kept, *lines]))
        with pytest.raises(SystemExit, match=message):
            script("scripts/sft.py", path)

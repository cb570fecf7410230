"""Estimates in a stream: what other users' ratings lead to expect, and nothing of the answer or of what follows."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from documents import ROOT
from made_model import make_home
from sklearn.linear_model import Ridge
from stages import script
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.data.exports import EXPORTS
from tastetune.data.exports.export import OwnList, OwnRating
from tastetune.language_models.item_tokens.estimates import LEVELS, SHRINKAGE, STEPS, _part, line_levels
from tastetune.language_models.item_tokens.factors import SHRINK, als_factors, residuals
from tastetune.language_models.item_tokens.starting import start_item_tokens
from tastetune.language_models.item_tokens.tokens import (
    estimate_token,
    estimate_tokens,
    item_tokens,
    vectors_of_items,
    with_item_tokens,
    with_item_tokens_of,
)
from tastetune.language_models.streams.tokens import SpeltStreams
from tastetune.person.dataset import USER, with_person
from tastetune.person.person import find_person
from tastetune.tasks import TASKS


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("home"), 12, 40)


@pytest.fixture(scope="module")
def dataset(home):
    return open_dataset(home / "data")


@pytest.fixture(scope="module")
def streams(dataset):
    return TASKS["stream"].streams(TASKS["stream"].rows(dataset, "test"))


def by_hand(streams, ratings, user):
    """The estimate of a user's last line, in standard deviations: ridge regression on the others' factors of items."""
    others = ratings.filter(
        pa.array([_part(of) != _part(streams.users[user]) for of in ratings["user_id"].to_pylist()])
    )
    fitted, stars = residuals(others), others["rating"].to_numpy()
    items = sorted(set(others["item_id"].to_pylist()))
    factors = min(64, len(set(fitted.users)) - 1, len(items) - 1)
    _, of_items = als_factors(fitted, factors, SHRINKAGE, 0)
    of = {item: (of_items[at], fitted.item_means[at]) for at, item in enumerate(items)}
    nothing = (np.zeros(factors), 0.0)
    begin, end = streams.bounds[user : user + 2]
    past, target = range(begin, end - 1), of.get(streams.items[end - 1], nothing)
    vectors, means = zip(*(of.get(streams.items[line], nothing) for line in past), strict=True)
    left = streams.ratings[list(past)] - stars.mean() - np.array(means)
    mean = left.sum() / (len(left) + SHRINK)
    ridge = Ridge(alpha=SHRINKAGE.prior + SHRINKAGE.rating * len(left), fit_intercept=False)
    ridge.fit(np.array(vectors), left - mean)
    return (target[1] + mean + ridge.coef_ @ target[0]) / np.std(stars)


def test_an_estimate_is_what_ridge_regression_on_other_users_factors_expects(dataset, streams):
    ratings = dataset.ratings("train+validation")
    levels = line_levels(streams, ratings)
    assert len({_part(user) for user in streams.users}) > 1  # else nobody would be estimated by others
    for user in range(len(streams.users)):
        expected = np.clip(by_hand(streams, ratings, user) * STEPS, -LEVELS, LEVELS)
        assert levels[streams.bounds[user + 1] - 1] == pytest.approx(expected, abs=0.5 + 1e-6)  # the nearest step
    assert len(set(levels.tolist())) > 5


def test_an_estimate_knows_neither_its_own_answer_nor_what_follows(dataset, streams):
    # Of a user all that the log holds, and all that the stream tells from a line on, becomes the opposite: 1 for 5
    ratings, begin, end = dataset.ratings("train+validation"), streams.bounds[0], streams.bounds[1]
    line = end - 3
    levels = line_levels(streams, ratings)
    told, stars = streams.ratings.copy(), ratings["rating"].to_numpy()
    told[line:end] = 6 - told[line:end]
    own = np.array([user == streams.users[0] for user in ratings["user_id"].to_pylist()])
    opposite = ratings.set_column(2, "rating", pa.array(np.where(own, 6 - stars, stars)))
    turned = line_levels(replace(streams, ratings=told), opposite)
    assert np.array_equal(levels[begin : line + 1], turned[begin : line + 1])
    assert not np.array_equal(levels[line + 1 : end], turned[line + 1 : end])


def test_lines_that_may_not_stand_before_others_are_no_part_of_an_estimate(dataset):
    rows = TASKS["stream"].rows(dataset, "test")
    apart = TASKS["stream"].streams(rows, ("train", "validation"))
    levels = line_levels(apart, dataset.ratings("train+validation"))
    flipped = np.where(apart.is_known, apart.ratings, 6 - apart.ratings)
    assert np.array_equal(levels, line_levels(replace(apart, ratings=flipped), dataset.ratings("train+validation")))


def test_the_token_of_an_estimate_ends_the_question(dataset, streams, home):
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    longer = with_item_tokens(tokenizer, sorted(set(streams.items)), levels=range(-LEVELS, LEVELS + 1))
    assert with_item_tokens_of(longer, tokenizer).get_vocab() == longer.get_vocab()
    assert vectors_of_items(longer) == list(range(len(tokenizer), len(longer)))
    levels = line_levels(streams, dataset.ratings("train+validation"))
    spelt, plain = SpeltStreams.of(longer, streams, levels), SpeltStreams.of(tokenizer, streams)
    tokens, items = estimate_tokens(longer), item_tokens(longer)
    assert longer.decode([tokens[-3]]) == estimate_token(-3) == "<|estimate:-3|>"
    for item, level, told, without in zip(streams.items, levels, spelt.questions, plain.questions, strict=True):
        assert told == [*without, items[item], tokens[level]]


def test_vectors_of_estimates_start_on_a_line_through_nought(home):
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    longer = with_item_tokens(tokenizer, ["a", "b"], levels=range(-LEVELS, LEVELS + 1))
    model = AutoModelForCausalLM.from_pretrained(home / "model")
    table = pa.table({"user_id": ["u", "u", "v", "v"], "item_id": ["b", "a", "a", "b"], "rating": [5.0, 1.0, 4.0, 3.0]})
    start_item_tokens(model, longer, table, "svd", 0)
    weight, tokens = model.get_input_embeddings().weight.detach(), estimate_tokens(longer)
    assert not weight[tokens[0]].any()
    assert weight[tokens[-LEVELS]].numpy() == pytest.approx(-weight[tokens[LEVELS]].numpy())
    assert weight[tokens[10]].numpy() == pytest.approx(weight[tokens[LEVELS]].numpy() / 4, rel=1e-5)


def test_an_adapter_of_estimates_is_asked_with_them_and_needs_no_key(home, dataset):
    path = home / "estimates.yaml"
    path.write_text(
        f"base: {ROOT}/recipes/quickstart/stream.yaml\nrun_dir: {home}/run\ndataset_name: {home}/data\n"
        f"model_name_or_path: {home}/model\nstream_window: 9\nstream_min_past: 3\ndataset_train_split: train\n"
        "max_steps: 2\nsave_steps: 1\nwarmup_steps: 0\nload_in_4bit: false\nstream_item_tokens: als\n"
        "stream_item_text: false\n"
    )
    script("scripts/sft.py", path, "--stream_estimates", "true", "--output_dir", home / "told")
    assert estimate_tokens(AutoTokenizer.from_pretrained(home / "told"))
    script("scripts/predict.py", path, "--output", home / "told.parquet", "--adapter", home / "told")
    predictions = read_predictions(home / "told.parquet")
    assert predictions.meta.settings["stream_estimates"] is True
    assert len(predictions.table) == len(TASKS["stream"].rows(dataset, "test").table)


def test_one_persons_ratings_are_estimated_by_everybody_elses(dataset):
    title, item = (dataset.read("items", "train")[name][0].as_py() for name in ("title", "item_id"))
    own = OwnList("mine.csv", EXPORTS["list"], (OwnRating(title, rating=5.0),), (1.0, 5.0))
    person = find_person(own, dataset)
    asked = with_person(dataset, person, person.targets())
    everybody = asked.ratings("train+validation")
    assert len(everybody) == len(dataset.ratings("train+validation")) + 1
    assert {"user_id": USER, "item_id": item, "rating": 5.0} in everybody.to_pylist()
    rows = TASKS["stream"].rows(asked, "test")
    levels = line_levels(TASKS["stream"].streams(rows), everybody)
    assert len(set(levels.tolist())) > 1


def test_a_log_of_one_user_has_nobody_to_estimate_by(streams):
    alone = pa.table({"user_id": ["u"] * 2, "item_id": ["a", "b"], "rating": [1.0, 5.0]})
    one = replace(streams, users=["u"], bounds=streams.bounds[:2])
    assert not line_levels(one, alone).any()  # all are expected to be average

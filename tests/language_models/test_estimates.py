"""Estimates in a stream: what other users' ratings lead to expect, and nothing of the answer or of what follows."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from documents import ROOT
from made_model import make_home
from sklearn.linear_model import Ridge
from stages import script
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.artifacts.dataset import BuiltDataset, open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.config.windows import WindowLimits
from tastetune.data.exports import EXPORTS
from tastetune.data.exports.export import OwnList, OwnRating
from tastetune.errors import InputError
from tastetune.explanations.explaining import explain
from tastetune.explanations.explanation import ExplanationSettings
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import ANSWERERS
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
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.streams.tokens import SpeltStreams
from tastetune.person.dataset import with_person
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


@dataclass(frozen=True)
class Log:
    """Ratings in a dataset's place."""

    table: pa.Table
    fingerprint: str

    def ratings(self, splits):
        return self.table


def test_an_estimate_is_what_ridge_regression_on_other_users_factors_expects(dataset, streams):
    levels = line_levels(streams, dataset, "train+validation")
    assert len({_part(user) for user in streams.users}) > 1  # else nobody would be estimated by others
    for user in range(len(streams.users)):
        expected = by_hand(streams, dataset.ratings("train+validation"), user) * STEPS
        level = levels[streams.bounds[user + 1] - 1]
        assert level == pytest.approx(np.clip(expected, -LEVELS, LEVELS), abs=0.5 + 1e-6)  # the nearest
    assert len(set(levels.tolist())) > 5


def test_an_estimate_knows_neither_its_own_answer_nor_what_follows(dataset, streams):
    # Of a user all that the log holds, and all that the stream tells from a line on, becomes the opposite: 1 for 5
    ratings, begin, end = dataset.ratings("train+validation"), streams.bounds[0], streams.bounds[1]
    line = end - 3
    levels = line_levels(streams, dataset, "train+validation")
    told, stars = streams.ratings.copy(), ratings["rating"].to_numpy()
    told[line:end] = 6 - told[line:end]
    own = np.array([user == streams.users[0] for user in ratings["user_id"].to_pylist()])
    opposite = ratings.set_column(2, "rating", pa.array(np.where(own, 6 - stars, stars)))
    turned = line_levels(replace(streams, ratings=told), Log(opposite, "opposite"), "train+validation")
    assert np.array_equal(levels[begin : line + 1], turned[begin : line + 1])
    assert not np.array_equal(levels[line + 1 : end], turned[line + 1 : end])


def test_lines_that_may_not_stand_before_others_are_no_part_of_an_estimate(dataset):
    rows = TASKS["stream"].rows(dataset, "test")
    apart = TASKS["stream"].streams(rows, ("train", "validation"))
    levels = line_levels(apart, dataset, "train+validation")
    flipped = np.where(apart.is_known, apart.ratings, 6 - apart.ratings)
    assert np.array_equal(levels, line_levels(replace(apart, ratings=flipped), dataset, "train+validation"))


@pytest.mark.parametrize(
    ("split", "seed", "fitted"),
    [
        ("train+validation", 0, "train+validation"),  # to train on
        ("train", 0, "train"),
        ("validation", None, "train"),  # to watch, or to answer
        ("test", None, "train+validation"),
        ("test_sample", None, "train+validation"),
    ],
)
def test_estimates_are_made_from_the_ratings_before_the_split_that_is_asked(home, split, seed, fitted):
    asked = []

    class Watched(BuiltDataset):
        def ratings(self, split):
            asked.append(split)
            return super().ratings(split)

    dataset = open_dataset(home / "data")
    watched = Watched(dataset.folder, dataset.source, dataset.info | {"fingerprint": f"{split} {seed}"})
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    longer = with_item_tokens(tokenizer, ["i1"], levels=range(-LEVELS, LEVELS + 1))
    rows = TASKS["stream"].rows(watched, split)
    if seed is None:
        ANSWERERS["stream"].spelt(longer, rows, None)
    ANSWERERS["stream"].training_rows(longer, rows, WindowLimits(9, 3), context=None, seed=seed)
    assert set(asked) == {fitted}


def test_the_token_of_an_estimate_ends_the_question(dataset, streams, home):
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    longer = with_item_tokens(tokenizer, sorted(set(streams.items)), levels=range(-LEVELS, LEVELS + 1))
    assert with_item_tokens_of(longer, tokenizer).get_vocab() == longer.get_vocab()
    assert vectors_of_items(longer) == list(range(len(tokenizer), len(longer)))
    levels = line_levels(streams, dataset, "train+validation")
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
    # The last line of one row by hand: a dash, the item's token, the estimate's, and the share of Yes behind them
    rows = TASKS["stream"].rows(dataset, "test")
    streams = TASKS["stream"].streams(rows)
    base = AutoModelForCausalLM.from_pretrained(home / "model").eval()
    model = LanguageModel(base, AutoTokenizer.from_pretrained(home / "model"))
    with model.behind(str(home / "told")) as asked, torch.no_grad():
        spelt = SpeltStreams.of(asked.tokenizer, streams, levels := line_levels(streams, dataset, "train+validation"))
        passage = spelt.passages(WindowLimits(9, 3), None)[0]
        ids = spelt.told(passage.lines[: passage.before[0]])[0] + spelt.questions[passage.targets[0]]
        assert ids[-1] == estimate_tokens(asked.tokenizer)[levels[passage.targets[0]]]
        no, yes = asked.model(torch.tensor([ids])).logits[0, -1, spelt.answers].tolist()
    scores = dict(zip(*(predictions.table[name].to_pylist() for name in ("example_id", "score")), strict=True))
    assert scores[rows.example_ids[passage.rows[0]]] == pytest.approx(1 / (1 + np.exp(no - yes)), abs=1e-4)
    with pytest.raises(InputError, match="was trained with estimates in its lines"):  # as a list has none
        SpeltStreams.of(asked.tokenizer, streams)
    with pytest.raises(InputError, match="such answers are not explained"):
        explain(asked, rows, Asking("stream"), ExplanationSettings())


def test_one_persons_ratings_are_estimated_by_everybody_elses(dataset):
    title = dataset.read("items", "train")["title"][0].as_py()
    own = OwnList("mine.csv", EXPORTS["list"], (OwnRating(title, rating=5.0),), (1.0, 5.0))
    person = find_person(own, dataset)
    asked = with_person(dataset, person, person.targets())
    levels = line_levels(TASKS["stream"].streams(TASKS["stream"].rows(asked, "test")), asked, "train")
    others = line_levels(TASKS["stream"].streams(TASKS["stream"].rows(asked, "test")), dataset, "train")
    assert np.array_equal(levels, others)  # the person's own ratings tell nothing of the items
    assert len(set(levels.tolist())) > 1


def test_a_log_of_one_user_has_nobody_to_estimate_by(streams):
    alone = pa.table({"user_id": ["u"] * 2, "item_id": ["a", "b"], "rating": [1.0, 5.0]})
    one = replace(streams, users=["u"], bounds=streams.bounds[:2])
    assert not line_levels(one, Log(alone, "alone"), "train").any()  # all are expected to be average

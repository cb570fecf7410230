"""A run's models are asked again and again about one catalogue."""

from dataclasses import replace

import numpy as np
import pytest
from made_model import make_run
from trl import ModelConfig, SFTConfig

from tastetune.artifacts.dataset import open_dataset
from tastetune.config.arguments import AnswerArguments, GenerationArguments, SftArguments
from tastetune.config.recipe import parse_recipe
from tastetune.demo.fitting import Recommenders, fitted_once
from tastetune.demo.models import load_models
from tastetune.demo.session import Session
from tastetune.demo.side_fit import fitted_side
from tastetune.demo.view import explanation_html, item_html, list_html, moves_html, unasked
from tastetune.errors import InputError
from tastetune.explanations.explanation import Explanation
from tastetune.language_models.language_model import ModelRecipe
from tastetune.language_models.probabilities import yes_probabilities
from tastetune.tasks.like_dislike import Item, LikeDislike

pytestmark = pytest.mark.usefixtures("one_thread")

MARKS = {"i3": True, "i7": False}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    recipe = make_run(tmp_path_factory.mktemp("page"))
    kinds = (AnswerArguments, GenerationArguments, SftArguments, SFTConfig, ModelConfig)
    asking, _, data, training, model = parse_recipe("usage", kinds, [str(recipe)])
    return load_models(ModelRecipe(data, training, model), asking)


def likely(models, item, title_of):
    """P(Yes) of the prompt that names the marks in their order and then the item, by hand."""
    history = [Item(title_of(marked)) for marked in MARKS]
    prompt = LikeDislike().prompt(history, [4.0, 3.0], Item(title_of(item)))
    answering = models.language_model
    return yes_probabilities(answering.model, answering.tokenizer, [prompt], 4000).shares[0, 1]


def test_the_language_model_reads_the_marks_as_likes_and_dislikes(models):
    advice = models.ask(MARKS)
    assert advice.items == sorted(models.titles.keys() - MARKS.keys())
    assert [of.model for of in advice.scores] == ["sft", "user_item_mean", "item_mean"]
    for item in ("i0", "i42"):
        expected = likely(models, item, models.titles.get)
        assert advice.scores[0].values[advice.items.index(item)] == pytest.approx(expected, rel=1e-4)


def test_with_neutral_titles_it_reads_no_names_and_the_means_stay(models):
    named, neutral = models.ask(MARKS), models.ask(MARKS, neutral=True)
    expected = likely(models, "i42", "Movie {}".format)
    assert neutral.scores[0].values[neutral.items.index("i42")] == pytest.approx(expected, rel=1e-4)
    assert np.abs(named.scores[0].values - neutral.scores[0].values).max() > 1e-4
    np.testing.assert_array_equal(named.scores[1].values, neutral.scores[1].values)


def test_what_was_answered_is_not_asked_again(models):
    assert models.ask(MARKS).scores[0] is models.ask(dict(MARKS)).scores[0]


@pytest.mark.parametrize(
    ("marks", "message"), [({}, "no title is marked"), ({"<b>": True}, "'<b>': not in the catalogue")]
)
def test_what_cannot_be_asked_is_refused(models, marks, message):
    with pytest.raises(InputError, match=message):
        models.ask(marks)


def test_a_session_from_the_first_mark_to_the_last(models):
    empty = Session()
    assert "Nothing is marked yet" in list_html(empty, models)
    assert "Mark a title or two first" in item_html(empty, models, "i5")
    one = empty.marked(models, "i3", True)
    two = one.marked(models, "i7", False)
    assert two.marks == MARKS
    assert [move.said for move in two.moves] == [f"disliked {models.titles['i7']}", f"liked {models.titles['i3']}"]
    assert two.moves[1].is_first
    assert "the first list, led by" in moves_html(two)
    assert f"{two.advice.scores[0].values.max():.0%}" in list_html(two, models)
    assert "You have marked it" in item_html(two, models, "i7")
    gone = two.named(models, True)
    assert "names gone" in list_html(gone, models)
    assert "The model reads Movie i" in list_html(gone, models)
    back = gone.keeping(models, ["i3"])
    assert back.marks == {"i3": True}
    assert back.moves[0].said == f"took back {models.titles['i7']}"
    assert back.neutral is not None
    assert back.advice.scores[0] is one.advice.scores[0]
    assert back.keeping(models, []).advice is None
    assert two.marked(models, "i3", False).marks == {"i7": False, "i3": False}


def test_why_is_written_behind_the_marks_alone(models):
    explanation = models.why(MARKS, "i42")
    assert (explanation.target, explanation.past) == ("i42", tuple(MARKS))
    assert explanation.p_like == pytest.approx(likely(models, "i42", models.titles.get), rel=1e-4)
    assert f'like "{models.titles["i42"]}", judging by "' in explanation.text
    assert models.why(MARKS, "i42", neutral=True).text.count('"Movie i42"') == 1
    with pytest.raises(InputError, match="no title is marked"):
        models.why({}, "i42")


def test_a_reason_is_text_and_says_that_such_texts_are_poor(models):
    session = Session().marked(models, "i3", True).marked(models, "i7", False)
    explanation = Explanation("r", "u", "i42", ("i3", "i7"), 0.7, "<b>Because", ("i3",), (), (), 0.5, (0.68, 0.72))
    told = explanation_html(session, models, explanation)
    assert "&lt;b&gt;Because" in told
    assert f"Among your marks: {models.titles['i3']}." in told
    assert "poor texts" in told
    gone = explanation_html(session.named(models, True), models, explanation)
    assert "Among your marks: Movie i3." in gone
    assert unasked(session, "i42") is None
    assert "Choose a title above" in unasked(session, None)


def test_a_title_is_text_wherever_it_stands(models, monkeypatch):
    hostile = '<script>alert("forged")</script>'
    monkeypatch.setitem(models.matcher.titles, "i3", hostile)
    session = Session().marked(models, "i7", True).marked(models, "i3", True)
    texts = list_html(session, models), item_html(session, models, "i3"), moves_html(session)
    assert all(hostile not in text for text in texts)
    assert "&lt;script&gt;" in texts[2]


def test_an_svd_is_fitted_once_and_kept(models, config, tmp_path):
    keys = {"model": "SVD", "embedding_size": 4, "learning_rate": 0.05, "train_batch_size": 16, "epochs": 3}
    path = config(keys).path
    where = path, models.dataset.folder, tmp_path / "demo", tmp_path / "none.parquet"
    first = fitted_once(*where)
    (kept,) = (tmp_path / "demo").iterdir()
    written = kept.stat().st_mtime_ns
    assert fitted_once(*where).factors.tolist() == first.factors.tolist()
    assert kept.stat().st_mtime_ns == written
    kept.write_bytes(kept.read_bytes()[:100])  # a damaged one is fitted anew
    assert fitted_once(*where).factors.tolist() == first.factors.tolist()


class Fitted:
    """Recommenders that are fitted already."""

    def __init__(self, **sides):
        self.fitted = lambda: sides


def test_recommenders_read_the_marks_and_stand_before_the_means(models, config):
    svd = {"model": "SVD", "embedding_size": 4, "learning_rate": 0.05, "train_batch_size": 16, "epochs": 1}
    sasrec = {"model": "PointwiseSASRec", "hidden_size": 8, "inner_size": 8, "train_batch_size": 64, "epochs": 1}
    sides = {name: fitted_side(config(keys), models.dataset) for name, keys in {"svd": svd, "sasrec": sasrec}.items()}
    advice = replace(models, recommenders=Fitted(**sides)).ask(MARKS)
    assert [of.model for of in advice.scores] == ["sft", "svd", "sasrec", "user_item_mean", "item_mean"]
    assert [of.unit for of in advice.scores[1:3]] == ["stars", "probability"]
    expected = sides["sasrec"].estimates(list(MARKS), [4.0, 3.0], advice.items)
    np.testing.assert_array_equal(advice.scores[2].values, expected)


def test_without_recommenders_nothing_is_fitted_and_nothing_said(models):
    none = Recommenders([], open_dataset(models.dataset.folder), None)
    assert (none.fitted(), none.remarks()) == ({}, [])

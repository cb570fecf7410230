"""How the scores of each task are presented."""

import pytest

from tastetune.reporting.views import VIEWS, view_of, words_of
from tastetune.tasks import TASKS
from tastetune.templates import CARDS


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_every_metric_stands_in_one_table_and_every_template_is_there(view):
    shown = [*view.headline, *view.line_metrics, *view.other_metrics]
    assert sorted(shown) == sorted(view.metrics)
    for template in (view.leaderboard, view.table, view.model_card):
        assert (CARDS / template).is_file()


def test_uauc_is_a_headline_metric_of_likes_and_models_are_ordered_by_roc_auc():
    headline = ("roc_auc", "uauc", "precision", "recall", "f1", "accuracy")
    assert VIEWS["like_dislike"].headline == headline


def test_a_task_without_a_view_of_its_own_has_that_of_its_like(monkeypatch):
    monkeypatch.setitem(TASKS, "stream", TASKS["like_dislike"])
    scores = {"dataset": {"config": "stream"}, "models": [{"roc": []}]}
    assert view_of(scores) == VIEWS["like_dislike"]._replace(config="stream")
    assert view_of(scores).headline[0] == "roc_auc"
    assert view_of(scores | {"models": [{}]}).table == VIEWS["top_n"].table


def test_the_words_are_the_datasets_or_those_of_films():
    def words(task):
        return words_of({"dataset": {"settings": task}})

    assert words({}) == {"item": "movie", "items": "movies", "user": "user", "users": "users"}
    books = {"item": "book", "items": "books", "user": "reader", "enjoy": "enjoy"}
    assert words({"task": books}) == {"item": "book", "items": "books", "user": "reader", "users": "readers"}

"""The means of the page are those of scripts/ask.py."""

import numpy as np
import pytest
from made import make_dataset

from tastetune.artifacts.dataset import open_dataset
from tastetune.demo.means import Means
from tastetune.person.answers import recommender_scores
from tastetune.person.dataset import with_person
from tastetune.person.person import marked_person, matcher_of, rating_levels

MARKS = {"i3": True, "i7": False, "i1": True}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("made"), 40, 30, seed=1))


def test_they_are_those_that_are_fitted_with_the_person_among_the_users(dataset):
    """There smoothing is chosen again with the person's marks, which are 3 of hundreds."""
    person = marked_person(MARKS, matcher_of(dataset), rating_levels(dataset), dataset.like_from)
    items = person.targets()
    expected = recommender_scores(with_person(dataset, person, items))
    found = Means(dataset).scores(MARKS, items)
    assert [of.model for of in found] == [of.model for of in expected] == ["user_item_mean", "item_mean"]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.values, theirs.values, rtol=1e-12)


def test_who_likes_more_is_expected_to_like_all_more(dataset):
    means, items = Means(dataset), ["i5", "i6"]
    likes, dislikes = (means.scores(dict.fromkeys(("i1", "i2"), said), items)[0].values for said in (True, False))
    assert (likes > dislikes).all()


def test_without_marks_the_mean_of_items_alone_differs(dataset):
    """The person's effect is none, so both means say the same."""
    both, alone = Means(dataset).scores({}, ["i5", "i6"])
    np.testing.assert_allclose(both.values, alone.values)

"""The means of the page are the means of every table, with the person among the users."""

import numpy as np
import pytest
from made import make_dataset

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.trivial.likes import TrivialLikes
from tastetune.demo.means import Means

MARKS = {"i3": True, "i7": False, "i1": True}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("made"), 40, 30, seed=1))


def test_they_are_what_they_are_defined_to_be_with_the_marks_among_the_likes(dataset):
    """An effect is the sum of what likes differ from what is expected, over their number + smoothing.

    Of items from the share of all likes; of the person from the items' effects on the share.
    """
    rows = dataset.read("like_dislike", "train+validation", ["item_id", "label"]).to_pylist()
    rows += [{"item_id": item, "label": int(said)} for item, said in MARKS.items()]
    share = np.mean([row["label"] for row in rows])
    for found in Means(dataset).scores(MARKS, ["i5", "i3"]):
        smoothing = TrivialLikes(found.model).fit_predict(dataset, "test").meta.settings["smoothing"]

        def effect(item, by=smoothing["item"]):
            rest = [row["label"] - share for row in rows if row["item_id"] == item]
            return sum(rest) / (len(rest) + by)

        own = sum(said - share - effect(item) for item, said in MARKS.items())
        person = own / (len(MARKS) + smoothing["user"]) if "user" in smoothing else 0
        expected = [share + effect(item) + person for item in ("i5", "i3")]
        np.testing.assert_allclose(found.values, np.clip(expected, 0, 1), rtol=1e-9)


def test_who_likes_more_is_expected_to_like_all_more(dataset):
    means, items = Means(dataset), ["i5", "i6"]
    likes, dislikes = (means.scores(dict.fromkeys(("i1", "i2"), said), items)[0].values for said in (True, False))
    assert (likes > dislikes).all()

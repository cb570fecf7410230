"""An SVD answers somebody who was not among its users."""

import numpy as np
import pytest
from made import make_dataset
from sklearn.linear_model import Ridge

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.item_side import ItemSide
from tastetune.baselines.recbole.folding import fitted_items
from tastetune.errors import InputError

SVD = {"model": "SVD", "embedding_size": 4, "learning_rate": 0.05, "train_batch_size": 16, "epochs": 3, "seed": 1}

pytestmark = pytest.mark.usefixtures("one_thread")

TWO = ItemSide(np.array(["a", "b"]), np.array([[1.0], [-1.0]]), np.array([0.5, 0.0]), 3.0, 1.0, 0.25)


def test_a_person_of_one_rating_by_hand():
    """a is rated 4: z = 1, of which its bias explains 0.5.

    X'X + reg I = [[1.25, 1], [1, 1.25]], X'(z - b) = [0.5, 0.5], so both of the person's parameters are 0.5 / 2.25.
    Of a: 3 + 0.5 + 2 * 0.5 / 2.25; of b, whose factor is the opposite: 3 + 0 + 0.
    """
    assert TWO.estimates(["a"], [4.0], ["a", "b"]) == pytest.approx([3.5 + 1 / 2.25, 3.0])


def test_without_ratings_the_items_alone_speak():
    assert TWO.estimates([], [], ["b", "a"]) == pytest.approx([3.0, 3.5])


def test_an_item_that_nobody_rated_is_an_average_one():
    """Its bias is 0.25, its factor 0, and the person's bias 0.5 / 2.25 as above."""
    assert TWO.estimates(["a"], [4.0], ["new"]) == pytest.approx([3.25 + 0.5 / 2.25])


def test_it_is_ridge_regression_on_the_items_factors():
    rng = np.random.default_rng(0)
    names = np.array([f"i{n}" for n in range(30)])
    items = ItemSide(names, rng.normal(size=(30, 3)), rng.normal(size=30), 3.5, 1.2, 0.1)
    ratings = rng.integers(1, 6, 12).astype(float)
    x = np.column_stack([np.ones(30), items.factors])
    oracle = Ridge(alpha=12 * 0.1, fit_intercept=False).fit(x[:12], (ratings - 3.5) / 1.2 - items.biases[:12])
    expected = 3.5 + 1.2 * (items.biases[12:] + oracle.predict(x[12:]))
    np.testing.assert_allclose(items.estimates(names[:12], ratings, names[12:]), expected)


def test_what_is_fitted_is_kept_and_knows_likes_from_dislikes(config, tmp_path):
    dataset = open_dataset(make_dataset(tmp_path / "data", 60, 40, seed=3))
    items = fitted_items(config(SVD | {"epochs": 15}), dataset)
    rated = dataset.read("like_dislike", "train+validation", ["item_id"])["item_id"].to_pylist()
    assert sorted(items.items.tolist()) == sorted(set(rated))
    items.save(tmp_path / "svd.npz")
    again = ItemSide.load(tmp_path / "svd.npz")
    # Users' test ratings, by parameters solved from what they rated before: better than the items' biases alone
    errors = {"person": [], "items": []}
    known, asked = (dataset.read("interactions", part).to_pylist() for part in ("train+validation", "test"))
    for user in sorted({row["user_id"] for row in asked}):
        past, rows = ([row for row in part if row["user_id"] == user] for part in (known, asked))
        targets, truth = [row["item_id"] for row in rows], np.array([row["rating"] for row in rows])
        rated = [row["item_id"] for row in past], [row["rating"] for row in past]
        errors["person"] += ((again.estimates(*rated, targets) - truth) ** 2).tolist()
        errors["items"] += ((items.estimates([], [], targets) - truth) ** 2).tolist()
    assert np.mean(errors["person"]) < 0.9 * np.mean(errors["items"])


def test_a_model_of_another_kind_is_refused(config, tmp_path):
    dataset = open_dataset(make_dataset(tmp_path / "data", 6, 40))
    with pytest.raises(InputError, match="is a PointwiseSASRec, and only an SVD is asked"):
        fitted_items(config({"model": "PointwiseSASRec", "hidden_size": 16, "inner_size": 16}), dataset)

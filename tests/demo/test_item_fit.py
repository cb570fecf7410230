"""An SVD is fitted for what it learns of items, and its items answer people who were not among its users."""

import numpy as np
import pytest
from made import make_dataset

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.item_side import ItemSide
from tastetune.demo.item_fit import fitted_items
from tastetune.errors import InputError

SVD = {"model": "SVD", "embedding_size": 4, "learning_rate": 0.05, "train_batch_size": 16, "epochs": 3, "seed": 1}

pytestmark = pytest.mark.usefixtures("one_thread")


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

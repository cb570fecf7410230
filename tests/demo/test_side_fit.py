"""Recommenders are fitted for what they learn of items, and answer people who were not among their users."""

import numpy as np
import pytest
import torch
from made import make_dataset
from recbole.model.layers import FeedForward

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.item_side import ItemSide
from tastetune.baselines.recbole.likes import RecBoleLikes
from tastetune.baselines.sequence_side import ACTIVATIONS, SequenceSide
from tastetune.demo.side_fit import fitted_side
from tastetune.errors import InputError

SVD = {"model": "SVD", "embedding_size": 4, "learning_rate": 0.05, "train_batch_size": 16, "epochs": 3, "seed": 1}
SASREC = {"model": "PointwiseSASRec", "hidden_size": 16, "inner_size": 24, "hidden_act": "gelu", "seed": 1}
SASREC |= {"train_batch_size": 32, "epochs": 3, "learning_rate": 0.01, "MAX_ITEM_LIST_LENGTH": 4}

pytestmark = pytest.mark.usefixtures("one_thread")


def test_what_is_fitted_is_kept_and_knows_likes_from_dislikes(config, tmp_path):
    dataset = open_dataset(make_dataset(tmp_path / "data", 60, 40, seed=3))
    items = fitted_side(config(SVD | {"epochs": 15}), dataset)
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


@pytest.mark.parametrize("feedback", [False, True])
def test_a_sasrec_answers_as_it_does_in_tables_whoever_asks(config, tmp_path, feedback):
    """Oracle: RecBole's own pass over the same rows, with the same seed. Histories are longer than the model reads."""
    dataset = open_dataset(make_dataset(tmp_path / "data", 30, 40, seed=3))
    columns = ["item_id_list", *["feedback_list"][:feedback]]
    settings = config(SASREC | {"load_col": {"inter": columns}})
    expected = RecBoleLikes(settings).fit_predict(dataset, "test").table["score"].to_numpy()
    fitted_side(settings, dataset).save(tmp_path / "sasrec.npz")
    side = SequenceSide.load(tmp_path / "sasrec.npz")
    rows = dataset.read("like_dislike", "test").to_pylist()
    assert max(len(row["history"]) for row in rows) > SASREC["MAX_ITEM_LIST_LENGTH"]
    answers = [side.estimates(row["history"], row["history_ratings"], [row["item_id"]])[0] for row in rows]
    np.testing.assert_allclose(answers, expected, rtol=1e-4)
    opposite = side.estimates(rows[0]["history"], [6 - stars for stars in rows[0]["history_ratings"]], ["i0"])
    as_rated = side.estimates(rows[0]["history"], rows[0]["history_ratings"], ["i0"])
    assert (abs(opposite - as_rated) > 1e-5).all() == feedback


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_recboles(name):
    x = torch.linspace(-3, 3, 50)
    assert torch.allclose(ACTIVATIONS[name](x), FeedForward(4, 4, 0.0, name, 1e-12).intermediate_act_fn(x), atol=1e-6)


def test_a_model_of_another_kind_is_refused(config, tmp_path):
    dataset = open_dataset(make_dataset(tmp_path / "data", 6, 40))
    with pytest.raises(InputError, match="is a NeuMF, and only an SVD, or a SASRec"):
        fitted_side(config({"model": "NeuMF"}), dataset)

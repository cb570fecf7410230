"""Every baseline on another scale: ratings times ten or plus five, and the threshold with them, order rows alike."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import make_dataset, sealed
from made_lists import make_lists

from tastetune.artifacts.dataset import INFO, open_dataset
from tastetune.baselines.recbole.configs import LISTS, read_config
from tastetune.baselines.recbole.likes import RecBoleLikes
from tastetune.baselines.recbole.lists import RecBoleLists
from tastetune.baselines.trivial.likes import MODELS, TrivialLikes

CONFIGS = Path(__file__).parents[2] / "recbole_configs"
QUICK = {"epochs": 2, "eval_step": 1, "train_batch_size": 64}
"""In place of a config's own keys, where it has them."""

SCALES = pytest.mark.parametrize(("factor", "shift"), [(10, 0), (1, 5), (5, -15)])

pytestmark = pytest.mark.usefixtures("one_thread")


def rescaled(made, factor, shift):
    """The dataset in the folder `made` with every rating times `factor` plus `shift`, and the threshold moved too."""
    for path in made.glob("*/*.parquet"):
        table = pq.read_table(path, partitioning=None)
        for name in {"rating", "history_ratings"} & set(table.column_names):
            column = table[name].combine_chunks()
            moved = pa.array(
                np.asarray(column.flatten() if name != "rating" else column) * factor + shift, pa.float64()
            )
            moved = moved if name == "rating" else pa.ListArray.from_arrays(column.offsets, moved)
            table = table.set_column(table.column_names.index(name), name, moved)
        pq.write_table(table, path)
    info = json.loads((made / INFO).read_text(encoding="utf-8"))
    task = info["settings"]["task"]
    if "like_from" in task:
        task["like_from"] = task["like_from"] * factor + shift
    (made / INFO).write_text(json.dumps(info), encoding="utf-8")
    return open_dataset(sealed(made))


def quick(name, answering="likes"):
    """A config of the project, with fewer epochs where it has any."""
    path = CONFIGS / f"{name}.yaml"
    known = read_config(path, answering=answering).values
    return read_config(path, {key: QUICK[key] for key in QUICK if key in known}, answering=answering)


def standardised(predictions):
    """The scores in standard deviations from their mean: equal ones stand in the same order."""
    scores = predictions.table["score"].to_numpy()
    return (scores - scores.mean()) / scores.std()


@pytest.fixture(scope="module")
def stars(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("stars") / "data", n_users=12, n_items=20))


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    return open_dataset(make_lists(tmp_path_factory.mktemp("lists") / "data", n_users=12))


@settings(max_examples=5, deadline=None)
@given(factor=st.sampled_from([0.5, 2.0, 10.0, 100.0]), shift=st.integers(-50, 50))
def test_trivial_models_give_the_same_scores_on_every_scale(factor, shift, stars, tmp_path_factory):
    moved = rescaled(make_dataset(tmp_path_factory.mktemp("moved") / "data", n_users=12, n_items=20), factor, shift)
    for name in MODELS:
        answers = [TrivialLikes(name).fit_predict(dataset, "test").table for dataset in (stars, moved)]
        assert answers[0].equals(answers[1])


@SCALES
@pytest.mark.parametrize("name", ["svd", "bias", "sasrec_feedback", "din", "deepfm"])
def test_recommenders_of_likes_order_the_rows_alike(name, factor, shift, stars, tmp_path):
    moved = rescaled(make_dataset(tmp_path / "data", n_users=12, n_items=20), factor, shift)
    one, other = (RecBoleLikes(quick(name)).fit_predict(dataset, "test") for dataset in (stars, moved))
    assert standardised(other) == pytest.approx(standardised(one), abs=1e-4)
    # What the threshold makes of a score is the same too: an estimate in stars moves with the scale.
    yes, also = (answer.table["score"].to_numpy() >= answer.meta.threshold for answer in (one, other))
    assert np.mean(yes == also) > 0.99


@SCALES
@pytest.mark.parametrize("name", ["svd", "ease", "itemknn", "bpr"])
def test_recommenders_of_lists_name_the_same_items(name, factor, shift, lists, tmp_path):
    moved = rescaled(make_lists(tmp_path / "data", n_users=12), factor, shift)
    answers = [RecBoleLists(quick(name, LISTS)).fit_predict(dataset, "test").table for dataset in (lists, moved)]
    one, other = (table.select(["example_id", "rank", "item_id"]).to_pandas() for table in answers)
    assert (one == other).to_numpy().mean() > 0.99

import json
from dataclasses import replace

import numpy as np
import pytest
from made_lists import make_lists
from scipy import sparse
from tastetune.artifacts.list_predictions import Line, read_lists
from tastetune.tasks.list_rows import read_list_rows

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.recbole.lists import mean_average_precision, read_list_config, tune_lists, write_list_baseline
from tastetune.baselines.trivial.lists import Log, most_cowatched, most_popular, one_hot, read_log, write_list_baselines
from tastetune.errors import InputError

ITEMS = np.array(["a", "b", "c", "d"])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_lists(tmp_path_factory.mktemp("lists") / "data"))


def watched(*users):
    return one_hot([list(user) for user in users], ITEMS)


def test_co_watching_counts_each_favourite_that_somebody_shares():
    """Three people watched abc, bc and ad. Who loves a and b: the first shares both, the others one each.

    c was watched by the first (2) and the second (1), d by the third (1): 3 and 1.
    """
    log = Log(ITEMS, watched("abc", "bc", "ad"), "train")
    assert most_cowatched(log, watched("ab"))[0, 2:].tolist() == [3, 1]
    assert most_popular(log, watched("ab", "d")).tolist() == [[2, 2, 2, 1]] * 2


def test_items_that_nobody_rated_are_left_out_of_a_one_hot_row():
    assert one_hot([["b", "zz"], []], ITEMS).toarray().tolist() == [[0, 1, 0, 0], [0, 0, 0, 0]]


def check(path, dataset, model, kind):
    lists, rows = read_lists(path), read_list_rows(dataset, "test")
    assert (lists.meta.model, lists.meta.kind, lists.meta.config) == (model, kind, "top_n")
    assert list(lists.lists) == rows.example_ids
    for lines, liked in zip(lists.lists.values(), rows.liked, strict=True):
        items = [line.item_id for line in lines]
        assert len(set(items)) == len(items) == 10
        assert not set(items) & set(liked)
        assert [line.score for line in lines] == sorted((line.score for line in lines), reverse=True)
    return lists


def test_trivial_lists_answer_every_user_from_the_others_interactions(dataset, tmp_path):
    written = write_list_baselines(dataset, "test", tmp_path)
    popular, _ = (check(path, dataset, path.stem, "trivial") for path in written)
    log = dataset.read("interactions", "train+validation").to_pydict()["item_id"]
    first = next(iter(popular.lists.values()))
    assert [line.score for line in first] == [log.count(line.item_id) for line in first]
    with pytest.raises(InputError, match="split 'train': baselines answer test, validation"):
        write_list_baselines(dataset, "train", tmp_path)


def test_ease_is_the_closed_form_on_the_log_and_the_favourites(dataset, tmp_path):
    """B = I - P diag(1/P_ii), P = (X'X + 250 I)^-1 (Steck 2019, equation 8), by numpy in double precision."""
    config = read_list_config("recbole_configs/ease.yaml", {"reg_weight": 250.0})
    (path,) = write_list_baseline(config, dataset, "test", tmp_path / "e.parquet")
    found, rows, log = check(path, dataset, "e", "recbole"), read_list_rows(dataset, "test"), read_log(dataset, "test")
    liked = one_hot(rows.liked, log.items)
    x = sparse.vstack([log.watched, liked]).toarray().astype(np.float64)
    p = np.linalg.inv(x.T @ x + 250 * np.eye(x.shape[1]))
    weights = -p / np.diag(p)
    np.fill_diagonal(weights, 0)
    expected = liked @ weights
    for row, lines in enumerate(found.lists.values()):
        places = np.searchsorted(log.items, [line.item_id for line in lines])
        np.testing.assert_allclose([line.score for line in lines], expected[row, places], atol=1e-5)
        rest = np.delete(expected[row], [*places, *liked[[row]].indices])
        assert lines[-1].score >= rest.max() - 1e-5


@pytest.mark.parametrize("name", ["itemknn", "bpr", "svd"])
def test_recbole_models_answer_every_user_the_same_for_the_same_seed(dataset, tmp_path, name):
    config = read_list_config(f"recbole_configs/{name}.yaml", {"k": 5} if name == "itemknn" else {"epochs": 2})
    (once,) = write_list_baseline(config, dataset, "test", tmp_path / f"{name}.parquet")
    found = check(once, dataset, name, "recbole")
    (again,) = write_list_baseline(config, dataset, "test", tmp_path / "again.parquet")
    assert read_lists(again).lists == found.lists


def test_map_of_lists_by_hand(dataset):
    """Gold g1..g10, an answer of g2, a miss, g1: precisions 1/1 and 2/3 at the hits, so (1 + 2/3) / 10 = 1/6."""
    rows = read_list_rows(dataset, "validation")
    length = len(rows.gold[0])
    first, second = rows.gold[0][:2]
    lists = {example_id: [] for example_id in rows.example_ids}
    lists[rows.example_ids[0]] = [Line(second, 3.0), Line("a miss", 2.0), Line(first, 1.0)]
    assert mean_average_precision(lists, rows) == pytest.approx((1 + 2 / 3) / length / len(rows.gold))


@pytest.mark.parametrize(("name", "key"), [("ease", "reg_weight"), ("bpr", "learning_rate")])
def test_the_best_of_the_trials_answers_and_all_are_written_down(dataset, tmp_path, name, key):
    config = read_list_config(f"recbole_configs/{name}.yaml")
    tuning, path = write_list_baseline(config, dataset, "test", tmp_path / f"{name}.parquet", trials=3)
    written, settings = json.loads(tuning.read_text()), read_lists(path).meta.settings
    assert (written["metric"], written["budget"], len(written["trials"])) == ("map", 3, 3)
    assert written["trials"][0]["values"][key] == config.values[key]
    best = max(written["trials"], key=lambda trial: trial["score"])
    assert (settings[key], settings["epochs"]) == (best["values"][key], best["epochs"])
    untuned = replace(config, values=config.values | best["values"] | {"epochs": best["epochs"]})
    (same,) = write_list_baseline(untuned, dataset, "test", tmp_path / "same.parquet")
    assert read_lists(same).lists == read_lists(path).lists


def test_trials_need_ranges(dataset):
    config = replace(read_list_config("recbole_configs/ease.yaml"), tune={})
    with pytest.raises(InputError, match="no block 'tune'"):
        tune_lists(config, dataset, 1)


def test_a_model_that_cannot_rank_a_catalogue_is_refused():
    with pytest.raises(InputError, match=r"sasrec\.yaml: PointwiseSASRec does not rank a catalogue; choose ItemKNN"):
        read_list_config("recbole_configs/sasrec.yaml")

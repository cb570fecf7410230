import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from made_lists import make_lists
from scipy import sparse

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.list_table import ListLine
from tastetune.artifacts.predictions import read_predictions
from tastetune.baselines.lists import (
    ListQuestions,
    WatchLog,
    one_hot,
    read_questions,
    read_watch_log,
    top_lists,
)
from tastetune.baselines.predictions_files import fit_or_keep
from tastetune.baselines.recbole.configs import LISTS, read_config
from tastetune.baselines.recbole.lists import RecBoleLists, mean_average_precision, tune
from tastetune.baselines.recbole.rankers import (
    catalogue_scores,
    fit_ranker,
    next_item_scores,
    read_log_data,
    read_sequence_data,
)
from tastetune.baselines.recbole.shim import Interaction
from tastetune.baselines.trivial.lists import MODELS, TrivialLists, most_cowatched, most_popular
from tastetune.errors import InputError
from tastetune.tasks.order import order_of

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
    log = WatchLog(ITEMS, watched("abc", "bc", "ad"))
    assert most_cowatched(log, watched("ab"))[0, 2:].tolist() == [3, 1]
    assert most_popular(log, watched("ab", "d")).tolist() == [[2, 2, 2, 1]] * 2


def test_items_that_nobody_rated_are_left_out_of_a_one_hot_row():
    assert one_hot([["b", "zz"], []], ITEMS).toarray().tolist() == [[0, 1, 0, 0], [0, 0, 0, 0]]


def test_an_item_that_nobody_rated_is_no_other_whose_id_it_begins_with():
    """1234 was seen, and is not 123: of ids of three letters at most the longer one is left out whole."""
    items = np.array(["1", "123", "2"])
    assert one_hot([["1234", "2"]], items).toarray().tolist() == [[0, 0, 1]]
    questions = ListQuestions(["u"], liked=[["2"]], gold=[["1"]], seen=[["1234", "2"]], n=10)
    assert top_lists(np.array([[1.0, 2.0, 3.0]]), items, questions) == {"u": [ListLine("123", 2.0), ListLine("1", 1.0)]}


def read_list_config(path, overrides=None):
    return read_config(path, overrides, answering=LISTS)


def check(predictions, dataset, model, kind):
    questions, meta = read_questions(dataset, "test"), predictions.meta
    assert (meta.model, meta.kind, meta.config) == (model, kind, "top_n")
    assert list(dict.fromkeys(predictions.table["example_id"].to_pylist())) == questions.example_ids
    lists = predictions.lists(questions.example_ids)
    for lines, liked in zip(lists, questions.liked, strict=True):
        items = [line.item_id for line in lines]
        assert len(set(items)) == len(items) == 20
        assert not set(items) & set(liked)
        assert [line.score for line in lines] == sorted((line.score for line in lines), reverse=True)
    return lists


def test_trivial_lists_answer_every_user_from_the_others_interactions(dataset):
    answers = {name: TrivialLists(name).fit_predict(dataset, "test") for name in MODELS}
    popular, _ = (check(predictions, dataset, name, "trivial") for name, predictions in answers.items())
    log = dataset.read("interactions", "train+validation").to_pydict()["item_id"]
    assert [line.score for line in popular[0]] == [log.count(line.item_id) for line in popular[0]]
    with pytest.raises(InputError, match="split 'train': baselines answer test, validation"):
        TrivialLists("most_popular").fit_predict(dataset, "train")


def test_ease_is_the_closed_form_on_the_log_and_the_favourites(dataset):
    """B = I - P diag(1/P_ii), P = (X'X + 250 I)^-1 (Steck 2019, equation 8), by numpy in double precision."""
    config = read_list_config("recbole_configs/ease.yaml", {"reg_weight": 250.0})
    lists = check(RecBoleLists(config).fit_predict(dataset, "test"), dataset, "ease", "recbole")
    questions, log = read_questions(dataset, "test"), read_watch_log(dataset, "test")
    liked = one_hot(questions.liked, log.items)
    x = sparse.vstack([log.watched, liked]).toarray().astype(np.float64)
    p = np.linalg.inv(x.T @ x + 250 * np.eye(x.shape[1]))
    weights = -p / np.diag(p)
    np.fill_diagonal(weights, 0)
    expected = liked @ weights
    for row, lines in enumerate(lists):
        places = np.searchsorted(log.items, [line.item_id for line in lines])
        np.testing.assert_allclose([line.score for line in lines], expected[row, places], atol=1e-5)
        rest = np.delete(expected[row], [*places, *liked[[row]].indices])
        assert lines[-1].score >= rest.max() - 1e-5


@pytest.mark.parametrize("name", ["itemknn", "bpr", "svd"])
def test_recbole_models_answer_every_user_the_same_for_the_same_seed(dataset, name):
    config = read_list_config(f"recbole_configs/{name}.yaml", {"k": 5} if name == "itemknn" else {"epochs": 2})
    once, again = (RecBoleLists(config).fit_predict(dataset, "test") for _ in range(2))
    check(once, dataset, name, "recbole")
    assert again.table == once.table
    # Each epoch has seen the log and ten favourites of each user once more.
    rows = len(dataset.read("interactions", "train+validation")) + 10 * len(dataset.read("top_n", "test"))
    assert once.meta.training["examples"] == once.meta.settings["epochs"] * rows


@pytest.mark.parametrize("name", ["sasrec_lists", "two_tower"])
def test_sequential_models_answer_from_the_log_alone_and_the_same_for_the_same_seed(dataset, name):
    config = read_list_config(f"recbole_configs/{name}.yaml", {"epochs": 1, "eval_step": 0})
    once, again = (RecBoleLists(config).fit_predict(dataset, "test") for _ in range(2))
    check(once, dataset, name, "recbole")
    assert again.table == once.table
    assert once.meta.settings["fit_on"] == "train+validation"


def test_a_sequence_in_stretches_asks_each_item_but_the_first_once():
    """Two items a stretch: a b c d e is a b before c, then c d before e; f g is f before g; h alone asks nothing."""
    config = read_list_config("recbole_configs/two_tower.yaml", {"MAX_ITEM_LIST_LENGTH": 2})
    table = pa.table({"user_id": [*"1111122", "3"], "item_id": [*"abcdef", "g g", "h"]})
    data = read_sequence_data(config, table)
    names = data.field2id_token["item_id"]
    rows = zip(data.inter_feat["item_id_list"].tolist(), data.inter_feat["item_id"].tolist(), strict=True)
    read = [("".join(names[item] for item in before if item), names[behind]) for before, behind in rows]
    assert read == [("=a=b", "=c"), ("=c=d", "=e"), ("=f", "=g%20g")]


IDS = ["NA", "nan", "null", 'a"b', "c\td", "e f", "01", "1", "é%"]


def test_no_id_is_lost_on_the_way_to_recbole_and_back():
    """NA, nan and null are read as nothing by pandas; a quote, a tab and a space have a meaning in RecBole's files."""
    table = pa.table(
        {"user_id": ["NA"] * 9 + ["u v"] * 9, "item_id": [*IDS, *IDS[::-1]], "rating": [1.0, 2.0, 3.0] * 6}
    )
    svd = read_list_config("recbole_configs/svd.yaml", {"epochs": 1})
    data = read_log_data(svd, table)
    items, scores = catalogue_scores(fit_ranker(svd, data), data, ["NA", "u v"])
    assert (len(data), items.tolist(), scores.shape) == (18, sorted(IDS), (2, 9))

    towers = read_list_config("recbole_configs/two_tower.yaml", {"epochs": 1, "eval_step": 0})
    data = read_sequence_data(towers, table.select(["user_id", "item_id"]))
    model = fit_ranker(towers, data)
    items, scores = next_item_scores(model, data, [["NA"], ["é%"]], most=50)
    assert items.tolist() == sorted(IDS)
    na, null = (data.token2id("item_id", token) for token in ("=NA", "=null"))
    with torch.no_grad():
        expected = model.full_sort_predict(Interaction({"item_id_list": torch.tensor([[na]])}))[0, null]
    assert scores[0, sorted(IDS).index("null")] == pytest.approx(expected.item())


@pytest.mark.parametrize("name", ["sasrec_lists", "two_tower"])
def test_what_comes_later_in_a_sequence_changes_no_state_before(dataset, name):
    """The states behind items 1, 2 and 3, with and without item 4; and the loss is cross-entropy at every place."""
    config = read_list_config(f"recbole_configs/{name}.yaml", {"epochs": 1, "eval_step": 0})
    log = dataset.read("interactions", "train", ["user_id", "item_id", "timestamp"])
    data = read_sequence_data(config, order_of(dataset).sorted(log))
    model = fit_ranker(config, data)
    with torch.no_grad():
        short, long = (model.states(torch.tensor([items])) for items in ([1, 2, 3, 0], [1, 2, 3, 4]))
        torch.testing.assert_close(short[0, :3], long[0, :3])
        row = Interaction({"item_id_list": torch.tensor([[1, 2, 3, 0]]), "item_id": torch.tensor([5])})
        logs = (short[0, :3] @ model.item_embedding.weight.T).log_softmax(1)
        expected = -(logs[0, 2] + logs[1, 3] + logs[2, 5]) / 3
        torch.testing.assert_close(model.calculate_loss(row), expected)
        torch.testing.assert_close(model.full_sort_predict(row)[0].log_softmax(0), logs[2])


def test_map_of_lists_by_hand(dataset):
    """Gold g1..g10, an answer of g2, a miss, g1: precisions 1/1 and 2/3 at the hits, so (1 + 2/3) / 10 = 1/6."""
    questions = read_questions(dataset, "validation")
    length = len(questions.gold[0])
    first, second = questions.gold[0][:2]
    lists = {example_id: [] for example_id in questions.example_ids}
    lists[questions.example_ids[0]] = [ListLine(second, 3.0), ListLine("a miss", 2.0), ListLine(first, 1.0)]
    assert mean_average_precision(lists, questions) == pytest.approx((1 + 2 / 3) / length / len(questions.gold))


def test_each_epoch_of_a_list_model_leaves_the_final_one_as_it_is(dataset):
    """BPR for three epochs; EASE, in closed form, has one."""
    for name, n in (("bpr", 3), ("ease", 1)):
        config = read_list_config(f"recbole_configs/{name}.yaml", {"epochs": n, "eval_step": 0} if n > 1 else None)
        epochs = {}
        final = RecBoleLists(config).fit_predict(dataset, "test", after_epoch=epochs.__setitem__)
        assert final.table == epochs[n].table == RecBoleLists(config).fit_predict(dataset, "test").table
        assert [epochs[epoch].meta.training["examples"] for epoch in range(1, n + 1)] == [
            final.meta.training["examples"] // n * epoch for epoch in range(1, n + 1)
        ]
        assert final.meta.settings["epochs"] == len(epochs) == n


@pytest.mark.parametrize(("name", "key"), [("ease", "reg_weight"), ("bpr", "learning_rate")])
def test_the_best_of_the_trials_answers_and_all_are_written_down(dataset, tmp_path, name, key):
    config = read_list_config(f"recbole_configs/{name}.yaml")
    (path,) = fit_or_keep(RecBoleLists(config, trials=3), dataset, "test", tmp_path)
    written, tuned = json.loads((tmp_path / f"{name}.tuning.json").read_text()), read_predictions(path)
    settings = tuned.meta.settings
    assert (written["metric"], written["budget"], len(written["trials"])) == ("map", 3, 3)
    assert written["trials"][0]["values"][key] == config.values[key]
    best = max(written["trials"], key=lambda trial: trial["score"])
    assert (settings[key], settings["epochs"]) == (best["values"][key], best["epochs"])
    untuned = replace(config, values=config.values | best["values"] | {"epochs": best["epochs"]})
    assert RecBoleLists(untuned).fit_predict(dataset, "test").table == tuned.table


def test_trials_need_ranges(dataset):
    config = replace(read_list_config("recbole_configs/ease.yaml"), tune={})
    with pytest.raises(InputError, match="no block 'tune'"):
        tune(config, dataset, 1)


def test_a_model_that_cannot_rank_a_catalogue_is_refused():
    said = r"sasrec\.yaml, line \d+: PointwiseSASRec does not rank a catalogue; choose one of SVD, SASRec, TwoTower"
    with pytest.raises(InputError, match=said):
        read_list_config("recbole_configs/sasrec.yaml")

"""Trivial models: arithmetic by hand, and every row answered."""

import json
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import make_dataset, rewritten
from sklearn.metrics import roc_auc_score

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.trivial import likes as trivial
from tastetune.baselines.trivial.coded import CodedLikes
from tastetune.baselines.trivial.likes import MODELS, TrivialLikes
from tastetune.errors import InputError
from tastetune.metrics.labelled import are_probabilities


def rows(user, item, like, history=None):
    history = [(0, 0)] * len(user) if history is None else history
    return CodedLikes(np.array(user), np.array(item), np.array(like, float), np.array(history).reshape(-1, 2))


FIT = rows(user=[0, 0, 1, 1], item=[0, 1, 0, 2], like=[1, 1, 1, 0])
"""Overall share of likes 3/4. Item 0: two likes of two; item 1: one of one; item 2: none of one."""


def test_always_yes():
    assert trivial.always_yes(FIT, rows([0, 9], [0, 9], [0, 1])).tolist() == [1, 1]


def test_item_mean_shrinks_towards_the_overall_share():
    # item 0: (1/4 + 1/4) / (2 + 2) = 1/8 above 3/4; item 2: -3/4 / (1 + 2) = 1/4 below; item 5 was never seen.
    asked = rows([0, 0, 0], [0, 2, 5], [0, 0, 0])
    assert trivial.item_mean(FIT, asked, item=2.0) == pytest.approx([0.875, 0.5, 0.75])


def test_user_mean_of_a_user_never_seen_is_the_overall_share():
    # user 0: (1/4 + 1/4) / (2 + 2) = 1/8; user 1: (1/4 - 3/4) / (2 + 2) = -1/8.
    asked = rows([0, 1, 7], [0, 0, 0], [0, 0, 0])
    assert trivial.user_mean(FIT, asked, user=2.0) == pytest.approx([0.875, 0.625, 0.75])


def test_user_item_mean_gives_the_user_what_the_items_leave_unexplained():
    # Item effects at smoothing 1: item 0 (1/4+1/4)/3 = 1/6, item 1 (1/4)/2 = 1/8, item 2 (-3/4)/2 = -3/8.
    # User 0: residuals 1/4 - 1/6 = 1/12 and 1/4 - 1/8 = 1/8; at smoothing 3 (5/24)/(2+3) = 1/24.
    # User 0 on item 2: 3/4 - 3/8 + 1/24 = 5/12.
    assert trivial.user_item_mean(FIT, rows([0], [2], [0]), user=3.0, item=1.0) == pytest.approx([5 / 12])


def test_users_beside_items_are_summed_once_for_each_smoothing_of_items():
    fit = rows(FIT.user, FIT.item, FIT.like)
    # As above: user 0 has 1/12 + 1/8 left at smoothing 1; at smoothing 3 the items' effects are 1/10 and 1/16
    assert fit.of_users_beside_items(1.0).total[0] == pytest.approx(5 / 24)
    assert fit.of_users_beside_items(3.0).total[0] == pytest.approx(2 / 4 - 1 / 10 - 1 / 16)
    assert fit.of_users_beside_items(1.0) is fit.of_users_beside_items(1.0)


def test_likes_in_prompt_is_the_smoothed_share_of_the_rows_own_history():
    # 3 likes of 4 with two rows' worth of the overall 3/4: (3 + 1.5) / 6; an empty history gives the overall share.
    asked = rows([0, 0], [0, 0], [0, 0], history=[(3, 4), (0, 0)])
    assert trivial.likes_in_prompt(FIT, asked, history=2.0) == pytest.approx([0.75, 0.75])
    asked = rows([0], [0], [0], history=[(1, 4)])
    assert trivial.likes_in_prompt(FIT, asked, history=2.0) == pytest.approx([2.5 / 6])


def test_most_popular_is_the_share_of_ratings_that_went_to_items_no_more_popular():
    # Counts 2, 1, 1: four ratings, of which two went to items rated once. An unseen item is below all.
    asked = rows([0, 0, 0, 0], [0, 1, 2, 3], [0, 0, 0, 0])
    assert trivial.most_popular(FIT, asked).tolist() == [0.5, 0, 0, -0.5]


def test_tuning_takes_the_constant_that_orders_validation_best():
    # Item 0: one like of one; item 1: nine of ten; overall 0.9 of 20 by the help of items 2. Validation likes item 1.
    fit = rows([0] * 20, [0] + [1] * 10 + [2] * 9, [1] + [1] * 9 + [0] + [1] * 8 + [0])
    validation = rows([0, 0], [0, 1], [0, 1])
    tuned = trivial.tune("item_mean", fit, validation)
    scores = {k: roc_auc_score(validation.like, trivial.item_mean(fit, validation, item=k)) for k in trivial.GRID}
    assert [trial["roc_auc"] for trial in tuned["trials"]] == list(scores.values())
    assert scores[tuned["smoothing"]["item"]] == max(scores.values())


@pytest.mark.parametrize("labels", [[], [1, 1]], ids=["empty", "one class"])
def test_validation_that_cannot_choose_leaves_the_default(labels):
    validation = rows([0] * len(labels), [0] * len(labels), labels)
    tuned = trivial.tune("user_item_mean", FIT, validation)
    assert tuned == {"smoothing": {"user": trivial.DEFAULT, "item": trivial.DEFAULT}, "trials": []}


@given(st.permutations(range(4)), st.permutations(range(4)))
def test_the_order_of_rows_and_the_names_of_ids_change_no_mean(order, names):
    asked = rows([0, 1, 1], [1, 1, 2], [0, 0, 0])
    expected = trivial.user_item_mean(FIT, asked, user=1.0, item=1.0)
    order, names = np.array(order), np.array(names)
    shuffled = rows(names[FIT.user][order], names[FIT.item][order], FIT.like[order])
    renamed = rows(names[asked.user], names[asked.item], asked.like)
    assert trivial.user_item_mean(shuffled, renamed, user=1.0, item=1.0) == pytest.approx(expected)


def test_every_model_answers_every_row(tmp_path):
    dataset = open_dataset(make_dataset(tmp_path / "made"))
    table = dataset.read("like_dislike", "test")
    auc = {}
    for name in MODELS:
        predictions = TrivialLikes(name).fit_predict(dataset, "test")
        scores, _ = predictions.scores(table["example_id"].to_pylist())
        assert are_probabilities(scores, predictions.meta.threshold) == (name != "most_popular")
        assert (predictions.meta.model, predictions.meta.kind, predictions.meta.split) == (name, "trivial", "test")
        assert predictions.meta.fingerprint == dataset.fingerprint
        auc[name] = roc_auc_score(table["label"].to_numpy(), scores)
    assert auc["always_yes"] == 0.5
    assert auc["user_item_mean"] > auc["item_mean"] > 0.6


def test_answering_validation_fits_on_train_alone(tmp_path):
    dataset = open_dataset(make_dataset(tmp_path / "made"))
    meta = TrivialLikes("item_mean").fit_predict(dataset, "validation").meta
    assert meta.settings["fit_on"] == "train"
    assert meta.training["examples"] == len(dataset.read("like_dislike", "train"))


def test_an_empty_split_is_refused(tmp_path):
    folder = make_dataset(tmp_path / "made")
    path = folder / "like_dislike" / "test.parquet"
    rewritten(pq.read_table(path).slice(0, 0), path)
    for name in MODELS:
        with pytest.raises(InputError, match=r"test\.parquet: no rows"):
            TrivialLikes(name).fit_predict(open_dataset(folder), "test")


def test_the_likes_of_a_history_follow_the_datasets_own_threshold(tmp_path):
    folder = make_dataset(tmp_path / "made")
    info = json.loads((folder / "tastetune.json").read_text())
    info["settings"]["task"]["like_from"] = 5.5
    (folder / "tastetune.json").write_text(json.dumps(info))
    predictions = TrivialLikes("likes_in_prompt").fit_predict(open_dataset(folder), "test")
    assert (predictions.table["score"].to_numpy() < 0.5).all()  # no star reaches 5.5, so every history is all dislikes


def test_neither_torch_nor_recbole_is_imported():
    code = "import sys, tastetune.baselines.trivial.likes; print({'torch', 'recbole'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_dislikes_that_were_drawn_make_no_item_popular(tmp_path):
    folder = make_dataset(tmp_path / "made")
    info = json.loads((folder / "tastetune.json").read_text())
    info["settings"]["negatives"] = 1
    (folder / "tastetune.json").write_text(json.dumps(info))
    dataset = open_dataset(folder)
    predictions = TrivialLikes("most_popular").fit_predict(dataset, "test")
    seen, asked = (dataset.read("like_dislike", split).to_pandas() for split in ("train+validation", "test"))
    clicks = seen[seen.label == 1].item_id.value_counts()
    scores = predictions.scores(asked.example_id.tolist())[0]
    # An item with more clicks has a higher score, and one with as many the same, whatever was drawn of it.
    counts = clicks.reindex(asked.item_id, fill_value=0).to_numpy()
    assert (np.sign(np.subtract.outer(scores, scores)) == np.sign(np.subtract.outer(counts, counts))).all()

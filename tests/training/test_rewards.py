"""The reward of a list by hand, and against the scorer's precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import make_dataset
from made_lists import make_lists

from tastetune.artifacts.dataset import open_dataset
from tastetune.errors import InputError
from tastetune.metrics.lines import OFF, grid, hits
from tastetune.metrics.ranking import by_user
from tastetune.training.rewards import gold_share, read_rewarded_rows


def test_four_lines_are_asked_for_and_two_name_gold():
    """Gold: a, b, c. The lines a, x (no gold), b make 2/4; the fourth is missing."""
    assert gold_share(["a", "x", "b"], gold=["a", "b", "c"], liked=["p"], n=4) == 0.5


@pytest.mark.parametrize(
    ("items", "reward", "why"),
    [
        ([], 0, "no answer"),
        ([None, None, "a", None], 1 / 4, "off the catalogue"),
        (["a", "a", "a", "b"], 2 / 4, "repeats of a"),
        (["a", "p", "b", "c"], 3 / 4, "p is the user's own, gold or not"),
        (["x", "y", "z", "w", "a"], 0, "the fifth line was not asked for"),
        (["c", "a", "b", "x"], 3 / 4, "gold in any order"),
    ],
)
def test_what_earns_nothing(items, reward, why):
    assert gold_share(items, gold=["a", "b", "c", "p"], liked=["p"], n=4) == reward, why


@given(
    items=st.lists(st.sampled_from([None, *"abcdefgh"]), max_size=6),
    gold=st.sets(st.sampled_from("abcde"), min_size=1),
)
def test_it_is_the_precision_that_the_scorer_reports(items, gold):
    """Three lines asked for; gold and favourites share no film, as in every built dataset."""
    codes = np.array([OFF if item is None else ord(item) for item in items], np.int64)
    users = np.zeros(len(items), np.int64)
    lines = grid(users, np.arange(1, len(items) + 1), codes, 1, 10)
    wanted = np.array(sorted(map(ord, gold)), np.int64)
    found = by_user(hits(lines, (np.zeros(len(gold), np.int64), wanted)), np.array([len(gold)]))
    assert gold_share(items, gold, "fgh", 3) == pytest.approx(found["precision@3"][0])


def test_a_written_list_is_matched_to_the_catalogue(tmp_path):
    data = open_dataset(make_lists(tmp_path / "lists"))
    rows, reward = read_rewarded_rows(data, "top_n", "train")
    items = data.read("items", "train").to_pylist()
    title = {item["item_id"]: item["title"] for item in items}
    liked, gold = rows[0]["liked"], rows[0]["gold"]
    # Two gold films, one of them in capitals; one again, one that is none, one of the user's own: 2 of 10
    lines = [title[gold[0]], title[gold[1]].upper(), title[gold[0]], "No Such Film (1901)", title[liked[0]]]
    answer = "Here you go:\n" + "\n".join(f"{place}. {line}" for place, line in enumerate(lines, 1))
    chat = [{"role": "assistant", "content": answer}]
    assert reward([answer, chat, "I cannot."], [gold] * 3, [liked] * 3, trainer_state=None) == [0.2, 0.2, 0.0]


def test_rows_that_cannot_be_rewarded_are_refused(tmp_path):
    lists = open_dataset(make_lists(tmp_path / "lists", n_users=10))
    with pytest.raises(InputError, match="split 'train' has 7 lists, and a step asks for 8"):
        read_rewarded_rows(lists, "top_n", "train", at_once=8)
    with pytest.raises(InputError, match="no split 'trian'"):
        read_rewarded_rows(lists, "top_n", "trian")
    ratings = open_dataset(make_dataset(tmp_path / "ratings", 10, 20))
    with pytest.raises(InputError, match=r"dataset_config 'like_dislike': .* rows are top_n's"):
        read_rewarded_rows(ratings, "like_dislike", "train")

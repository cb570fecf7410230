"""Gold lists of people's own future: one worked by hand, the rule written down plainly, and that nothing leaks."""

from math import floor

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from made_log import items_table, log_table

from tastetune.artifacts.dataset import open_dataset
from tastetune.data.card import Source
from tastetune.data.lists.future import by_moment, read_futures
from tastetune.data.lists.rule import Rule, on_scale
from tastetune.data.lists.top_n import ListArguments, build_lists
from tastetune.data.splits import SPLITS
from tastetune.errors import InputError
from tastetune.tasks.order import BY_ITEM_ID

SOURCE = Source("made", "A made log", "Made up.", "Titles as made.", "Do as you like.", redistribution=True)
FEW = {"gold": "future", "liked": 2, "favourites_over": 0}
SHARES = (0.4, 0.2)


def user(name, begin, ratings):
    """One rating an item 1, 2, 3 ..., each a second after the other from `begin` on; at a full stop no time passes."""
    rows, time = [], begin
    for item, sign in enumerate(ratings, 1):
        rows.append((name, str(item), float(sign.strip(".")), time))
        time += not sign.endswith(".")
    return rows


LOG = [
    *user("a", 0, ["5", "1", "4", "3"]),
    *user("b", 10, ["4", "5", "2", "1"]),
    *user("c", 20, ["5", "4.", "3", "4", "5", "4"]),
    *user("d", 30, ["3", "5", "4", "5"]),
    *user("e", 40, ["5", "5", "5", "4"]),
]


def futures(log, **rule):
    table = log_table(log)
    made = Rule(**FEW | {"favourite": 5.0} | rule)
    return read_futures(table, on_scale(table, made), SHARES, BY_ITEM_ID)


def test_lists_worked_by_hand():
    """The pasts, half of the ratings, end at 1, 11, 21 (c's second and third are of one moment), 31 and 41.

    Of five users two fifths are train and one fifth validation, so validation begins at 21 and test at 31.
    a liked film 3 after its past, at 2; b nothing. c liked films 4, 5 and 6 at 22, 23 and 24, the five stars first. d
    liked films 4 (five stars) and 3, e 3 and 4.
    """
    made = futures(LOG)
    assert made.moments == (21, 31)
    lists = {name: {row.pop("user_id"): row for row in part.to_pylist()} for name, part in made.parts.items()}
    assert lists["train"] == {"a": {"liked": ["1", "2"], "gold": ["3"], "past": ["1", "2"], "past_ratings": [5, 1]}}
    assert lists["validation"] == {
        "c": {"liked": ["1", "2"], "gold": ["5", "4", "6"], "past": ["1", "2", "3"], "past_ratings": [5, 4, 3]}
    }
    assert {name: row["gold"] for name, row in lists["test"].items()} == {"d": ["4", "3"], "e": ["3", "4"]}
    assert made.counts == {
        "users": 5,
        "too_few_ratings": 0,
        "too_few_favourites": 0,
        "qualified": 5,
        "sampled": 5,
        "no_liked_future": 1,
        "kept": 4,
    }


def test_what_a_train_user_likes_after_validation_begins_is_in_no_list():
    """a likes film 9 at 25, when validation, from 21 on, has begun: the list is as it was."""
    assert futures([*LOG, ("a", "9", 5.0, 25)]).parts["train"]["gold"].to_pylist() == [["3"]]


def test_from_how_much_on_a_later_rating_is_a_like_can_be_said():
    made = futures(LOG, like_from=5.0)
    assert [made.parts[name]["gold"].to_pylist() for name in ("validation", "test")] == [[["5"]], [["4"], ["3"]]]
    assert made.counts["no_liked_future"] == 2


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"gold": "future", "watched_by": 0.6}, "--watched_by 0.6: of --gold neighbours alone"),
        ({"past_share": 0.8}, "--past_share 0.8: of --gold future alone"),
        ({"gold": "future", "past_share": 1.0}, "--past_share 1.0: expected a share above 0 and below 1"),
    ],
)
def test_flags_of_the_other_gold_list_are_refused(flags, message):
    with pytest.raises(InputError, match=message):
        Rule(**flags)


def reference(rows, rule):
    """The rule, user by user: (liked, gold, past) by user, and the two moments."""
    by_user = {}
    for name, item, stars, time in sorted(rows, key=lambda row: (row[3], row[1])):
        by_user.setdefault(name, []).append((item, stars, time))
    ends = {}
    for name, rated in by_user.items():
        end = rated[max(1, floor(rule.past_share * len(rated))) - 1][2]
        past = [stars for _, stars, time in rated if time <= end]
        if len(past) >= rule.liked and sum(stars >= rule.favourite for stars in past) > rule.favourites_over:
            ends[name] = end
    in_order = sorted(ends.values())
    moments = [in_order[int(share * len(in_order) + 1e-9)] for share in (SHARES[0], sum(SHARES))]
    lists = {}
    for name, end in ends.items():
        until = min([moment for moment in moments if moment > end], default=float("inf"))
        past = [row for row in by_user[name] if row[2] <= end]
        gold = [row for row in by_user[name] if end < row[2] < until and row[1] >= rule.like_from]
        best = sorted(past, key=lambda row: (-row[1], -row[2], row[0]))[: rule.liked]
        if gold:
            gold = sorted(gold, key=lambda row: (-row[1], row[2], row[0]))
            lists[name] = tuple([item for item, *_ in part] for part in (best, gold, past))
    return lists, tuple(moments)


LOGS = st.dictionaries(
    st.tuples(st.integers(1, 9), st.integers(1, 12)), st.tuples(st.integers(1, 5), st.integers(0, 40)), min_size=20
)


@settings(deadline=None, max_examples=30)
@given(LOGS, st.sampled_from([0.3, 0.5, 0.7]), st.randoms(use_true_random=False))
def test_lists_equal_the_reference_and_nothing_of_the_future_can_be_learnt(log, share, random):
    """Whatever is learnt from lies before everything that is asked, and no gold item is among those seen.

    One user always qualifies: the third part of ten ratings, all of five stars, is three.
    """
    rows = [(str(name), str(item), float(stars), time) for (name, item), (stars, time) in log.items()]
    rows += user("sure", 5, 10 * ["5"])
    random.shuffle(rows)
    rule = Rule(**FEW | {"favourite": 3.0, "like_from": 4.0, "past_share": share})
    expected, moments = reference(rows, rule)
    table = log_table(rows)
    made = read_futures(table, rule, SHARES, BY_ITEM_ID)
    lists = [row for part in made.parts.values() for row in part.to_pylist()]
    assert {row["user_id"]: (row["liked"], row["gold"], row["past"]) for row in lists} == expected
    assert made.moments == moments
    ratings = {name: part.to_pyarrow().to_pylist() for name, part in by_moment(table, made.moments).items()}
    assert sum(map(len, ratings.values())) == len(rows)
    times = {(name, item): time for name, item, _, time in rows}
    for number, split in enumerate(SPLITS):
        known = [rating["timestamp"] for before in SPLITS[:number] for rating in ratings[before]]
        for row in made.parts[split].to_pylist():
            asked = [times[row["user_id"], item] for item in row["gold"]]
            assert max(known, default=-1) < min(asked)
            assert max(times[row["user_id"], item] for item in row["past"]) < min(asked)
            assert not set(row["gold"]) & set(row["past"])
            assert set(row["liked"]) <= set(row["past"])


def test_the_dataset_says_what_it_is(tmp_path):
    args = ListArguments(output_dir=str(tmp_path / "made"), **FEW, favourite=5.0, train_share=0.4, validation_share=0.2)
    build_lists(log_table(LOG), items_table(), SOURCE, args)
    dataset = open_dataset(tmp_path / "made")
    assert (dataset.seen, dataset.like_from, dataset.task) == ("past", 4.0, "top_n")
    said = dataset.info["settings"]
    assert (said["gold"], said["validation_from"], said["test_from"]) == ("future", 21, 31)
    assert not said.keys() & {"watched_by", "neighbours", "shared"}
    assert dataset.read("top_n", "test")["past"].to_pylist() == [["1", "2"], ["1", "2"]]
    assert dataset.info["counts"]["interactions"] == {"train": 9, "validation": 6, "test": 7}
    card = (tmp_path / "made" / "README.md").read_text(encoding="utf-8")
    assert "| set aside: liked nothing more before the split ends | 1 |" in card
    assert "| movies in the gold list | 1 | 1.75 | 2 | 2.25 | 3 |" in card  # quartiles of 1, 2, 2 and 3
    assert "neighbours" not in card


def test_a_split_without_lists_says_what_became_of_the_users(tmp_path):
    args = ListArguments(output_dir=str(tmp_path / "made"), **FEW, favourite=5.0, train_share=0.2, validation_share=0.2)
    with pytest.raises(InputError, match=r"too few for a validation split.*1 who went on to like nothing"):
        build_lists(log_table(LOG), items_table(), SOURCE, args)

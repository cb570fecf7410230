"""Histories, worked by hand and against a plain loop."""

import hypothesis.strategies as st
from hypothesis import given, settings
from made_log import log_table

from tastetune.data.histories import COLUMNS, Histories
from tastetune.data.splits import SPLITS


def targets(table, length: int, mode: str) -> list[dict]:
    ratings = table.order_by("user_id", "timestamp", "item_id").to_pyarrow()
    of = Histories(length, mode).of
    return [row for split in SPLITS for part in of(split, ratings) for row in part.to_pylist()]


def histories(table, length: int, mode: str) -> dict[tuple[str, str], list[tuple[str, float]]]:
    return {
        (row["user_id"], row["item_id"]): list(zip(row["history"], row["history_ratings"], strict=True))
        for row in targets(table, length, mode)
    }


# One user, six ratings; b and c tie in time, so b comes first.
LOG = [
    ("u", "c", 3.0, 2, "train"),
    ("u", "b", 2.0, 2, "train"),
    ("u", "a", 1.0, 1, "train"),
    ("u", "d", 4.0, 3, "validation"),
    ("u", "e", 5.0, 4, "test"),
    ("u", "f", 1.0, 5, "test"),
]


def test_prior_is_whatever_came_before_in_the_users_own_order():
    past = histories(log_table(LOG), 2, "prior")
    assert past["u", "a"] == []
    assert past["u", "b"] == [("a", 1.0)]
    assert past["u", "c"] == [("a", 1.0), ("b", 2.0)]
    assert past["u", "d"] == [("b", 2.0), ("c", 3.0)]
    assert past["u", "f"] == [("d", 4.0), ("e", 5.0)]  # e is an earlier test rating


def test_no_history_tells_the_answer_to_a_row_of_a_later_split():
    # A split drawn by lot: user u rated b (test) and c (validation) before d (train).
    parts = {"a": "train", "b": "test", "c": "validation", "d": "train"}
    drawn = [("u", item, 3.0, time, part) for time, (item, part) in enumerate(parts.items())]
    past = histories(log_table(drawn), 10, "prior")
    assert past["u", "d"] == [("a", 3.0)]
    assert past["u", "c"] == [("a", 3.0)]
    assert past["u", "b"] == [("a", 3.0)]


def test_train_leaves_out_ratings_that_training_does_not_hold():
    past = histories(log_table([*LOG, ("u", "g", 2.0, 6, "validation")]), 3, "train")
    assert past["u", "d"] == [("a", 1.0), ("b", 2.0), ("c", 3.0)]
    assert past["u", "f"] == [("b", 2.0), ("c", 3.0), ("d", 4.0)]  # not e, which is test
    assert past["u", "g"] == [("a", 1.0), ("b", 2.0), ("c", 3.0)]  # train alone, not d


def test_an_empty_history_is_an_empty_list():
    (row,) = targets(log_table(LOG[:1]), 10, "prior")
    assert [row[name] for name in COLUMNS] == [[], [], []]


def test_a_split_without_targets_gives_none():
    assert not list(Histories(10, "prior").of("test", log_table(LOG[:4]).to_pyarrow()))


logs = st.lists(
    st.tuples(
        st.sampled_from("uv"), st.integers(1, 5), st.integers(0, 8), st.sampled_from(["train", "validation", "test"])
    ),
    min_size=1,
    max_size=40,
).map(lambda drawn: [(user, f"i{n}", float(stars), time, split) for n, (user, stars, time, split) in enumerate(drawn)])


@settings(max_examples=20, deadline=None)
@given(logs, st.integers(1, 4), st.sampled_from(["prior", "train"]))
def test_histories_equal_a_plain_loop(rows, length, mode):
    sources = {
        "prior": {"train": ["train"], "validation": ["train", "validation"], "test": ["train", "validation", "test"]},
        "train": {"train": ["train"], "validation": ["train"], "test": ["train", "validation"]},
    }[mode]
    past = histories(log_table(rows), length, mode)
    assert len(past) == len(rows)
    for user, item, _, time, split in rows:
        before = sorted(
            (t, i, stars) for u, i, stars, t, s in rows if u == user and (t, i) < (time, item) and s in sources[split]
        )
        assert past[user, item] == [(i, stars) for _, i, stars in before[-length:]]


@settings(max_examples=20, deadline=None)
@given(logs, st.sampled_from(["prior", "train"]), st.randoms())
def test_later_ratings_never_reach_an_earlier_row(rows, mode, random):
    cut = random.choice(rows)
    is_later = [(time, item) > (cut[3], cut[1]) for _, item, _, time, _ in rows]
    changed = [(u, i, 6.0 - s if later else s, t, p) for (u, i, s, t, p), later in zip(rows, is_later, strict=True)]
    before, after = histories(log_table(rows), 10, mode), histories(log_table(changed), 10, mode)
    for (user, item, *_), later in zip(rows, is_later, strict=True):
        assert item not in [past for past, _ in before[user, item]]
        if not later:
            assert before[user, item] == after[user, item]


@settings(max_examples=20, deadline=None)
@given(logs, st.sampled_from(["prior", "train"]), st.randoms())
def test_neither_the_order_of_rows_nor_the_names_of_users_change_a_history(rows, mode, random):
    names = {"u": "a user", "v": "007"}  # the other way round, were they sorted
    renamed = [(names[user], *rest) for user, *rest in random.sample(rows, len(rows))]
    before, after = histories(log_table(rows), 3, mode), histories(log_table(renamed), 3, mode)
    assert after == {(names[user], item): history for (user, item), history in before.items()}

"""Splits, worked by hand."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from made_log import log_table, made_rows

from tastetune.data.splits import per_user, split, timeline
from tastetune.errors import InputError


def split_of(table) -> dict[tuple[str, str], str]:
    return {(row["user_id"], row["item_id"]): row["split"] for row in table.to_pyarrow().to_pylist()}


def sizes(n: int) -> tuple[int, int, int]:
    """Rows of one user with `n` ratings in train, validation, test."""
    splits = list(split_of(per_user(log_table([("u", f"{i:04}", 3.0, i) for i in range(n)]))).values())
    return splits.count("train"), splits.count("validation"), splits.count("test")


def test_nine_tenths_rounded_down_are_known_and_their_last_tenth_validates():
    assert sizes(100) == (81, 9, 10)  # 90 known, of them 9 validation
    assert sizes(20) == (17, 1, 2)  # 18 known; a tenth is 1.8, so 1
    assert sizes(29) == (24, 2, 3)  # 26.1 -> 26 known; 2.6 -> 2
    assert sizes(9) == (7, 1, 1)  # 8.1 -> 8 known; 0.8 -> at least 1


def test_users_with_few_ratings():
    assert sizes(1) == (1, 0, 0)  # nothing could be known of them in test
    assert sizes(2) == (1, 0, 1)
    assert sizes(3) == (1, 1, 1)


def test_ties_in_time_are_settled_by_the_item_id_as_a_string():
    # Ten ratings of one moment. As strings "10" < "2" < ... < "9", so the last of ten is "9", and the one before "8".
    split = split_of(per_user(log_table([("u", str(i), 3.0, 7) for i in range(1, 11)])))
    assert split["u", "9"] == "test"
    assert split["u", "8"] == "validation"
    assert split["u", "10"] == "train"


def test_one_users_rows_do_not_move_anothers():
    rows = made_rows()
    alone = split_of(per_user(log_table([row for row in rows if row[0] == "7"])))
    together = split_of(per_user(log_table(rows)))
    assert alone.items() <= together.items()


def test_the_timeline_is_cut_at_one_moment_for_everybody():
    # Twenty moments, one row each, two users by turns: rows 16 and 17 are validation, 18 and 19 test.
    split = split_of(timeline(log_table([(f"u{i % 2}", f"i{i}", 3.0, 100 + i) for i in range(20)])))
    assert [split[f"u{i % 2}", f"i{i}"] for i in range(15, 20)] == ["train", "validation", "validation", "test", "test"]


def test_rows_of_one_moment_stay_on_one_side_of_a_cut():
    # Ten rows; the cut falls before row 9, whose moment is that of row 8 and row 7: all three are test.
    times = [0, 1, 2, 3, 4, 5, 6, 9, 9, 9]
    split = split_of(timeline(log_table([("u", f"i{i}", 3.0, time) for i, time in enumerate(times)])))
    assert [split["u", f"i{i}"] for i in range(6, 10)] == ["train", "test", "test", "test"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), min_size=1, max_size=60), st.randoms())
def test_every_row_lies_in_one_split_that_no_order_of_rows_changes(drawn, random):
    rows = [(user, f"i{n}", 3.0, time) for n, (user, time) in enumerate(drawn)]
    shuffled = random.sample(rows, len(rows))
    for rule in (per_user, timeline):
        split = split_of(rule(log_table(rows)))
        assert len(split) == len(rows)
        assert split == split_of(rule(log_table(shuffled)))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), min_size=1, max_size=60))
def test_no_row_is_earlier_than_its_users_rows_of_a_former_split(drawn):
    rows = [(user, f"i{n:02}", 3.0, time) for n, (user, time) in enumerate(drawn)]
    rank = {"train": 0, "validation": 1, "test": 2}
    for rule in (per_user, timeline):
        split = split_of(rule(log_table(rows)))
        for user in "abc":
            ordered = sorted((time, item) for owner, item, _, time in rows if owner == user)
            ranks = [rank[split[user, item]] for _, item in ordered]
            assert ranks == sorted(ranks)


@pytest.mark.parametrize("protocol", ["per_user", "timeline", "predefined"])
def test_a_split_without_rows_is_refused(protocol):
    row = ("u", "1", 5.0, 1)
    table = log_table([(*row, "train")] if protocol == "predefined" else [row])
    with pytest.raises(InputError, match=r"no rating is left for the (train|validation) split"):
        split(table, protocol)

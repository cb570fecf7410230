"""Sampled dislikes: never an item that the user clicked, never in a history, the same for the same seed."""

from collections import Counter

import pytest
from made_log import log_table
from sklearn.utils import shuffle

from tastetune.data.histories import Histories
from tastetune.data.negatives import CLICK, beside, draw
from tastetune.data.negatives import DRAWS as policies
from tastetune.data.splits import SPLITS, per_user

CLICKS = [(f"u{n % 5}", f"i{17 * n % 101}", 1.0, n // 2) for n in range(50)]  # 50 items, 10 a user, all different
CLICKED = {(user, item) for user, item, *_ in CLICKS}


def drawn_rows(rows: list[tuple], each: int, seed: int = 1, by: str = "uniform") -> list[tuple]:
    return [tuple(row.values()) for row in draw(log_table(rows), each, seed, by).to_pyarrow().to_pylist()]


def test_each_click_gets_as_many_as_asked_none_of_them_clicked_and_none_twice():
    drawn = drawn_rows(CLICKS, 2)
    assert set(Counter((user, item) for user, item, _ in drawn).values()) == {2}
    pairs = [(user, other) for user, _, other in drawn]
    assert len(set(pairs)) == len(pairs)
    assert not set(pairs) & CLICKED


def test_every_unclicked_item_is_drawn_alike():
    # One user clicks item 0 of 21, each of many others one more: with 1 draw each, 20 items share 2,000 draws.
    rows = [(f"u{n}", f"i{n % 21}", 1.0, n) for n in range(2100)]
    counts = Counter(other for _, _, other in drawn_rows(rows, 1))
    assert len(counts) == 21
    # 100 expected of each, with a standard deviation of about 10.
    assert all(60 <= number <= 140 for number in counts.values())


def test_popular_items_are_drawn_as_often_as_they_are_clicked():
    # 900 users click the hit and 100 the rarity; a user who clicked the third item is given either, nine to one.
    rows = [(f"h{n}", "hit", 1.0, n) for n in range(900)] + [(f"r{n}", "rarity", 1.0, n) for n in range(100)]
    rows += [(f"u{n}", "third", 1.0, n) for n in range(1000)]
    given = {by: Counter(o for user, _, o in drawn_rows(rows, 1, by=by) if user[0] == "u") for by in policies}
    assert given["popularity"]["hit"] / 1000 == pytest.approx(0.9, abs=0.03)
    assert given["uniform"]["hit"] / 1000 == pytest.approx(0.5, abs=0.05)


def test_a_user_who_clicked_nearly_everything_gets_fewer():
    rows = [("u", f"i{n}", 1.0, n) for n in range(4)] + [("v", "i4", 1.0, 0)]
    pairs = [(user, other) for user, _, other in drawn_rows(rows, 3)]
    assert [pair for pair in pairs if pair[0] == "u"] == [("u", "i4")]  # of twelve wanted
    assert len([pair for pair in pairs if pair[0] == "v"]) == 3


def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_rows():
    assert sorted(drawn_rows(shuffle(CLICKS, random_state=3), 2)) == sorted(drawn_rows(CLICKS, 2))
    assert sorted(drawn_rows(CLICKS, 2, seed=2)) != sorted(drawn_rows(CLICKS, 2))


def test_a_sampled_row_is_its_clicks_row_with_another_item():
    split = per_user(log_table(CLICKS))
    table = beside(split, draw(split, 1, 1)).order_by("user_id", "timestamp", "item_id").to_pyarrow()
    parts = [part for name in SPLITS for part in Histories(5, "prior").of(name, table)]
    rows = [row for part in parts for row in part.to_pylist()]
    clicks = {(row["user_id"], row["item_id"]): row for row in rows if row["rating"]}
    sampled = [row for row in rows if not row["rating"]]
    assert len(sampled) == len(clicks) == len(CLICKS)
    for row in sampled:
        click = clicks[row["user_id"], row[CLICK]]
        assert row == click | {"item_id": row["item_id"], "rating": 0.0, CLICK: click["item_id"]}
    for row in rows:
        assert {(row["user_id"], past) for past in row["history"]} <= CLICKED

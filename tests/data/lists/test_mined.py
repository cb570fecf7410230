"""Mining gold lists: a list worked by hand, and the published rule written down plainly as a reference."""

from hashlib import md5
from math import ceil

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from made_log import engine, log_table
from made_netflix_log import write

from tastetune.data.interactions import INTERACTIONS
from tastetune.data.lists.mined import draw_keys, mine
from tastetune.data.lists.rule import Rule, on_scale
from tastetune.data.netflix.prize import read_netflix
from tastetune.errors import InputError

FEW = {"liked": 2, "favourites_over": 1, "shared": 1}


def mined(rows, **rule):
    result = mine(log_table(rows), Rule(**rule))
    return {row.pop("user_id"): row for row in result.lists.to_pylist()}, result.counts


@pytest.fixture
def prize(tmp_path):
    log = read_netflix(write(tmp_path / "prize"), tmp_path / "ratings.parquet")
    return engine().read_parquet(log.interactions)


def test_gold_lists_worked_by_hand(prize):
    """Films 1 to 6 and customers 10 to 13; two films a customer, and one of them shared makes a neighbour.

    Customer 10 gave films 1, 2 and 3 five stars: 1 last, 2 and 3 on one day, so the two are 1 and 2. Of the others,
    11 (both) and 12 (film 1) gave five stars to one of them; 13 gave film 2 four. Of these two neighbours both watched
    film 5 and one film 6: half is enough for both films, the more watched first.
    Customer 11: films 2 and 1; neighbours 10 (both) and 12; films 3 and 4 (by 10) and 5 (by 12), one of two each, so
    by id.
    Customer 12 has one favourite and does not qualify; nobody else gave 13's two films, 5 and 6, five stars.
    """
    result = mine(prize, Rule(**FEW))
    lists = {row["user_id"]: row for row in result.lists.to_pylist()}
    assert lists["10"] == {"user_id": "10", "liked": ["1", "2"], "gold": ["5", "6"], "neighbours": 2}
    assert lists["11"] == {"user_id": "11", "liked": ["2", "1"], "gold": ["3", "4", "5"], "neighbours": 2}
    assert set(lists) == {"10", "11"}
    assert result.counts == {
        "users": 4,
        "too_few_ratings": 0,
        "too_few_favourites": 1,
        "qualified": 3,
        "sampled": 3,
        "too_few_neighbours": 1,
        "empty_gold": 0,
        "gold_items": 5,
        "gold_rated": 1,  # film 5, by customer 11
        "kept": 2,
    }


def test_four_stars_and_sixty_percent_worked_by_hand(prize):
    """At four stars 13 is a neighbour of 10 too: of 11, 12 and 13 all watched film 5 and two in three film 6.

    Of 11's neighbours 10, 12 and 13, two in three watched film 5, one in three films 3, 4 and 6.
    """
    result = mine(prize, Rule(**FEW, high=4, watched_by=0.6))
    assert {row["user_id"]: row["gold"] for row in result.lists.to_pylist()} == {"10": ["5", "6"], "11": ["5"]}


def test_a_neighbour_must_share_as_many_films_as_asked(prize):
    """Both of 10's films: customer 11 alone, who watched 5 and 6 beside them. Both of 11's: 10 alone, with 3 and 4."""
    result = mine(prize, Rule(**FEW | {"shared": 2}))
    assert {row["user_id"]: row["gold"] for row in result.lists.to_pylist()} == {"10": ["5", "6"], "11": ["3", "4"]}


def test_too_few_ratings_and_an_empty_list_are_counted():
    """b has one rating. a's neighbour c watched nothing else; c's neighbour a watched film 3, which c has not."""
    rows = [
        ("a", "1", 5.0, 0),
        ("a", "2", 5.0, 0),
        ("a", "3", 1.0, 0),
        ("b", "9", 5.0, 0),
        ("c", "1", 5.0, 0),
        ("c", "2", 5.0, 0),
    ]
    lists, counts = mined(rows, **FEW)
    assert lists == {"c": {"liked": ["1", "2"], "gold": ["3"], "neighbours": 1}}
    assert (counts["too_few_ratings"], counts["empty_gold"], counts["kept"]) == (1, 1, 1)


def test_a_share_is_met_exactly():
    """0.28 of 25 neighbours is 7 of them, though 0.28 * 25 is a little more in binary."""
    rows = [("a", "1", 5.0, 0), ("a", "2", 5.0, 0)]
    rows += [(f"n{k}", "1", 5.0, 0) for k in range(25)] + [(f"n{k}", "3", 1.0, 0) for k in range(7)]
    lists, _ = mined(rows, **FEW, watched_by=0.28)
    assert 0.28 * 25 > 7
    assert lists["a"]["gold"] == ["3"]


def test_nobody_who_qualifies_is_an_error():
    with pytest.raises(
        InputError, match=r"none of 1 users has 10 ratings and more than 3 of 5 or above; lower --liked"
    ):
        mined([("a", "1", 5.0, 0)])


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"shared": 0}, "--shared 0: expected 1 or more"),
        ({"shared": 11}, "--shared 11: a user has the best --liked 10,"),
        ({"watched_by": 0.0}, "--watched_by 0.0: expected a share"),
        ({"watched_by": 50.0}, "--watched_by 50.0: expected a share"),
    ],
)
def test_constants_that_cannot_be_are_refused(rule, message):
    with pytest.raises(InputError, match=message):
        mined([("a", "1", 5.0, 0)], **rule)


def reference(rows, rule):
    """The rule, user by user and film by film."""
    watched, stars = {}, {}
    for user, item, rating, time in rows:
        watched.setdefault(user, set()).add(item)
        stars.setdefault(user, []).append((-rating, -time, item))
    key = {user: int.from_bytes(md5(f"{rule.seed}:{user}".encode()).digest()[:8], "big") for user in watched}
    qualified = [
        user
        for user, rated in stars.items()
        if len(rated) >= rule.liked and sum(-r >= rule.favourite for r, _, _ in rated) > rule.favourites_over
    ]
    lists = {}
    for user in sorted(qualified, key=key.get)[: rule.users]:
        liked = [item for _, _, item in sorted(stars[user])[: rule.liked]]
        near = [
            other
            for other in watched
            if other != user and sum(-r >= rule.high and item in liked for r, _, item in stars[other]) >= rule.shared
        ]
        near = sorted(near, key=lambda other: key[other] ^ key[user])[: rule.neighbours]
        seen = {}
        for item in (item for other in near for item in watched[other] - set(liked)):
            seen[item] = seen.get(item, 0) + 1
        gold = [item for item in seen if seen[item] >= ceil(round(rule.watched_by * len(near), 9))]
        if len(near) >= rule.min_neighbours and gold:
            gold.sort(key=lambda item: (-seen[item], item))
            lists[user] = {"liked": liked, "gold": gold, "neighbours": len(near)}
    return lists


RATING = st.tuples(st.integers(1, 5), st.integers(0, 3))
LOGS = st.dictionaries(st.tuples(st.integers(1, 12), st.integers(1, 12)), RATING, min_size=30)
RULES = st.builds(
    Rule,
    users=st.integers(1, 15),
    liked=st.just(3),
    favourite=st.just(5.0),
    favourites_over=st.integers(0, 1),
    high=st.sampled_from([3.0, 4.0, 5.0]),
    shared=st.integers(1, 3),
    neighbours=st.integers(1, 6),
    min_neighbours=st.integers(1, 2),
    watched_by=st.sampled_from([0.3, 0.5, 0.6, 1.0]),
    seed=st.integers(0, 3),
)


@settings(deadline=None, max_examples=60)
@given(log=LOGS, rule=RULES, random=st.randoms(use_true_random=False))
def test_lists_equal_the_reference_in_whatever_order_the_log_comes(log, rule, random):
    rows = [(str(user), str(item), float(stars), time) for (user, item), (stars, time) in log.items()]
    wanted = reference(rows, rule)
    random.shuffle(rows)
    try:
        lists, counts = mined(rows, **vars(rule))
    except InputError:
        assert wanted == {}
        return
    assert lists == wanted
    assert list(lists) == list(wanted)
    assert counts["kept"] == len(wanted) == counts["sampled"] - counts["too_few_neighbours"] - counts["empty_gold"]


def test_neighbours_are_drawn_evenly_and_anew_for_each_user():
    """20 users with the same two favourites, 200 who share them: each draws 50 of those 200 or of the other 19.

    How often one of the 200 is drawn by the 20 is then 20 * 50 / 219 = 4.6 on average, and far from 0 or 20.
    """
    rows = [
        (f"{kind}{k}", item, 5.0, 0) for kind, n in (("t", 20), ("n", 200)) for k in range(n) for item in ("1", "2")
    ]
    rows += [(f"n{k}", f"mark{k}", 1.0, 0) for k in range(200)]
    # A film of one's own marks a neighbour: one in fifty is enough to be in the list.
    lists, _ = mined(rows, **FEW, neighbours=50, watched_by=0.02)
    drawn = [sum(f"mark{k}" in row["gold"] for user, row in lists.items() if user[0] == "t") for k in range(200)]
    assert 3.6 < np.mean(drawn) < 5.6
    assert 0 < np.std(drawn) < 4
    assert max(drawn) < 15


def test_drawing_depends_on_the_seed_alone():
    ids = [f"user {k}" for k in range(1000)]
    keys = draw_keys(ids, 1)
    assert keys.dtype == np.uint64
    assert len(set(keys.tolist())) == 1000
    assert (draw_keys(ids[::-1], 1)[::-1] == keys).all()
    assert (draw_keys(ids, 2) != keys).any()
    assert keys[0] == int.from_bytes(md5(b"1:user 0").digest()[:8], "big")


def test_other_users_can_be_drawn_from_a_larger_log_without_changing_these():
    """A user's draw depends on nobody else: twice the users asked for keeps the first ones as they are."""
    rows = [
        (str(u), str((u * k) % 30), 5.0 if k < 4 else 2.0, k) for u in range(1, 41) for k in range(8) if (u * k) % 30
    ]
    rows = [(u, i, r, t) for (u, i), (r, t) in {(u, i): (r, t) for u, i, r, t in rows}.items()]
    few, _ = mined(rows, users=8, liked=3, favourites_over=0, shared=1)
    many, _ = mined(rows, users=16, liked=3, favourites_over=0, shared=1)
    assert few
    assert {user: many[user] for user in few} == few


def test_lists_are_as_the_contract_says(prize):
    lists = mine(prize, Rule(**FEW)).lists
    assert lists.schema.field("liked").type == pa.list_(pa.string())
    assert lists.schema.field("user_id").type == INTERACTIONS.field("user_id").type


@pytest.mark.parametrize(
    ("ratings", "favourite"),
    [
        ([5, 4, 4, 4, 4, 4], 5.0),  # stars that end at 5, as published, though less than a fifth are 5
        ([10, 9, 8, 8, 7, 5, 5, 5, 5, 5], 9.0),  # of ten ratings one is 10, two are 9 or more
        ([10, -10, -3.5, 0.25, 9.75], 10.0),  # a fifth is one of five
        ([1, 1, 1, 1], 1.0),
    ],
)
def test_favourites_follow_the_scale_of_the_log(ratings, favourite):
    log = log_table([(f"u{n}", "a", float(rating), n) for n, rating in enumerate(ratings)])
    rule = on_scale(log, Rule())
    assert (rule.favourite, rule.high) == (favourite, favourite)
    said = on_scale(log, Rule(favourite=3.0, high=2.0))
    assert (said.favourite, said.high) == (3.0, 2.0)

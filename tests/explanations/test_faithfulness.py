"""How far explanations can be believed: figures worked by hand, and a bootstrap done the slow way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastetune.evaluation.bootstrap import draws
from tastetune.explanations.explanation import Explanation
from tastetune.explanations.faithfulness import faithfulness, summary

PAST = ("a", "b", "c", "d")


def explained(user, p_like, named=(), elsewhere=(), invented=(), *, without=None, others=()):
    return Explanation(f"{user}:x", user, "x", PAST, p_like, "", named, elsewhere, invented, without, others)


FOUR = [
    explained("u1", 0.8, ("a",), without=0.5, others=(0.7, 0.9)),  # a like: falls by 0.3, without others by 0.0
    explained("u1", 0.4, ("b",), ("z",), without=0.5, others=(0.3, 0.5)),  # no like: 0.6 falls by 0.1, and by 0.0
    explained("u2", 0.6, ("a", "b", "c")),  # more than half of the past
    explained("u3", 0.9, (), (), ("No Such Film",)),
    explained("u3", 0.9),  # no title at all
]


def test_the_figures_by_hand():
    found = faithfulness(FOUR, resamples=50)
    counts = {name: found[name] for name in ("n", "users", "likes", "silent", "unnamed", "too_many", "compared")}
    assert counts == {"n": 5, "users": 3, "likes": 4, "silent": 1, "unnamed": 2, "too_many": 1, "compared": 2}
    # 5 titles of the past (1 + 1 + 3), one elsewhere, one invented
    shares = [found[name]["value"] for name in ("in_past", "elsewhere", "invented")]
    assert (found["titles"], shares) == (7, pytest.approx([5 / 7, 1 / 7, 1 / 7]))
    falls = [found[name]["value"] for name in ("fall", "fall_others", "difference")]
    assert falls == pytest.approx([(0.3 + 0.1) / 2, 0.0, 0.2])
    # Both rows that are compared are one user's: nothing to resample
    assert [found["difference"][end] for end in ("low", "high", "p")] == [None] * 3
    assert None not in found["in_past"].values()


def test_words_that_name_what_the_model_did_not_go_by_are_found_out():
    """Without what is named nothing changes; without others the answer falls."""
    rows = [explained(f"u{n}", 0.8, ("a",), without=0.8, others=(0.6, 0.7)) for n in range(9)]
    difference = faithfulness(rows, resamples=99)["difference"]
    assert (difference["value"], difference["high"]) == (pytest.approx(-0.15), pytest.approx(-0.15))
    assert difference["p"] == 0.02  # 2 x (1 + 0) / (1 + 99)


def test_intervals_are_those_of_a_bootstrap_over_users():
    rng = np.random.default_rng(0)
    rows = [
        explained(f"u{rng.integers(12)}", *rng.random(1), ("a",), without=rng.random(), others=tuple(rng.random(2)))
        for _ in range(40)
    ]
    found = faithfulness(rows, resamples=200, seed=3)
    users = list(dict.fromkeys(of.user_id for of in rows))
    resampled = []
    for counts in draws(len(users), 200, 3)[1:]:
        drawn = [
            of for user, times in zip(users, counts, strict=True) for of in rows * int(times) if of.user_id == user
        ]
        signs = [1 if of.likes else -1 for of in drawn]
        apart = [np.mean(of.without_others) - of.without_named for of in drawn]
        resampled.append(np.mean(np.multiply(signs, apart)))
    ends = np.quantile(resampled, [0.025, 0.975], method="inverted_cdf")
    assert [found["difference"]["low"], found["difference"]["high"]] == pytest.approx(ends)


def test_nothing_named_is_nothing_measured_and_is_said():
    found = faithfulness([explained("u1", 0.5), explained("u2", 0.4)])
    nothing = {"value": None, "low": None, "high": None}
    assert [found[name] for name in ("in_past", "invented", "fall")] == [nothing] * 3
    assert found["difference"] == nothing | {"p": None}
    assert summary(found) == ["0 of 2 texts name titles of the past they were written from; none names any title."]


def test_one_user_leaves_no_interval():
    found = faithfulness(FOUR[:2])
    assert found["fall"] == {"value": pytest.approx(0.2), "low": None, "high": None}
    assert summary(found) == [
        "2 of 2 texts name titles of the past they were written from; of 3 titles named 66.7% stand in it, "
        "33.3% elsewhere in the catalogue and 0.0% nowhere.",
        "Without them the probability of the answer falls by 0.2000, without as many others by 0.0000: +0.2000, "
        "on 2 rows.",
    ]


NAMES = st.sets(st.sampled_from("abcd"), max_size=3).map(lambda names: tuple(sorted(names)))


@given(st.lists(st.tuples(st.sampled_from("uvw"), NAMES, NAMES, NAMES), min_size=1, max_size=8))
def test_the_three_shares_are_all_that_is_named(rows):
    found = faithfulness([explained(user, 0.5, *named) for user, *named in rows], resamples=5)
    shares = [found[name]["value"] for name in ("in_past", "elsewhere", "invented")]
    assert (sum(shares) == pytest.approx(1)) if found["titles"] else shares == [None] * 3
    assert found["silent"] <= found["unnamed"] <= found["n"]

"""Uncertainty by drawing users."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap as their_bootstrap

from tastetune.evaluation.bootstrap import draws, holm, interval, p_value


def test_the_first_row_is_the_sample_and_the_others_draw_as_many_users():
    drawn = draws(n_users=7, resamples=50, seed=0)
    assert drawn.shape == (51, 7)
    assert (drawn[0] == 1).all()
    assert (drawn.sum(axis=1) == 7).all()
    assert len({tuple(row) for row in drawn}) > 40


def test_a_seed_gives_the_same_draws():
    np.testing.assert_array_equal(draws(5, 20, seed=3), draws(5, 20, seed=3))
    assert (draws(5, 20, seed=3) != draws(5, 20, seed=4)).any()


def test_each_user_is_drawn_equally_often():
    # 20,000 resamples: a user's mean count has a standard deviation of about 0.006 around 1.
    np.testing.assert_allclose(draws(4, 20_000, seed=0).mean(axis=0), 1, atol=0.03)


def test_the_interval_of_a_mean_is_scipys():
    values = np.random.default_rng(0).gamma(2, 1, 200)
    low, high = interval(draws(200, 4000, seed=1) @ values / 200)
    theirs = their_bootstrap((values,), np.mean, n_resamples=4000, method="percentile", rng=2).confidence_interval
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_the_interval_leaves_the_sample_itself_and_undefined_resamples_out():
    assert interval(np.array([99.0, 1.0, np.nan, 1.0])) == (1.0, 1.0)
    assert np.isnan(interval(np.array([0.5, np.nan]))).all()


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60), st.integers(2, 5))
def test_the_same_resamples_several_times_give_the_same_interval(resamples, times):
    assert interval(np.array([0.0, *resamples * times])) == interval(np.array([0.0, *resamples]))


def test_p_value_by_hand():
    # Of 9 resamples one lies at or below zero: 2 * (1 + 1) / (1 + 9).
    assert p_value(np.array([0.3, -0.1, *[0.2] * 8])) == pytest.approx(0.4)
    assert p_value(np.array([0.3, *[0.2] * 999])) == pytest.approx(2 / 1000)  # never zero
    assert p_value(np.zeros(10)) == 1  # no difference anywhere
    assert np.isnan(p_value(np.array([0.1, np.nan])))


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.04 times 3, 2, 1, each at least as large as the one before.
    np.testing.assert_allclose(holm([0.04, 0.01, 0.02]), [0.04, 0.03, 0.04])
    np.testing.assert_allclose(holm([0.6, 0.7]), [1.0, 1.0])


def test_holm_passes_over_what_has_no_p_value():
    np.testing.assert_allclose(holm([np.nan, 0.02, 0.03]), [np.nan, 0.04, 0.04])
    assert len(holm([])) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_as_the_step_down_test_does(p_values):
    # The textbook procedure: go up the sorted p-values and stop at the first that is over level / (m - rank).
    corrected, level = holm(p_values), 0.05
    ranked = np.sort(p_values)
    passed = ranked * np.arange(len(ranked), 0, -1) <= level
    rejected = len(ranked) if passed.all() else int(np.argmin(passed))
    assert (corrected <= level).sum() == rejected

"""Calibration: do rows given 0.7 turn out liked 70% of the time?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from tastetune.metrics.calibration import BINS, Bin, bin_of, expected_calibration_error, reliability

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 200).map(lambda k: k / 200)), min_size=1, max_size=60)


def ece(labels, probabilities):
    bins = np.eye(BINS)[bin_of(probabilities)]
    return expected_calibration_error(bins.sum(axis=0), bins.T @ (np.asarray(probabilities) - labels))


def test_by_hand():
    # Bin [0.7, 0.8): mean 0.75, one of two liked, 0.25 off. Bin [0.1, 0.2): mean 0.1, none liked, 0.1 off.
    assert ece([1, 0, 0, 0], [0.7, 0.8 - 1e-12, 0.1, 0.1]) == pytest.approx((2 * 0.25 + 2 * 0.1) / 4)


def test_each_end_of_the_scale_has_a_bin():
    np.testing.assert_array_equal(bin_of(np.array([0.0, 0.05, 0.1, 0.95, 1.0])), [0, 0, 1, 9, 9])


def test_the_table():
    table = reliability(np.array([1, 0, 1]), np.array([0.75, 0.75, 1.0]))
    assert table[7] == Bin(0.7, 0.8, n=2, mean_probability=0.75, share_liked=0.5)
    assert table[9] == Bin(0.9, 1.0, n=1, mean_probability=1.0, share_liked=1.0)
    assert table[0] == Bin(0.0, 0.1, n=0, mean_probability=None, share_liked=None)


def test_without_rows_it_is_undefined():
    assert np.isnan(expected_calibration_error(np.zeros(BINS), np.zeros(BINS)))


@given(ROWS)
def test_agrees_with_scikit_learn(rows):
    labels, probabilities = np.array(rows).T
    # scikit-learn's bins are closed above, ours below: step off the edges.
    probabilities = np.clip(probabilities + 1e-6, 0, 1)
    liked, mean = calibration_curve(labels, probabilities, n_bins=BINS)
    n = np.histogram(probabilities, np.linspace(0, 1, BINS + 1))[0]
    assert ece(labels, probabilities) == pytest.approx((np.abs(liked - mean) * n[n > 0]).sum() / n.sum())
    filled = [line for line in reliability(labels, probabilities) if line.n]
    np.testing.assert_allclose([line.share_liked for line in filled], liked)
    np.testing.assert_allclose([line.mean_probability for line in filled], mean)

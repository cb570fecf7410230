"""A threshold chosen on validation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from tastetune.metrics.threshold import best_threshold


def test_by_hand():
    # Yes down to 0.4: two likes of three answers found, F1 = 2 * 2 / (3 + 2). Any other cut gives less.
    assert best_threshold([1, 0, 1, 0], [0.9, 0.6, 0.4, 0.1]) == pytest.approx((0.4 + 0.1) / 2)


def test_hard_answers_are_kept():
    assert best_threshold([1, 1, 0, 0, 0], [1.0, 1.0, 0.0, 0.0, 0.0]) == 0.5


def test_a_constant_score_says_yes():
    assert best_threshold([1, 0], [0.3, 0.3]) == pytest.approx(0.3)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), max_size=20))
def test_no_threshold_has_a_higher_f1(rows):
    labels, scores = np.array([(1, 3), *rows]).T
    chosen = f1_score(labels, scores >= best_threshold(labels, scores))
    assert chosen == pytest.approx(max(f1_score(labels, scores >= threshold) for threshold in np.unique(scores)))

"""Average precision: the precision at each threshold, weighted by the recall it adds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from tastetune.metrics.average_precision import average_precision

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 3)), max_size=40)


def test_by_hand():
    # From the top: like (precision 1/1), dislike, like (2/3). Each like adds half of the recall.
    assert average_precision([1, 0, 1], [0.9, 0.8, 0.7]) == pytest.approx((1 + 2 / 3) / 2)


def test_a_constant_score_gets_the_base_rate():
    assert average_precision([1, 0, 0, 0], [0.5] * 4) == 0.25


def test_without_likes_it_is_undefined():
    assert np.isnan(average_precision([0, 0], [1, 2]))
    assert np.isnan(average_precision([], []))


@given(ROWS)
def test_agrees_with_scikit_learn_and_a_weight_is_a_repetition(rows):
    labels, scores, weights = np.array([(1, 2, 1), *rows]).T
    resamples = np.stack([np.ones_like(weights), weights])
    repeated = average_precision_score(np.repeat(labels, weights), np.repeat(scores, weights))
    expected = [average_precision_score(labels, scores), repeated]
    np.testing.assert_allclose(average_precision(labels, scores, resamples), expected)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows, random):
    labels, scores, _ = np.array([(1, 2, 1), *rows]).T
    order = random.sample(range(len(labels)), len(labels))
    assert average_precision(labels[order], scores[order]) == pytest.approx(average_precision(labels, scores))

"""Log loss and Brier score of predicted probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as their_log_loss

from tastetune.metrics.probability import brier, log_loss

ROWS = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=30)


def test_by_hand():
    np.testing.assert_allclose(log_loss([1, 0], [0.5, 0.75]), [np.log(2), np.log(4)])
    np.testing.assert_allclose(brier([1, 0], [0.5, 0.75]), [0.25, 0.5625])


def test_a_sure_wrong_answer_is_dear_but_finite():
    assert log_loss([1], [0.0]) == pytest.approx(36.04, abs=0.01)  # -log of the smallest double above 1, less 1


@given(ROWS)
def test_agrees_with_scikit_learn(rows):
    labels, probabilities = np.array(rows).T
    assert log_loss(labels, probabilities).mean() == pytest.approx(
        their_log_loss(labels, probabilities, labels=[0, 1]), rel=1e-6
    )
    assert brier(labels, probabilities).mean() == pytest.approx(brier_score_loss(labels, probabilities, labels=[0, 1]))

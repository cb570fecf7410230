"""Yes/No answers: counts, and the five metrics made of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from tastetune.metrics.confusion import (
    Confusion,
    accuracy,
    balanced_accuracy,
    confusion,
    f1,
    outcomes,
    precision,
    recall,
)

LABELS = np.array([1, 1, 1, 0, 0])
ANSWERS = np.array([1, 1, 0, 1, 0])
"""Two likes found, one missed, one dislike taken for a like, one seen."""

PAIRS = {
    precision: lambda y, a: oracle.precision_score(y, a, zero_division=0),
    recall: oracle.recall_score,
    f1: oracle.f1_score,
    accuracy: oracle.accuracy_score,
    balanced_accuracy: oracle.balanced_accuracy_score,
}


def test_counts():
    assert confusion(LABELS, ANSWERS) == Confusion(true_yes=2, false_yes=1, false_no=1, true_no=1)


def test_by_hand():
    counts = confusion(LABELS, ANSWERS)
    assert precision(counts) == pytest.approx(2 / 3)  # of three Yes, two are likes
    assert recall(counts) == pytest.approx(2 / 3)  # of three likes, two got a Yes
    assert f1(counts) == pytest.approx(2 / 3)
    assert accuracy(counts) == pytest.approx(3 / 5)
    assert balanced_accuracy(counts) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_one_call_for_many_resamples():
    weights = np.array([[1, 1, 1, 1, 1], [2, 0, 0, 1, 1]])
    counts = Confusion(*(weights @ outcomes(LABELS, ANSWERS)).T)
    # The second draws the first like twice, the other likes never: 2 true Yes, 1 false Yes, 1 true No.
    np.testing.assert_allclose(precision(counts), [2 / 3, 2 / 3])
    np.testing.assert_allclose(recall(counts), [2 / 3, 1])


def test_never_yes_has_precision_zero():
    counts = confusion([1, 0], [0, 0])
    assert (precision(counts), recall(counts), f1(counts)) == (0, 0, 0)


def test_one_class_leaves_what_needs_both_undefined():
    only_dislikes = confusion([0, 0], [1, 0])
    assert np.isnan([recall(only_dislikes), f1(only_dislikes), balanced_accuracy(only_dislikes)]).all()
    assert accuracy(only_dislikes) == 0.5
    assert np.isnan(balanced_accuracy(confusion([1, 1], [1, 0])))


def test_no_rows():
    assert np.isnan(accuracy(confusion([], [])))


@pytest.mark.parametrize(("metric", "theirs"), PAIRS.items(), ids=lambda f: getattr(f, "__name__", "oracle"))
@given(rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=30))
def test_agrees_with_scikit_learn(metric, theirs, rows):
    labels, answers = np.array([(0, 0), (1, 1), *rows]).T  # both classes, so that all are defined
    assert metric(confusion(labels, answers)) == pytest.approx(theirs(labels, answers))

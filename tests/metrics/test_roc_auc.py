"""ROC-AUC: the chance that a like is scored above a dislike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as their_curve

from tastetune.metrics.roc_auc import roc_auc, roc_curve

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 3)), max_size=40)
"""(label, score of a few values so that many tie, weight)."""


def both_classes(rows):
    return np.array([(0, 2, 1), (1, 2, 1), *rows]).T


def test_by_hand():
    # Likes score 3 and 1, dislikes 2 and 1. Pairs won: 3 > 2, 3 > 1; 1 = 1 counts half; 1 < 2 is lost.
    assert roc_auc([1, 1, 0, 0], [3, 1, 2, 1]) == 2.5 / 4


def test_perfect_reversed_and_constant():
    assert roc_auc([0, 0, 1], [0.1, 0.2, 0.3]) == 1
    assert roc_auc([1, 1, 0], [0.1, 0.2, 0.3]) == 0
    assert roc_auc([1, 0, 1], [0.5, 0.5, 0.5]) == 0.5


@pytest.mark.parametrize("labels", [[1, 1], [0, 0], []])
def test_one_class_is_undefined(labels):
    assert np.isnan(roc_auc(labels, np.arange(len(labels))))


def test_a_resample_without_a_class_is_undefined():
    # The first keeps all rows, the second draws the dislikes alone.
    weights = np.array([[1, 1, 1], [0, 1, 2]])
    np.testing.assert_array_equal(roc_auc([1, 0, 0], [3, 1, 2], weights), [1, np.nan])


@given(ROWS)
def test_agrees_with_scikit_learn(rows):
    labels, scores, _ = both_classes(rows)
    assert roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


@given(ROWS)
def test_a_weight_is_a_repetition(rows):
    labels, scores, weights = both_classes(rows)
    resamples = np.stack([np.ones_like(weights), weights])
    repeated = roc_auc_score(np.repeat(labels, weights), np.repeat(scores, weights))
    np.testing.assert_allclose(roc_auc(labels, scores, resamples), [roc_auc_score(labels, scores), repeated])


@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows, random):
    labels, scores, _ = both_classes(rows)
    order = random.sample(range(len(labels)), len(labels))
    assert roc_auc(labels[order], scores[order]) == pytest.approx(roc_auc(labels, scores))


@given(ROWS)
def test_only_the_order_of_scores_matters(rows):
    labels, scores, _ = both_classes(rows)
    assert roc_auc(labels, np.exp(scores) - 7) == pytest.approx(roc_auc(labels, scores))


@given(ROWS)
def test_the_curve_agrees_with_scikit_learn_and_encloses_the_area(rows):
    labels, scores, _ = both_classes(rows)
    alarms, hits = roc_curve(labels, scores)
    theirs = their_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose([alarms, hits], theirs[:2])
    assert np.trapezoid(hits, alarms) == pytest.approx(roc_auc(labels, scores))

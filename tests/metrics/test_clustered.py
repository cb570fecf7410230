"""The width of a ROC-AUC's interval over users, against a bootstrap of the users."""

import numpy as np
import pytest

from tastetune.metrics.clustered import roc_auc_interval_width
from tastetune.metrics.roc_auc import roc_auc


def made(users, each, seed):
    """Rows of users who differ in how much they like, scored by what they like and noise."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), each)
    taste = rng.normal(0, 1, users)[user]
    return (taste + rng.normal(0, 1, len(user)) > 0).astype(int), taste + rng.normal(0, 1, len(user)), user


def test_by_hand():
    # Likes score 2 and 0, dislikes 1 and -1: of four pairs three are right, so the area is 3/4. Parts: like 2 is right
    # with both dislikes (1 - 3/4) / 2 = 1/8, like 0 with one (1/2 - 3/4) / 2 = -1/8; dislike 1 with one like -1/8,
    # dislike -1 with both 1/8. One user each: 4/64 = (1/4)^2, so 2 x 1.96 / 4.
    labels, scores = np.array([1, 1, 0, 0]), np.array([2.0, 0.0, 1.0, -1.0])
    assert roc_auc_interval_width(labels, scores, np.arange(4)) == pytest.approx(1.96 / 2, abs=1e-4)
    # Rows 1 and 3 of one user, 2 and 4 of another: 1/8 - 1/8 = 0 and -1/8 + 1/8 = 0.
    assert roc_auc_interval_width(labels, scores, np.array([0, 1, 0, 1])) == 0


def test_it_is_about_the_width_of_a_bootstrap_over_users():
    labels, scores, users = made(users=120, each=15, seed=0)
    weights = np.random.default_rng(1).multinomial(120, np.full(120, 1 / 120), size=1000)[:, users]
    low, high = np.quantile(roc_auc(labels, scores, weights), [0.025, 0.975])
    width = roc_auc_interval_width(labels, scores, users)
    assert width == pytest.approx(high - low, rel=0.1)
    assert width > 1.3 * roc_auc_interval_width(labels, scores, np.arange(len(labels)))  # rows of a user go together


def test_one_label_alone_has_no_interval():
    assert np.isnan(roc_auc_interval_width(np.ones(3), np.zeros(3), np.arange(3)))

"""UAUC: ROC-AUC inside each user, averaged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tastetune.metrics.uauc import uauc, user_aucs

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=60)
"""(label, score, user)."""

LABELS = np.array([1, 0, 1, 0, 0, 1, 1])
SCORES = np.array([3, 1, 2, 5, 4, 9, 8])
USERS = np.array([0, 0, 1, 1, 1, 2, 2])
"""User 0 is ordered rightly; user 1's like lies under both dislikes; user 2 has no dislike."""


def test_by_hand():
    aucs = user_aucs(LABELS, SCORES, USERS, n_users=3)
    np.testing.assert_array_equal(aucs, [1, 0, np.nan])
    assert uauc(aucs) == 0.5  # over two users
    assert uauc(aucs, np.array([2, 3, 2])) == pytest.approx(2 / 5)  # users 0 and 1 have two and three rows


def test_users_drawn_several_times_count_several_times():
    drawn = np.array([[1, 1, 1], [3, 1, 0]])
    np.testing.assert_allclose(uauc(user_aucs(LABELS, SCORES, USERS, 3), drawn), [1 / 2, 3 / 4])


def test_without_a_user_of_both_labels_it_is_undefined():
    assert np.isnan(uauc(user_aucs(np.array([1, 1, 0]), np.array([1, 2, 3]), np.array([0, 0, 1]), 2)))
    assert np.isnan(uauc(user_aucs(np.array([]), np.array([]), np.array([], int), 2)))


@given(ROWS)
def test_each_user_agrees_with_scikit_learn(rows):
    labels, scores, users = np.array(rows).T
    found = user_aucs(labels, scores, users, 5)
    for user in range(5):
        mine = users == user
        if len(set(labels[mine])) < 2:
            assert np.isnan(found[user])
        else:
            assert found[user] == pytest.approx(roc_auc_score(labels[mine], scores[mine]))


@given(ROWS, st.permutations(range(5)), st.randoms(use_true_random=False))
def test_neither_order_nor_names_of_users_matter(rows, names, random):
    labels, scores, users = np.array(rows).T
    order = random.sample(range(len(rows)), len(rows))
    again = user_aucs(labels[order], scores[order], np.array(names)[users[order]], 5)
    assert uauc(again) == pytest.approx(uauc(user_aucs(labels, scores, users, 5)), nan_ok=True)


def test_a_score_that_follows_a_users_own_rows_stays_below_a_coin_within_the_user():
    # Likes fall by chance, at each user's own rate, so nothing can order one user's rows: a fixed score has 0.5. The
    # share of likes among the last 15 ratings rises with each like that was told, and what is left of a user's 20 rows
    # then holds fewer: by Miller and Sanjurjo (Econometrica 2018) no coin, but less
    draw = np.random.default_rng(0)
    users, rows, past = 2000, 20, 15
    likes = draw.random((users, past + rows)) < draw.beta(3, 3, (users, 1))
    share = np.stack([likes[:, at : at + past].mean(1) for at in range(rows)], axis=1)
    labels, who = likes[:, past:].ravel(), np.repeat(np.arange(users), rows)
    follows, fixed = (uauc(user_aucs(labels, score, who, users)) for score in (share.ravel(), draw.random(len(who))))
    assert fixed == pytest.approx(0.5, abs=0.01)
    assert follows == pytest.approx(0.36, abs=0.03)

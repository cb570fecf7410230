"""An SVD answers somebody who was not among its users."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from tastetune.baselines.item_side import ItemSide

TWO = ItemSide(np.array(["a", "b"]), np.array([[1.0], [-1.0]]), np.array([0.5, 0.0]), 3.0, 1.0, 0.25)


def test_a_person_of_one_rating_by_hand():
    """a is rated 4: z = 1, of which its bias explains 0.5.

    X'X + reg I = [[1.25, 1], [1, 1.25]], X'(z - b) = [0.5, 0.5], so both of the person's parameters are 0.5 / 2.25.
    Of a: 3 + 0.5 + 2 * 0.5 / 2.25; of b, whose factor is the opposite: 3 + 0 + 0.
    """
    assert TWO.estimates(["a"], [4.0], ["a", "b"]) == pytest.approx([3.5 + 1 / 2.25, 3.0])


def test_without_ratings_the_items_alone_speak():
    assert TWO.estimates([], [], ["b", "a"]) == pytest.approx([3.0, 3.5])


def test_an_item_that_nobody_rated_is_an_average_one():
    """Its bias is 0.25, its factor 0, and the person's bias 0.5 / 2.25 as above."""
    assert TWO.estimates(["a"], [4.0], ["new"]) == pytest.approx([3.25 + 0.5 / 2.25])


def test_without_a_penalty_the_smallest_person_that_fits_answers():
    """Both parameters add up to the 0.5 that a's bias leaves, and are smallest at 0.25 each; for b they cancel out."""
    free = replace(TWO, reg_weight=0.0)
    assert free.estimates(["a"], [4.0], ["a", "b"]) == pytest.approx([4.0, 3.0])
    assert free.estimates([], [], ["a"]) == pytest.approx([3.5])


def test_it_is_ridge_regression_on_the_items_factors():
    rng = np.random.default_rng(0)
    names = np.array([f"i{n}" for n in range(30)])
    items = ItemSide(names, rng.normal(size=(30, 3)), rng.normal(size=30), 3.5, 1.2, 0.1)
    ratings = rng.integers(1, 6, 12).astype(float)
    x = np.column_stack([np.ones(30), items.factors])
    oracle = Ridge(alpha=12 * 0.1, fit_intercept=False).fit(x[:12], (ratings - 3.5) / 1.2 - items.biases[:12])
    expected = 3.5 + 1.2 * (items.biases[12:] + oracle.predict(x[12:]))
    np.testing.assert_allclose(items.estimates(names[:12], ratings, names[12:]), expected)

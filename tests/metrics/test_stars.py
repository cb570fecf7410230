"""RMSE and MAE of predicted stars."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from tastetune.metrics.stars import absolute_error, squared_error


def test_by_hand():
    np.testing.assert_array_equal(squared_error([5, 3], [4, 5]), [1, 4])
    np.testing.assert_array_equal(absolute_error([5, 3], [4, 5]), [1, 2])


@given(st.lists(st.tuples(st.floats(1, 5), st.floats(1, 5)), min_size=1))
def test_agrees_with_scikit_learn(rows):
    ratings, predicted = np.array(rows).T
    assert np.sqrt(squared_error(ratings, predicted).mean()) == pytest.approx(
        root_mean_squared_error(ratings, predicted)
    )
    assert absolute_error(ratings, predicted).mean() == pytest.approx(mean_absolute_error(ratings, predicted))

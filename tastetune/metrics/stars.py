"""Errors of predicted stars, one a row.

Source: Herlocker et al., Evaluating collaborative filtering recommender systems (TOIS 22, 2004), section 4.1.
"""

import numpy as np


def squared_error(ratings: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Squared error of each row, stars squared, (rows,); the root of its mean is the RMSE."""
    return (np.asarray(predicted, np.float64) - np.asarray(ratings, np.float64)) ** 2


def absolute_error(ratings: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Absolute error of each row, stars, (rows,); its mean is the MAE."""
    return np.abs(np.asarray(predicted, np.float64) - np.asarray(ratings, np.float64))

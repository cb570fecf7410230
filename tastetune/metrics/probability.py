"""Losses of a predicted probability, one a row; a metric is their mean.

Source: Brier, Verification of forecasts expressed in terms of probability (Monthly Weather Review 78, 1950), for two
classes in its one-sided form; the logarithmic loss: Good, Rational decisions (JRSS B 14, 1952).
"""

import numpy as np

SMALLEST = np.finfo(np.float64).eps
"""Probabilities are kept this far from 0 and 1 (as scikit-learn does), so that a sure wrong answer costs 36 nats."""


def log_loss(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Negative log-likelihood of each row, nats, (rows,)."""
    probabilities = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    return -np.log(np.where(np.asarray(labels, bool), probabilities, 1 - probabilities))


def brier(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Squared distance of each row's probability from its label, in 0..1, (rows,)."""
    return (np.asarray(probabilities, np.float64) - np.asarray(labels, np.float64)) ** 2

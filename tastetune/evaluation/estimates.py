"""Replicates of a metric -> its value and interval, as scores.json holds them."""

import numpy as np

from tastetune.evaluation.bootstrap import interval
from tastetune.tasks import Measured


def estimates(measured: Measured) -> dict[str, dict]:
    """`value`, `low` and `high` of each metric; None, with a `reason`, where there is none."""
    one_user = measured.users == 1
    described: dict[str, dict] = {}
    for name, values in measured.replicates.items():
        reason = measured.reasons.get(name) or ("one user, so no interval" if one_user else None)
        low, high = (np.nan, np.nan) if one_user else interval(values)
        described[name] = {"value": number(values[0]), "low": number(low), "high": number(high)}
        described[name] |= {"reason": reason} if reason else {}
    return described


def number(value: float) -> float | None:
    """A plain float; None for NaN, which JSON does not know."""
    return None if np.isnan(value) else float(value)

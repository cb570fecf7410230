"""What share of a catalogue's lines is recalled, and what share guessing would get.

Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference (JASA 22, 1927), for the intervals;
Davison and Hinkley, Bootstrap Methods and their Application (1997), section 4.3, for the permutation test.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from tastetune.evaluation.bootstrap import LEVEL
from tastetune.evaluation.slices import FIFTHS
from tastetune.probe.forms import Form, Question

DEALS = 1000
"""Random deals of the answers behind a p-value."""


@dataclass(frozen=True)
class Fifths:
    """Fifths of a catalogue by how often its items are rated, rarest first; equally rated ones stay together.

    Attributes:
        of: each item's fifth, from 0.
        ratings: how often each is rated.
    """

    of: np.ndarray
    ratings: np.ndarray


def fifths_by(ratings: Sequence[int]) -> Fifths:
    """The fifths of a catalogue with these numbers of ratings; many equal ones leave fifths empty."""
    ratings = np.asarray(ratings)
    edges = np.quantile(ratings, np.arange(1, FIFTHS) / FIFTHS)
    return Fifths(np.searchsorted(edges, ratings, side="left"), ratings)


def shares(
    form: Form,
    known: Sequence[Question],
    unknown: Sequence[Question],
    told: Sequence[str],
    *,
    fifths: Fifths,
    rng: np.random.Generator,
) -> dict:
    """One form's figures.

    Args:
        known, unknown: the questions, and those of the control, item by item.
        told: the answers to either, in this order.

    Returns:
        `recalled`: the share of items whose answer is right, with its interval; `chance`: the share that these answers
        would get on average if they were dealt to the items at random, and `p`: how often such a deal gets as many;
        `neutral`: the share recalled in the control; `constant`: the best that one answer to every question could do;
        `copied`: wrong answers that repeat a line shown; `popularity`: `recalled` by fifth of the catalogue. Where
        nothing can be asked for, `n` is 0 and `reason` says why.
    """
    n = len(known)
    fits = _fits(form, known, told[:n])
    recalled = fits.diagonal()
    control = np.array([form.judge(q.answer)(answer) for q, answer in zip(unknown, told[n:], strict=True)], dtype=bool)
    of = fifths.of[[q.place for q in known]] if n else np.array([], dtype=int)
    return {
        "form": form.name,
        "asks": form.asks,
        "n": n,
        "recalled": _share(recalled),
        "chance": float(fits.mean()) if n else None,
        "p": _p_of_deals(fits, rng) if n else None,
        "neutral": _share(control),
        "constant": max(Counter(form.key(q.answer) for q in known).values()) / n if n else None,
        "copied": sum(_copied(form, q, answer) for q, answer in zip(known, told[:n], strict=True)) / n if n else None,
        "popularity": [_fifth(k, recalled[of == k], fifths) for k in range(FIFTHS)],
    } | ({} if n else {"reason": form.needs})


def _fits(form: Form, questions: Sequence[Question], answers: Sequence[str]) -> np.ndarray:
    """bool (n, n): whether answer i would be right for question j."""
    judges = [form.judge(q.answer) for q in questions]
    rows = {answer: [judge(answer) for judge in judges] for answer in set(answers)}
    return np.array([rows[answer] for answer in answers], dtype=bool).reshape(len(questions), len(questions))


def _p_of_deals(fits: np.ndarray, rng: np.random.Generator) -> float:
    """One-sided: the share of random deals, the one observed among them, that get as many right."""
    n, right = len(fits), fits.diagonal().sum()
    dealt = [fits[rng.permutation(n), range(n)].sum() for _ in range(DEALS)]
    return float((1 + sum(got >= right for got in dealt)) / (1 + DEALS))


def _copied(form: Form, question: Question, answer: str) -> bool:
    return not form.judge(question.answer)(answer) and any(form.judge(seen)(answer) for seen in question.shown)


def _fifth(k: int, recalled: np.ndarray, fifths: Fifths) -> dict:
    ratings = fifths.ratings[fifths.of == k]
    ends = {"from": int(ratings.min()), "to": int(ratings.max())} if len(ratings) else {"from": None, "to": None}
    return {"fifth": k + 1, **ends, "n": len(recalled), "recalled": _share(recalled)}


def _share(right: np.ndarray) -> dict[str, float | None]:
    if not len(right):
        return {"value": None, "low": None, "high": None}
    ends = binomtest(int(right.sum()), len(right)).proportion_ci(LEVEL, method="wilson")
    return {"value": float(right.mean()), "low": float(ends.low), "high": float(ends.high)}

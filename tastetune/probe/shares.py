"""What share of a catalogue's lines is recalled, and what share guessing would get.

Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference (JASA 22, 1927), for the intervals;
Davison and Hinkley, Bootstrap Methods and their Application (1997), section 4.3, for the permutation test.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tastetune.evaluation.bootstrap import LEVEL
from tastetune.evaluation.slices import FIFTHS
from tastetune.probe.forms import Form, Question

DEALS = 1000
"""Random deals of the answers behind a p-value."""


@dataclass(frozen=True)
class Answered:
    """Questions of one form with their answers, and item by item the same of the control, whose titles are neutral."""

    questions: Sequence[Question]
    answers: Sequence[str]
    control: Sequence[Question]
    control_answers: Sequence[str]


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
    counts = np.asarray(ratings)
    edges = np.quantile(counts, np.arange(1, FIFTHS) / FIFTHS)
    return Fifths(np.searchsorted(edges, counts, side="left"), counts)


def shares(form: Form, answered: Answered, *, fifths: Fifths, rng: np.random.Generator) -> dict:
    """One form's figures.

    Returns:
        `recalled`: the share of items whose answer is right, with its interval; `chance`: the share that these answers
        would get on average if they were dealt to the items at random, and `p`: how often such a deal gets as many;
        `neutral`: the share recalled in the control; `constant`: the best that one answer to every question could do;
        `copied`: wrong answers that repeat a line shown; `popularity`: `recalled` by fifth of the catalogue. Where
        nothing can be asked for, `n` is 0 and `reason` says why.
    """
    n = len(answered.questions)
    fits = _fits(form, answered.questions, answered.answers)
    recalled = fits.diagonal()
    fifth = fifths.of[[question.place for question in answered.questions]] if n else np.array([], dtype=int)
    return {
        "form": form.name,
        "asks": form.asks,
        "n": n,
        "recalled": _share(recalled),
        "chance": float(fits.mean()) if n else None,
        "p": _p_of_deals(fits, rng) if n else None,
        "neutral": _share(_right(form, answered.control, answered.control_answers)),
        "constant": _best_constant(form, answered.questions) if n else None,
        "copied": float(_copied(form, answered).mean()) if n else None,
        "popularity": [_fifth(k, recalled[fifth == k], fifths) for k in range(FIFTHS)],
    } | ({} if n else {"reason": form.needs})


def _fits(form: Form, questions: Sequence[Question], answers: Sequence[str]) -> np.ndarray:
    """bool (n, n): whether answer i would be right for question j."""
    judges = [form.judge(question.answer) for question in questions]
    rows = {answer: [judge(answer) for judge in judges] for answer in set(answers)}
    return np.array([rows[answer] for answer in answers], dtype=bool).reshape(len(questions), len(questions))


def _right(form: Form, questions: Sequence[Question], answers: Sequence[str]) -> np.ndarray:
    pairs = zip(questions, answers, strict=True)
    return np.array([form.judge(question.answer)(answer) for question, answer in pairs], dtype=bool)


def _p_of_deals(fits: np.ndarray, rng: np.random.Generator) -> float:
    """One-sided: the share of random deals, the one observed among them, that get as many right."""
    n, right = len(fits), fits.diagonal().sum()
    dealt = [fits[rng.permutation(n), range(n)].sum() for _ in range(DEALS)]
    return float((1 + sum(got >= right for got in dealt)) / (1 + DEALS))


def _best_constant(form: Form, questions: Sequence[Question]) -> float:
    counts = Counter(form.key(question.answer) for question in questions)
    return max(counts.values()) / len(questions)


def _copied(form: Form, answered: Answered) -> np.ndarray:
    """Whether each answer is wrong and repeats one of the lines above, bool (n,)."""
    repeats = [
        any(form.judge(example)(answer) for example in question.examples)
        for question, answer in zip(answered.questions, answered.answers, strict=True)
    ]
    return np.array(repeats, dtype=bool) & ~_right(form, answered.questions, answered.answers)


def _fifth(k: int, recalled: np.ndarray, fifths: Fifths) -> dict:
    ratings = fifths.ratings[fifths.of == k]
    ends = {"from": int(ratings.min()), "to": int(ratings.max())} if len(ratings) else {"from": None, "to": None}
    return {"fifth": k + 1, **ends, "n": len(recalled), "recalled": _share(recalled)}


def _share(right: np.ndarray) -> dict[str, float | None]:
    if not len(right):
        return {"value": None, "low": None, "high": None}
    from scipy.stats import binomtest  # it takes a second to load, and every scoring would wait for it

    ends = binomtest(int(right.sum()), len(right)).proportion_ci(LEVEL, method="wilson")
    return {"value": float(right.mean()), "low": float(ends.low), "high": float(ends.high)}

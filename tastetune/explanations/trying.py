"""From a model that answers rows and writes why to explanations, each tried by taking out what it names."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tastetune.explanations.explanation import LIKELY, Explanation, ExplanationSettings
from tastetune.explanations.naming import TitleReader
from tastetune.explanations.pasts import Case, as_rows, read_cases
from tastetune.tasks import Rows
from tastetune.tasks.prompts import read_items

Answering = Callable[[Rows], np.ndarray]
"""From rows to P(like) of each, float64 (rows,)."""

Writing = Callable[[Rows, np.ndarray], Sequence[str]]
"""From rows, and of each whether its answer is a like, bool (rows,), to a text of each that says why."""


def tried_explanations(
    rows: Rows, answer: Answering, write: Writing, settings: ExplanationSettings
) -> list[Explanation]:
    """An explanation of each row, in the rows' order.

    Each row is answered behind its history. Where its text names some of the history and leaves as many others, it is
    answered again: without the ratings of what is named, and `settings.draws` times without as many others.
    """
    cases = read_cases(rows)
    asked = as_rows(rows, cases)
    p_like = answer(asked)
    texts = write(asked, p_like >= LIKELY)
    titles = {item: known.title for item, known in read_items(rows.dataset).items()}
    reader = TitleReader(titles, rows.dataset.item_counts())
    ids = (rows.table[name].to_pylist() for name in ("example_id", "user_id"))
    written = []
    for example_id, user_id, case, p, text in zip(*ids, cases, p_like.tolist(), texts, strict=True):
        past = tuple(rated.item for rated in case.past)
        named = reader.read(text, past, case.target.item)
        written.append(Explanation(example_id, user_id, case.target.item, past, p, text, *named))
    return _tried(rows, answer, settings, cases, written)


def _tried(
    rows: Rows, answer: Answering, settings: ExplanationSettings, cases: Sequence[Case], written: list[Explanation]
) -> list[Explanation]:
    rng, changed = np.random.default_rng(settings.seed), {}
    for number, (case, explanation) in enumerate(zip(cases, written, strict=True)):
        named = [place for place, item in enumerate(explanation.past) if item in explanation.named]
        others = [place for place in range(len(case.past)) if place not in named]
        if named and len(named) <= len(others):
            drawn = [rng.choice(others, len(named), replace=False).tolist() for _ in range(settings.draws)]
            changed[number] = [case.without(places) for places in (named, *drawn)]
    if not changed:
        return written
    p_like = answer(as_rows(rows, [case for of_row in changed.values() for case in of_row]))
    for number, (first, *others) in zip(changed, p_like.reshape(len(changed), -1).tolist(), strict=True):
        written[number] = replace(written[number], without_named=first, without_others=tuple(others))
    return written

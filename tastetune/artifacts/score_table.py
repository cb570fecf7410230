"""Answers to rows with one item each, as a table: a score a row, and the text that was generated for it, if any was."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.errors import InputError

GREATEST = 1e30
"""A score is no further from 0: errors are squared and summed."""

SCHEMA = pa.schema([("example_id", pa.string()), ("score", pa.float64()), ("answer", pa.string())])


def score_table(
    example_ids: Sequence[str], scores: Sequence[float] | np.ndarray, answers: Sequence[str | None] | None = None
) -> pa.Table:
    """The table of one model's answers.

    Args:
        example_ids: the rows answered, each once.
        scores: float64, higher is more liked; finite.
        answers: what was generated, None where nothing was.

    Raises:
        InputError: the lengths differ.
    """
    answers = [None] * len(example_ids) if answers is None else answers
    if not len(example_ids) == len(scores) == len(answers):
        raise InputError(
            f"{len(example_ids)} ids, {len(scores)} scores and {len(answers)} answers; give one of each a row"
        )
    return pa.table([pa.array(example_ids), pa.array(np.asarray(scores, np.float64)), pa.array(answers)], SCHEMA)


def check_scores(table: pa.Table, path: str | Path) -> None:
    """Raise InputError unless every row has an id, every id stands once and every score is finite."""
    if table["example_id"].null_count:
        raise InputError(f"{path}: {table['example_id'].null_count} rows have no example_id; give each its row's")
    counts = pc.value_counts(table["example_id"].combine_chunks())
    twice = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    if len(twice):
        raise InputError(f"{path}: example_id {twice[0].as_py()!r} is answered more than once; keep one row an example")
    scores = table["score"].to_numpy()
    bad = np.flatnonzero(~np.isfinite(scores))
    if not len(bad) and (np.abs(scores) > GREATEST).any():
        worst = int(np.abs(scores).argmax())
        raise InputError(
            f"{path}: the score of example_id {table['example_id'][worst].as_py()!r} is {scores[worst]}, expected at "
            f"most {GREATEST:g} either way; mend the model, its squares would be no numbers"
        )
    if len(bad):
        raise InputError(
            f"{path}: the score of example_id {table['example_id'][int(bad[0])].as_py()!r} is {scores[bad[0]]}, "
            f"and {len(bad)} of {len(scores)} scores are not finite; mend the model, a score must be a number"
        )


def align_scores(
    table: pa.Table, example_ids: Sequence[str], path: str | Path | None, split: str
) -> tuple[np.ndarray, list[str | None]]:
    """Scores (float64, n) and generated answers (n) in the order of `example_ids`.

    Raises:
        InputError: a row is not answered, or an answer belongs to no row.
    """
    rows = pa.array(example_ids, pa.string())
    answered = table["example_id"].combine_chunks()
    where = pc.index_in(rows, answered)
    if where.null_count:
        absent = rows.filter(pc.is_null(where))
        raise InputError(
            f"{path}: {len(absent)} of {len(rows)} rows of split {split!r} are not answered, "
            f"first {absent[0].as_py()!r}; predict the whole split"
        )
    if len(answered) > len(rows):
        extra = answered.filter(pc.invert(pc.is_in(answered, rows)))
        raise InputError(
            f"{path}: {len(extra)} answers belong to no row of the split, first {extra[0].as_py()!r}; "
            "predict on the dataset and split that are scored"
        )
    ordered = table.take(where)
    return ordered["score"].to_numpy(), ordered["answer"].to_pylist()

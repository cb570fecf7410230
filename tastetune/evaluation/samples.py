"""A few single rows with every model's answer, to be looked at."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tastetune.tasks import Rows

SIZE = 200


def sample_rows(rows: Rows, answers: Mapping[str, Any], seed: int, with_text: bool | None = None) -> dict:
    """Rows drawn by seed, in the dataset's order, for `scores.json`.

    Args:
        rows: of the split.
        answers: by model, see `tastetune.tasks.Task.answers`.
        seed: of the drawing.
        with_text: whether to give ids and texts away; None as the licence of the ratings says.

    Returns:
        `withheld`, and `sample`: see the `examples` of the rows' task.
    """
    if with_text is None:
        with_text = rows.dataset.may_be_shared
    drawn = np.sort(np.random.default_rng(seed).permutation(len(rows.table))[:SIZE])
    return {"withheld": not with_text, "sample": rows.task.examples(rows, drawn, answers, with_text)}

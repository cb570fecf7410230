"""A few single rows with every model's answer, to be looked at."""

from collections.abc import Sequence

import numpy as np

from tastetune.artifacts.predictions import Predictions, align
from tastetune.metrics.measure import Answered
from tastetune.tasks.answers import CONFIG, Rows

SIZE = 200


def sample_rows(
    rows: Rows,
    predictions: Sequence[Predictions],
    answers: Sequence[Answered],
    seed: int,
    with_text: bool | None = None,
) -> dict:
    """Rows drawn by seed, in the dataset's order, for `scores.json`.

    Args:
        rows: the split.
        predictions, answers: of each model.
        seed: of the drawing.
        with_text: whether to give ids, ratings and prompts away; None as the licence of the ratings says.

    Returns:
        `withheld`, and `sample`: of each row `row` (its id; its number if withheld), `label`, and by model `scores`,
        `yes` and `written`, the text it generated; with `prompt`, `completion` and `rating` unless withheld.
    """
    if with_text is None:
        with_text = rows.dataset.may_be_shared
    drawn = np.sort(np.random.default_rng(seed).permutation(len(rows.table))[:SIZE])
    sample = [
        {"row": f"row {at}", "label": int(rows.table["label"][int(row)].as_py())} for at, row in enumerate(drawn, 1)
    ]
    for found in sample:
        found |= {"scores": {}, "yes": {}, "written": {}}
    for prediction, answer in zip(predictions, answers, strict=True):
        model, (_, texts) = prediction.meta.model, align(prediction, rows.table["example_id"])
        for found, row in zip(sample, drawn, strict=True):
            found["scores"][model] = round(float(answer.scores[row]), 4)
            found["yes"][model] = int(answer.yes[row])
            if texts[row] is not None:
                found["written"][model] = texts[row]
    if with_text:
        text = rows.dataset.read(CONFIG, rows.split, ["example_id", "prompt", "completion", "rating"]).take(drawn)
        for found, more in zip(sample, text.rename_columns({"example_id": "row"}).to_pylist(), strict=True):
            found.update(more)
    return {"withheld": not with_text, "sample": sample}

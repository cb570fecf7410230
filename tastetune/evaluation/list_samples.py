"""A few single users with every model's list, to be looked at."""

from collections.abc import Mapping, Sequence

import numpy as np

from tastetune.artifacts.list_predictions import Line
from tastetune.evaluation.samples import SIZE
from tastetune.tasks.list_rows import ListRows


def sample_users(
    rows: ListRows,
    lists: Mapping[str, Sequence[Sequence[Line]]],
    verdicts: Mapping[str, np.ndarray],
    seed: int,
    with_text: bool | None = None,
) -> dict:
    """Users drawn by seed, in the dataset's order, for `scores.json`.

    Args:
        rows: the split.
        lists: of each model, in the order of `rows`.
        verdicts: of each model what each line is worth, (users, depth), see `tastetune.metrics.lines.verdicts`.
        seed: of the drawing.
        with_text: whether to give ids and titles away; None as the licence of the ratings says.

    Returns:
        `withheld`, and `sample`: of each user `row` (the id; the number if withheld), how many films are `favourites`
        and `gold` (their titles unless withheld), and `lists`: by model, a line `verdict`, and unless withheld the
        `title` it names (null off the catalogue) and what was `written` instead, if it was spelt otherwise.
    """
    if with_text is None:
        with_text = rows.dataset.may_be_shared
    items = rows.dataset.read("items", "train", ["item_id", "title"])
    titles = dict(zip(items["item_id"].to_pylist(), items["title"].to_pylist(), strict=True)) if with_text else None
    drawn = np.sort(np.random.default_rng(seed).permutation(len(rows.example_ids))[:SIZE])
    sample = []
    for at, user in enumerate(drawn.tolist(), 1):
        found = {
            model: [
                _line(verdict, line, titles) for verdict, line in zip(verdicts[model][user], of[user], strict=False)
            ]
            for model, of in lists.items()
        }
        sample.append({"row": f"user {at}", **_described(rows, user, titles), "lists": found})
    return {"withheld": not with_text, "sample": sample}


def _described(rows: ListRows, user: int, titles: Mapping[str, str] | None) -> dict:
    liked, gold = rows.liked[user], rows.gold[user]
    if titles is None:
        return {"favourites": len(liked), "gold": len(gold)}
    named = {name: [titles[item] for item in of] for name, of in (("favourites", liked), ("gold", gold))}
    return {"row": rows.example_ids[user], **named}


def _line(verdict: str, line: Line, titles: Mapping[str, str] | None) -> dict:
    if titles is None:
        return {"verdict": str(verdict)}
    title = titles.get(line.item_id)
    other = {} if line.answer in (None, title) else {"written": line.answer}
    return {"verdict": str(verdict), "title": title, **other}

"""How far the answers of two models lie apart on the same rows."""

from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa

from tastetune.tasks import Rows

SCORES = {
    "like_dislike": "P(Yes)",
    "stream": "P(Yes)",
    "rating": "the expected stars",
    "stream_rating": "P(like)",
}
"""What a score is, by the task's name."""

LISTS = "share of lists that differ"


@dataclass(frozen=True)
class Difference:
    """How far two models' answers lie apart.

    Attributes:
        measure: what `value` is: the largest difference in a score, or of lists the share that differ.
        rows: how many were asked.
    """

    measure: str
    value: float
    rows: int
    dataset: str
    fingerprint: str
    split: str

    @property
    def record(self) -> dict:
        """Its fields, as JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.measure}: {self.value:.2g}, over {self.rows} rows of {self.dataset}, {self.split}"


def difference(rows: Rows, before: pa.Table, after: pa.Table) -> Difference:
    """How far two tables of answers to `rows` lie apart, scores or lists, both in the rows' order."""
    measure = f"largest difference in {SCORES.get(rows.task.config, 'the score')}"
    if "rank" in before.column_names:
        measure, value = LISTS, _share_of_other_lists(before, after)
    else:
        scores = [table["score"].to_numpy().astype(np.float64) for table in (before, after)]
        value = float(np.abs(scores[0] - scores[1]).max())
    dataset = rows.dataset
    return Difference(measure, value, len(rows.table), dataset.name, dataset.fingerprint, rows.split)


def _share_of_other_lists(before: pa.Table, after: pa.Table) -> float:
    lists = [_lists(before), _lists(after)]
    return float(np.mean([lists[0][row] != lists[1].get(row) for row in lists[0]]))


def _lists(table: pa.Table) -> dict[str, list]:
    lists: dict[str, list] = {}
    for line in table.to_pylist():
        lists.setdefault(line["example_id"], []).append((line["rank"], line["item_id"], line["answer"]))
    return lists

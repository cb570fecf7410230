"""What every baseline of likes reads: the labelled rows before a split, and its own."""

import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError


def read_labelled_rows(dataset: BuiltDataset, split: str, columns: list[str]) -> dict[str, pa.Table]:
    """The rows of train, validation and `split`, by split; only validation may be empty.

    Raises:
        InputError: a split or column is missing, or there is no row to fit on or to answer.
    """
    tables = {part: dataset.read(dataset.task, part, columns) for part in dict.fromkeys(["train", "validation", split])}
    for part in ("train", split):
        if not len(tables[part]):
            raise InputError(f"{dataset.path(dataset.task, part)}: no rows; build the dataset from a longer log")
    return tables

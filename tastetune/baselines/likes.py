"""What every baseline of likes reads: the labelled rows before a split, and its own."""

import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError


def read_labelled_rows(
    dataset: BuiltDataset, split: str, columns: list[str], of_answered: list[str] | None = None
) -> dict[str, pa.Table]:
    """The rows of train, validation and `split`, by split; only validation may be empty.

    Args:
        of_answered: further columns, of validation and of `split` alone.

    Raises:
        InputError: a split or column is missing, or there is no row to fit on or to answer.
    """
    wanted = {"train": columns, **{part: [*columns, *(of_answered or [])] for part in ("validation", split)}}
    tables = {part: dataset.read(dataset.task, part, names) for part, names in wanted.items()}
    for part in ("train", split):
        if not len(tables[part]):
            raise InputError(f"{dataset.path(dataset.task, part)}: no rows; build the dataset from a longer log")
    return tables

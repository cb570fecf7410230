"""The frozen rows of the recommend-ten task: who is asked, what they love, and the gold list."""

from dataclasses import dataclass

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError

CONFIG = "top_n"

KNOWN = {"test": ("train", "validation"), "validation": ("train",)}
"""Whose interactions a model may learn from, by the split it answers: never those of the users who are asked."""


@dataclass(frozen=True)
class ListRows:
    """The rows of one split, in the dataset's order.

    Attributes:
        liked, gold: item ids, best first.
        prompts: chat messages.
    """

    dataset: BuiltDataset
    split: str
    example_ids: list[str]
    user_ids: list[str]
    liked: list[list[str]]
    gold: list[list[str]]
    prompts: list[list[dict[str, str]]]
    config: str = CONFIG


def read_list_rows(dataset: BuiltDataset, split: str) -> ListRows:
    """The rows of `split`.

    Raises:
        InputError: no such split, a column missing, or no rows.
    """
    columns = ["example_id", "user_id", "liked", "gold", "prompt"]
    table = dataset.read(CONFIG, split, columns)
    if not len(table):
        raise InputError(f"{dataset.path(CONFIG, split)}: no rows; rebuild the dataset or name another split")
    return ListRows(dataset, split, *(table[name].to_pylist() for name in columns))

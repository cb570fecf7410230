"""What can be wrong with a dataset and shows in no figure: splits that share rows, items without a title."""

from itertools import combinations

import pyarrow as pa
import pyarrow.compute as pc

from tastetune.errors import InputError
from tastetune.tasks import task_of
from tastetune.training.preparation import Preparation

LEAST_JOINED = 0.9
"""The least share of the items in rows that the catalogue must have a title for."""

ONE_SIDED = 0.9
"""From this share on of one answer, a model that always gives it is right more often than not wrong."""


class Doubt(Exception):
    """What a check saw and a person should know, though it does not stop the run."""


def check_splits(run: Preparation) -> str:
    """No row stands in two splits: validation and test may not be one file."""
    config = task_of(run.dataset, run.data.dataset_config).rows_config
    ids = {}
    for split in ("train", "validation", "test"):
        if (run.dataset.folder / config / f"{split}.parquet").is_file():
            table = run.dataset.read(config, split)
            key = "example_id" if "example_id" in table.column_names else "user_id"
            ids[split] = set(table[key].to_pylist())
    for one, other in combinations(ids, 2):
        if shared := ids[one] & ids[other]:
            raise InputError(
                f"{run.dataset.source}: {len(shared):,} of {len(ids[other]):,} rows of {other} stand in {one} as well, "
                f"the first {min(shared)!r}; rebuild the dataset"
            )
    return ", ".join(f"{split} {len(of):,}" for split, of in ids.items())


def check_catalogue(run: Preparation) -> str:
    config = task_of(run.dataset, run.data.dataset_config).rows_config
    rows = run.dataset.read(config, run.data.dataset_train_split)
    titled = run.dataset.read("items", "train", ["item_id", "title"])
    items = titled.filter(pc.fill_null(pc.greater(pc.utf8_length(titled["title"]), 0), False))["item_id"]
    named = [_flat(rows[name]) for name in ("item_id", "history", "liked", "gold") if name in rows.column_names]
    total = sum(map(len, named))
    joined = sum(pc.sum(pc.is_in(ids, value_set=items.combine_chunks())).as_py() or 0 for ids in named)
    share = joined / total if total else 1.0
    text = f"{joined:,} of {total:,} items in rows have a title ({share:.1%})"
    if share < LEAST_JOINED:
        raise InputError(
            f"{run.dataset.source}: {text}; the catalogue is another log's: rebuild the dataset with its own"
        )
    if joined < total:
        raise Doubt(text)
    return text


def _flat(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks()
    return array.flatten() if pa.types.is_list(array.type) else array


def check_labels(run: Preparation) -> str:
    config = task_of(run.dataset, run.data.dataset_config).rows_config
    if "label" not in (names := run.dataset.read(config, run.data.dataset_train_split)).column_names:
        return "none: lists are asked for"
    likes = pc.mean(names["label"]).as_py()
    text = f"{likes:.0%} of the training rows are likes"
    if max(likes, 1 - likes) >= ONE_SIDED:
        raise Doubt(
            f"{text}: a model that always answers {'Yes' if likes > 0.5 else 'No'} has that accuracy; look at ROC-AUC, "
            "and at what the trivial models score"
        )
    return text

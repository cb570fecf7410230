"""Which rows a model was trained on, kept beside it as keys, so that no dataset can ask it for one of them."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError
from tastetune.files import replacing

ROWS = "trained_rows.parquet"
"""In a run's folder and in each checkpoint: the keys of the rows that it was trained on, sorted; no row itself."""

RATING = ("user_id", "item_id", "timestamp")
"""What a rating is, and a row of the same, in whichever dataset they stand, and however that was cut into splits."""

LIST = ("example_id", "liked")
"""What a user's list is; of other rows without a time `example_id` alone."""

BATCH = 1 << 17


class Record(Protocol):
    """What is asked of a run's record here, see `tastetune.artifacts.run.RunRecord`."""

    @property
    def source(self) -> str: ...

    @property
    def settings(self) -> dict: ...

    @property
    def rows(self) -> np.ndarray | None: ...

    def splits(self, fingerprint: str) -> list[str]: ...


def row_keys(dataset: BuiltDataset, config: str, split: str) -> np.ndarray:
    """The keys of a split's rows (of several, joined by `+`), uint64, sorted, each once.

    A key is 64 bits of a hash of who rated what when, so two datasets that were made of one log share keys, and two
    logs whose ids look alike do not.
    """
    present = pq.read_schema(dataset.path(config, split.partition("+")[0])).names
    columns = list(RATING if set(RATING) <= set(present) else [name for name in LIST if name in present])
    table = dataset.read(config, split, columns)
    return np.unique(np.fromiter(_keys(table), np.uint64, len(table)))


def _keys(table: pa.Table) -> Iterator[int]:
    for batch in table.to_batches(BATCH):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest(), "little")


def write_row_keys(path: Path, keys: np.ndarray) -> None:
    """Write keys, whole or not at all."""
    with replacing(path) as new:
        pq.write_table(pa.table({"key": np.unique(keys)}), new, compression="zstd")


def read_row_keys(path: Path) -> np.ndarray:
    """The keys that `write_row_keys` wrote.

    Raises:
        InputError: the file is damaged.
    """
    try:
        return pq.read_table(path, columns=["key"])["key"].to_numpy().astype(np.uint64)
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise InputError(
            f"{path}: no whole parquet file of keys ({error}), so what the model was trained on is not known; "
            "train it anew"
        ) from error


def refuse_trained(records: Iterable[Record], dataset: BuiltDataset, config: str, split: str) -> None:
    """Refuse to have rows answered by a model that was trained on some of them.

    Args:
        records: of every model that has a part in the answers: the base model's and the adapter's.
        dataset, config, split: the rows.

    Raises:
        InputError: a run names one of these splits of this dataset, or keeps keys of some of these rows, or was trained
            on another dataset and keeps none.
    """
    keys = None
    for record in records:
        if not record.settings:
            continue
        splits = record.splits(dataset.fingerprint)
        if seen := [part for part in split.split("+") if part in splits]:
            raise InputError(
                f"{record.source} was trained on {'+'.join(splits)}, so its answers to {seen[0]} show what it "
                "remembers; to choose anything on validation, train with --dataset_train_split train"
            )
        if record.rows is not None:
            keys = row_keys(dataset, config, split) if keys is None else keys
            if shared := len(np.intersect1d(keys, record.rows, assume_unique=True)):
                raise InputError(
                    f"{record.source} was trained on {shared:,} of the {len(keys):,} rows of split {split!r} of "
                    f"{dataset.source} ({_trained_on(record)}), so its answers show what it remembers; have it answer "
                    "rows of the dataset that it was trained on, or train it on this one"
                )
        elif not splits:
            raise InputError(
                f"{record.source} was trained on another dataset ({_trained_on(record)}) and keeps no {ROWS}, so "
                f"nobody can say which rows of {dataset.source} it has seen; train it anew"
            )


def _trained_on(record: Record) -> str:
    settings = record.settings
    return (
        f"its run names dataset {settings.get('dataset')!r}, split {settings.get('dataset_train_split')!r}, "
        f"fingerprint {str(settings.get('fingerprint'))[:12]!r}"
    )

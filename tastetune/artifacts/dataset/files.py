"""What the files of a built dataset are called: one parquet file a split, or several where it is large."""

import re
from pathlib import Path

from tastetune.errors import InputError

_SHARD = r"(-\d{5}-of-\d{5})?\.parquet"
WRITTEN = re.compile(rf"tastetune\.json|README\.md|eval\.yaml|\w+/(train|validation|test|test_sample){_SHARD}")
"""The files of a built dataset, by their paths in its folder."""


def shard_names(split: str, number: int) -> list[str]:
    """The names of a split's files, as the Hub's own are called."""
    if number == 1:
        return [f"{split}.parquet"]
    return [f"{split}-{place:05d}-of-{number:05d}.parquet" for place in range(number)]


def split_files(folder: Path, config: str, split: str) -> list[Path]:
    """The parquet files of one split, in the order of its rows; none if it is not there.

    Raises:
        InputError: some of them are missing.
    """
    whole = folder / config / f"{split}.parquet"
    if whole.is_file():
        return [whole]
    shards = sorted((folder / config).glob(f"{split}-[0-9]*-of-[0-9]*.parquet"))
    if shards and [path.name for path in shards] != shard_names(split, int(shards[0].stem[-5:])):
        raise InputError(f"{shards[0].parent}: not all files of split {split!r} are there; rebuild the dataset")
    return shards


def split_names(folder: Path, config: str) -> list[str]:
    """The splits of a config that lie in the folder."""
    return sorted({re.sub(rf"{_SHARD}$", "", path.name) for path in (folder / config).glob("*.parquet")})

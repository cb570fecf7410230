"""Writing one split as parquet files, a new one whenever the last is large enough."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from tastetune.artifacts.dataset.files import shard_names


class Written(NamedTuple):
    """One split as it was written: its files, its rows, and their bytes in memory."""

    paths: list[Path]
    rows: int
    bytes: int


def write_shards(
    folder: Path, split: str, schema: pa.Schema, tables: Iterable[pa.Table], *, rows_a_group: int, most_bytes: int
) -> Written:
    """Write tables of one schema, one behind the other: `SPLIT.parquet`, or `SPLIT-00000-of-00002.parquet` and so on.

    Args:
        tables: parts of `rows_a_group` rows, each of which stands whole in one file.
        most_bytes: of a file, about; one that holds a single part may be larger.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts, unnamed, rows = iter(tables), [], 0
    table: pa.Table | None = next(parts, schema.empty_table())
    while table is not None:
        path = folder / f"{split}.{len(unnamed)}"
        unnamed.append(path)
        with path.open("wb") as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
            end = largest = 0
            while table is not None and (not end or end + largest <= most_bytes):
                writer.write_table(table, row_group_size=rows_a_group)
                largest, end = max(largest, file.tell() - end), file.tell()
                rows += len(table)
                table = next(parts, None)
    paths = [folder / name for name in shard_names(split, len(unnamed))]
    for old, new in zip(unnamed, paths, strict=True):
        old.rename(new)
    # As read back: how tables come about in memory differs from engine to engine
    size = sum(batch.nbytes for path in paths for batch in pq.ParquetFile(path).iter_batches())
    return Written(paths, rows, size)

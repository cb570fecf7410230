"""Writing a dataset's folder: its tables, its settings and card, and the way to the Hub."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tastetune.artifacts.dataset import INFO, refuse_foreign
from tastetune.config.flags import OutputArguments
from tastetune.data.card import Source
from tastetune.errors import InputError
from tastetune.files import replacing
from tastetune.locks import held_place, refuse_unwritable


@dataclass
class DatasetFolder:
    """A dataset's folder while it is written.

    Attributes:
        path: where it is written.
        rows_a_group: rows in each group of a parquet file.
        summary: what was built, in one line; printed when the folder has taken its place.
    """

    path: Path
    rows_a_group: int
    summary: str = ""

    def write(
        self,
        config: str,
        split: str,
        schema: pa.Schema,
        tables: Iterable[pa.Table],
        progress: Callable[[int], object] = lambda rows: None,
    ) -> int:
        """Write one split of a config as a parquet file, with the columns of `schema`; returns the number of rows.

        Args:
            tables: parts of `rows_a_group` rows; the last one may be smaller.
            progress: is told the number of rows of each part.
        """
        path, count = self.path / config / f"{split}.parquet", 0
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for table in tables:
                writer.write_table(table.select(schema.names).cast(schema), row_group_size=self.rows_a_group)
                progress(len(table))
                count += len(table)
        return count

    def describe(self, info: dict, card: str) -> None:
        """Write `tastetune.json` and the card."""
        (self.path / INFO).write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (self.path / "README.md").write_text(card, encoding="utf-8")


def refuse_output(args: OutputArguments) -> None:
    """Raise InputError where the dataset could not go into its folder; to be called before the log is read."""
    output = str(args.output_dir)
    refuse_foreign(output)
    refuse_unwritable(output)


@contextmanager
def building(source: Source, args: OutputArguments, rows_a_group: int) -> Iterator[DatasetFolder]:
    """Yield the folder to write; at the end it takes its place, whole, and is pushed if that is asked for.

    Raises:
        InputError: the licence of `source` forbids the push; the output folder holds what no builder wrote, cannot be
            written, or is being written by another process.
    """
    if args.public and not source.redistribution:
        raise InputError(
            f"--public: the licence of {source.name} forbids redistribution; leave --public away, a private repository "
            "of your own is allowed"
        )
    output = str(args.output_dir)
    refuse_output(args)
    with held_place(output), replacing(output) as path:
        folder = DatasetFolder(path, rows_a_group)
        yield folder
    print(folder.summary)
    if args.push_to_hub:
        from tastetune.hub.push import push_folder

        print(push_folder(output, args.push_to_hub, repo_type="dataset", private=not args.public))

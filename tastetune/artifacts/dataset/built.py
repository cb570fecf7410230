"""A built dataset on disk: its rows, beside what it says of itself."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tastetune.artifacts.dataset.described import INFO, DescribedDataset
from tastetune.artifacts.dataset.files import split_files, split_names
from tastetune.artifacts.dataset.schema import column_faults
from tastetune.artifacts.digests import check_digest
from tastetune.errors import InputError

CATALOGUE = {"interactions", "items"}
"""The configs that every dataset has; the third holds its task's rows."""

TEXTS = ("prompt", "completion")
"""Columns of the rows that a language model reads, which a dataset of parts does not keep."""


@dataclass(frozen=True, eq=False)
class BuiltDataset(DescribedDataset):
    """A dataset whose rows can be read, a split of a config at a time."""

    @property
    def task(self) -> str:
        """What its rows ask: the name of the config beside `CATALOGUE` that holds them.

        Raises:
            InputError: none does, or several do.
        """
        configs = {path.parent.name for path in self.folder.glob("*/*.parquet")} - CATALOGUE
        if len(configs) != 1:
            there = ", ".join(sorted(configs)) or "none"
            raise InputError(f"{self.source}: expected one config of rows, found {there}; rebuild the dataset")
        return configs.pop()

    def has_split(self, config: str, split: str) -> bool:
        return bool(split_files(self.folder, config, split))

    def paths(self, config: str, split: str) -> list[Path]:
        """The parquet files of one split, as they were built: one, or several where it is large.

        Their digests are compared when they are first asked for, so that opening costs nothing and a file that nobody
        reads is not hashed.

        Raises:
            InputError: the dataset has no such config or split, or a file is not the one that the builder wrote.
        """
        paths = split_files(self.folder, config, split)
        if not paths:
            there = split_names(self.folder, config)
            raise InputError(
                f"{self.source}: no split {split!r} in config {config!r}; "
                + (f"it has {', '.join(there)}" if there else f"no config {config!r} either: rebuild the dataset")
            )
        for path in paths:
            self._check_unchanged(path)
        return paths

    def path(self, config: str, split: str) -> Path:
        """The first of `paths`."""
        return self.paths(config, split)[0]

    def check_files(self) -> None:
        """Raise InputError if a parquet file in the folder is not the one that the builder wrote."""
        for path in sorted(self.folder.glob("*/*.parquet")):
            self._check_unchanged(path)

    def _check_unchanged(self, path: Path) -> None:
        check_digest(path, self.info["files"].get(path.relative_to(self.folder).as_posix()), INFO)

    def ratings(self, split: str) -> pa.Table:
        """`user_id`, `item_id` and `rating` of everybody in the files, of one split or several; raises as `read`."""
        return self.read("interactions", split, ["user_id", "item_id", "rating"])

    def read(self, config: str, split: str, columns: list[str] | None = None) -> pa.Table:
        """One split as a table; several joined by `+` (`train+validation`) as one table, in that order.

        Raises:
            InputError: a split or column is missing, or a file is not as it was built.
        """
        tables = []
        for path in (path for part in split.split("+") for path in self.paths(config, part)):
            try:
                present = pq.read_schema(path).names
                missing = [name for name in columns or [] if name not in present]
                if missing and not self.has_prompts and missing[0] in TEXTS:
                    raise InputError(
                        f"{path}: built with --store parts, so column {missing[0]!r} is written as rows are read; read "
                        "them with tastetune.tasks.prompts.read_rows"
                    )
                if missing:
                    raise InputError(f"{path}: column {missing[0]!r} is missing; it has {', '.join(present)}")
                tables.append(pq.read_table(path, columns=columns, partitioning=None))
                tables[-1].validate(full=True)
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                raise InputError(f"{path}: not a whole parquet file ({error}); rebuild the dataset") from error
            for fault in column_faults(config, tables[-1]):
                raise InputError(f"{path}: {fault}; rebuild the dataset")
        try:
            return pa.concat_tables(tables)
        except pa.ArrowInvalid as error:
            raise InputError(
                f"{self.source}: the splits {split} of config {config!r} have different columns "
                f"({' '.join(str(error).split())}); rebuild the dataset"
            ) from error

    def item_counts(self, splits: str = "train+validation") -> dict[str, int]:
        """How many interactions each item has in these splits, by item id; items without any are left out."""
        counts = pc.value_counts(self.read("interactions", splits, ["item_id"])["item_id"].combine_chunks())
        return dict(zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True))

"""A built dataset on disk: what it says of itself, and its rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.dataset.files import read_columns, split_files, split_names
from tastetune.artifacts.dataset.schema import column_faults
from tastetune.artifacts.digests import check_digest
from tastetune.errors import InputError

Wording = TypeVar("Wording")

INFO = "tastetune.json"
"""Beside the card: the settings a dataset was built with, its counts, the fingerprint of its rows, and its files."""

CATALOGUE = {"interactions", "items"}
"""The configs that every dataset has; the third holds its task's rows."""

LIKE_FROM = 4.0
"""A rating of this many stars or more is a like, unless the dataset says otherwise."""


@dataclass(frozen=True, eq=False)
class BuiltDataset:
    """A built dataset on disk; two that were opened apart are two.

    Attributes:
        folder: where its files lie (for a Hub dataset, the snapshot in the Hub cache).
        source: the folder or Hub id it was opened by.
        info: the content of `tastetune.json`: `name`, `fingerprint`, `settings`, `counts`, and in `files` the SHA-256
            of each parquet file by its path in the folder.
    """

    folder: Path
    source: str
    info: dict

    @property
    def name(self) -> str:
        return self.info["name"]

    @property
    def fingerprint(self) -> str:
        return self.info["fingerprint"]

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

    @property
    def wording(self) -> dict:
        """What its prompts were written with: the fields of the class in `tastetune.tasks` that wrote them."""
        return self.info["settings"].get("task", {})

    def worded(self, kind: type[Wording]) -> Wording:
        """`kind`, a class in `tastetune.tasks`, with this wording.

        Raises:
            InputError: `kind` knows no such wording.
        """
        try:
            return kind(**self.wording)
        except TypeError as error:
            raise InputError(f"{self.source}: settings.task of its {INFO}: {error}; rebuild the dataset") from error

    @property
    def like_from(self) -> float:
        """The rating from which on a row is a like."""
        return self.wording.get("like_from") or self.info["settings"].get("like_from") or LIKE_FROM

    @property
    def seen(self) -> str:
        """The column of a row that asks for a list which holds what the user saw: `past`, or `liked`, the favourites.

        Where the gold list is the user's own future, what lies before it stands in the row.
        """
        return "past" if self.info["settings"].get("gold") == "future" else "liked"

    @property
    def may_be_shared(self) -> bool:
        """Whether the licence of its ratings lets a copy be shown to everybody; not unless the dataset says so."""
        return self.info["settings"].get("redistribution") is True

    @property
    def clause(self) -> str:
        """The words of that licence that forbid it; empty where it does not, or the dataset does not say."""
        return self.info["settings"].get("clause") or ""

    @property
    def citation(self) -> str:
        """The acknowledgement that the source of its ratings asks for; empty where it asks for none."""
        return self.info["settings"].get("citation") or ""

    @property
    def history(self) -> str:
        """The rule for what may stand before a target, see `tastetune.tasks.task.KNOWN`."""
        return self.info["settings"].get("history") or "prior"

    @property
    def ties(self) -> str:
        """What orders a user's ratings of one moment, see `tastetune.tasks.order.Order`; the item id unless it says."""
        return self.info["settings"].get("ties") or "item_id"

    @property
    def seed(self) -> int:
        """Of everything drawn when it was built."""
        return self.info["settings"].get("seed") or 0

    @property
    def language(self) -> str:
        """Of its titles; empty where nobody said."""
        return self.info["settings"].get("language") or ""

    @property
    def has_sampled_dislikes(self) -> bool:
        """Whether dislikes were drawn beside its ratings, which are targets only."""
        return bool(self.info["settings"].get("negatives"))

    @property
    def has_neutral_titles(self) -> bool:
        """Whether its titles are names made of the ids."""
        return bool(self.info["settings"].get("neutral_titles"))

    @property
    def has_titles(self) -> bool:
        """Whether its titles are more than the ids that stand in for them; neutral names are asked for."""
        return self.info["settings"].get("titles") != "ids" or self.has_neutral_titles

    @property
    def is_recipe_only(self) -> bool:
        """Whether its rows were left out, so that they are to be built from the source."""
        return self.info.get("recipe_only") is True

    @property
    def build_command(self) -> str:
        """The command that builds it; empty where nobody kept it."""
        return self.info.get("command") or ""

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

    def read(self, config: str, split: str, columns: list[str] | None = None) -> pa.Table:
        """One split as a table; several joined by `+` (`train+validation`) as one table, in that order.

        Raises:
            InputError: a split or column is missing, or a file is not as it was built.
        """
        tables = []
        for path in (path for part in split.split("+") for path in self.paths(config, part)):
            tables.append(read_columns(path, columns))
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

"""Writing a dataset's folder: its tables, its settings and card, and the way to the Hub."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from tastetune.artifacts.dataset import CATALOGUE, INFO, WRITTEN
from tastetune.artifacts.dataset.shards import Written, write_shards
from tastetune.artifacts.digests import digest_of_file
from tastetune.config.output import SPARK, OutputArguments
from tastetune.data.card import Source
from tastetune.data.engine.spark import refuse_without_spark
from tastetune.data.viewer import Config
from tastetune.data.viewer import metadata as viewer_metadata
from tastetune.errors import InputError
from tastetune.files import replacing
from tastetune.hub.results import BENCHMARK, benchmark
from tastetune.locks import held_place, refuse_unwritable
from tastetune.tasks import TASKS
from tastetune.tasks.task import FIT_ON


@dataclass
class DatasetFolder:
    """A dataset's folder while it is written.

    Attributes:
        path: where it is written.
        rows_a_group: rows in each group of a parquet file.
        shard_bytes: of a parquet file, about; a split that is larger has several.
        summary: what was built, in one line; printed when the folder has taken its place.
        files: the digest of each file that is written, by its path in the folder; for `tastetune.json`.
        written: the splits of each config.
    """

    path: Path
    rows_a_group: int
    shard_bytes: int = 500_000_000
    summary: str = ""
    files: dict[str, str] = field(default_factory=dict)
    written: dict[str, dict[str, Written]] = field(default_factory=dict)

    def write(
        self,
        config: str,
        split: str,
        schema: pa.Schema,
        tables: Iterable[pa.Table],
        progress: Callable[[int], object] = lambda rows: None,
    ) -> int:
        """Write one split of a config as parquet, with the columns of `schema`; returns the number of rows.

        Args:
            tables: parts of `rows_a_group` rows; the last one may be smaller.
            progress: is told the number of rows of each part.
        """

        def parts() -> Iterator[pa.Table]:
            for table in tables:
                yield table.select(schema.names).cast(schema)
                progress(len(table))

        written = write_shards(
            self.path / config, split, schema, parts(), rows_a_group=self.rows_a_group, most_bytes=self.shard_bytes
        )
        self.written.setdefault(config, {})[split] = written
        self.files |= {path.relative_to(self.path).as_posix(): digest_of_file(path) for path in written.paths}
        return written.rows

    def describe(self, info: dict, card: str) -> None:
        """Write `tastetune.json`, the card, and what the Hub is told of the figures that can be measured.

        Args:
            card: with its metadata between `---` lines, to which what the Hub's viewer reads is added.
        """
        (config,) = self.written.keys() - CATALOGUE
        splits = [split for split in FIT_ON if split in self.written[config]]
        measured = benchmark(info["name"], config, splits, TASKS[config].headline)
        (self.path / BENCHMARK).write_text(measured, encoding="utf-8")
        (self.path / INFO).write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        configs = [Config(name, self.written[name]) for name in (config, "interactions", "items")]
        metadata, text = card.removeprefix("---\n").split("---\n", 1)
        whole = f"---\n{metadata}{viewer_metadata(configs)}---\n{text}"
        (self.path / "README.md").write_text(whole, encoding="utf-8")


@contextmanager
def held_output(args: OutputArguments) -> Iterator[None]:
    """Hold the dataset's folder against other builders until the block ends; to be entered before a log is read.

    Raises:
        InputError: another process is building there, Spark is asked for and is not there, the folder cannot be
            written, or it holds what no builder wrote.
    """
    refuse_foreign(str(args.output_dir))
    if args.engine == SPARK:
        refuse_without_spark()
    with held_place(str(args.output_dir)):
        yield


@contextmanager
def building(source: Source, args: OutputArguments, rows_a_group: int) -> Iterator[DatasetFolder]:
    """Yield the folder to write; at the end it takes its place, whole, and is pushed if that is asked for.

    A builder holds that place from its start on, see `held_output`.

    Raises:
        InputError: the licence of `source` forbids the push; the output folder holds what no builder wrote, or cannot
            be written.
    """
    if args.public and not source.redistribution and not args.recipe_only:
        raise InputError(
            f"--public: the licence of {source.name} forbids redistribution"
            + (f' ("{source.clause}")' if source.clause else "")
            + "; leave --public away, a private repository of your own is allowed, or push all but the rows with "
            "--recipe_only"
        )
    output = str(args.output_dir)
    refuse_foreign(output)
    refuse_unwritable(output)
    with replacing(output) as path:
        folder = DatasetFolder(path, rows_a_group, args.shard_bytes)
        yield folder
    print(folder.summary)
    if args.push_to_hub:
        from tastetune.hub.push import push_folder
        from tastetune.hub.recipe import recipe_folder

        with recipe_folder(output, args.push_to_hub) if args.recipe_only else nullcontext(Path(output)) as pushed:
            print(push_folder(pushed, args.push_to_hub, repo_type="dataset", private=not args.public))


def refuse_foreign(folder: str | Path) -> None:
    """Raise InputError if writing a dataset to `folder` would delete anything that no builder wrote.

    A builder writes `WRITTEN`, with one config of rows beside `CATALOGUE`.
    """
    folder = Path(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    ends = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir() or not any(path.iterdir())]
    names = [path.relative_to(folder).as_posix() for path in ends]
    written = [name for name in names if WRITTEN.fullmatch(name)]
    rows = {name.split("/")[0] for name in written if "/" in name} - CATALOGUE
    foreign = {name.split("/")[0] for name in names if name not in written} | (rows if len(rows) > 1 else set())
    if foreign or INFO not in names:
        reason = ", ".join(sorted(foreign)) or f"no {INFO} is there"
        raise InputError(
            f"--output_dir {folder}: holds something else than a dataset, which would be lost: {reason}; name another "
            "folder, or move it away first"
        )

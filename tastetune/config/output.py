"""Where every builder writes, and what it computes with."""

import re
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tastetune.errors import InputError

DUCKDB, SPARK = "duckdb", "spark"


@dataclass(kw_only=True)
class OutputArguments:
    """Where a builder writes, and what it computes with.

    Raises:
        InputError: values that cannot be, or that need another flag; so do the classes made from this one.
    """

    output_dir: str | None = field(
        default=None,
        metadata={"help": "Folder to write the dataset to, see above if none; an older dataset there is replaced."},
    )
    push_to_hub: str | None = field(default=None, metadata={"help": "Also push the folder to this org/name."})
    public: bool = field(default=False, metadata={"help": "Make the pushed repository public; it is private if not."})
    recipe_only: bool = field(
        default=False,
        metadata={"help": "Push card, build command, digests and hashes of the rows, and no row; may be public."},
    )
    max_shard_size: str = field(
        default="500MB",
        metadata={"help": "A split that is larger is written as several files: 500MB, 2GB."},
    )
    engine: Literal["duckdb", "spark"] = field(
        default=DUCKDB,
        metadata={
            "help": "What computes splits, histories and lists: `duckdb`, on this machine; `spark`, for a log that "
            "outgrows it, with the same result."
        },
    )
    master: str | None = field(
        default=None, metadata={"help": "Of --engine spark: the cluster's URL; all cores of this machine if none."}
    )

    def __post_init__(self):
        file_size(self.max_shard_size)
        if self.recipe_only and not self.push_to_hub:
            raise InputError("--recipe_only says what to push; name the repository with --push_to_hub org/name")
        if self.public and not self.push_to_hub:
            raise InputError("--public says how to push; name the repository with --push_to_hub org/name")
        if self.master and self.engine != SPARK:
            raise InputError(f"--master {self.master} is a cluster of Spark's; give --engine spark as well")
        if self.output_dir is None:
            self.output_dir = f"outputs/{self.default_run()}/data"

    @property
    def shard_bytes(self) -> int:
        """Of a parquet file, about."""
        return file_size(self.max_shard_size)

    def default_run(self) -> str:
        """The run's name in the output folder's path where no flag names the folder; a builder's own to say."""
        raise InputError("--output_dir is missing; name the folder to write the dataset to")


def file_size(text: str) -> int:
    """Bytes of a size such as `500MB`, as `--max_shard_size` is written."""
    matched = re.fullmatch(r"(\d+) *([KMGT]?)B", str(text), re.IGNORECASE)
    if not matched or not int(matched[1]):
        raise InputError(f"--max_shard_size {text}: expected a number and a unit, such as 500MB or 2GB")
    return int(matched[1]) * 1000 ** " KMGT".index(matched[2].upper() or " ")


PLACES = ("output_dir", "push_to_hub", "public", "recipe_only", "engine", "master")
"""Flags of a builder that say where the dataset goes and what computes it, and nothing of its rows."""


def build_command() -> str:
    """The builder's command that runs, as others can repeat it: without `PLACES`."""
    script, *flags = sys.argv
    kept, is_place = [], False
    for word in flags:
        if word.startswith("--"):
            is_place = word[2:].partition("=")[0].replace("-", "_") in PLACES
        if not is_place:
            kept.append(word)
    return shlex.join(["python", f"data_builders/{Path(script).stem}.py", *kept])

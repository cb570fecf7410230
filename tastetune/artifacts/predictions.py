"""The predictions table: every model's answers to the same frozen rows, one parquet file a model."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ConfigDict

from tastetune.artifacts import list_table, score_table
from tastetune.artifacts.json_files import cut, faults, parse_json
from tastetune.artifacts.list_table import ListLine
from tastetune.artifacts.redaction import without_secrets
from tastetune.config.environment import versions
from tastetune.errors import InputError
from tastetune.files import command_line, replacing

KINDS = ("trivial", "recbole", "text", "stack", "base", "adapter", "fine-tuned")
COSTS = ("examples", "tokens", "seconds", "flops", "steps", "epochs")
"""What `Meta.training` may count; the rest of it is text."""

KEY = b"tastetune"
"""Under which a file's metadata has `Meta`."""


@dataclass(frozen=True)
class Meta:
    """Where predictions come from; stored in the file's metadata.

    Attributes:
        model: the row's name in tables; by custom the file's stem.
        kind: one of `KINDS`.
        dataset, config, split, fingerprint: the rows answered, as the dataset's `tastetune.json` names them.
        rows_digest: by which the rows answered are told from edited ones, see `tastetune.tasks.Rows.digest`; None where
            it is not known.
        hashed_ids: whether the ids of rows and items are hashed, see `tastetune.reporting.exports.identifiers`.
        threshold: scores at or above it mean Yes (0.5 for a probability, 4.0 for stars).
        base_model, adapter: a language model's folder or Hub id, or the text baseline's encoder; None for the others.
        shots: worked examples before each prompt.
        seed: seed of everything random, None where nothing is.
        settings: the recipe or config, resolved.
        training: what fitting cost: `examples`, `tokens`, `seconds`, `flops`, as far as known.
        command: the command that wrote the file.
        versions: see `versions`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True)

    model: str
    kind: str
    dataset: str
    config: str
    split: str
    fingerprint: str
    rows_digest: str | None = None
    hashed_ids: bool = False
    threshold: float = 0.5
    base_model: str | None = None
    adapter: str | None = None
    shots: int = 0
    seed: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    command: str = field(default_factory=command_line)
    versions: dict[str, str] = field(default_factory=versions)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise InputError(f"predictions of kind {self.kind!r}: expected one of {', '.join(KINDS)}")
        if not np.isfinite(self.threshold):
            raise InputError(f"predictions with threshold {self.threshold}: expected a number, 0.5 for a probability")
        for name in COSTS:
            if isinstance(cost := self.training.get(name), bool) or not isinstance(cost, int | float | None):
                raise InputError(f"predictions whose training took {name} {cost!r}: expected a number")


@dataclass(frozen=True)
class Predictions:
    """One model's answers, a table of scores or of lists, and where they come from.

    Attributes:
        path: the file that they were read from.
        source: what the Hub calls that file, `hf://...`; empty of a file of this machine.
    """

    meta: Meta
    table: pa.Table
    path: Path | None = None
    source: str = ""

    @property
    def place(self) -> str | Path | None:
        """The file as a person is told of it."""
        return self.source or self.path

    def scores(self, example_ids: Sequence[str]) -> tuple[np.ndarray, list[str | None]]:
        """Scores (float64, n) and generated answers (n) in the order of `example_ids`; raises as `align_scores`."""
        return score_table.align_scores(self.table, example_ids, self.place, self.meta.split)

    def lists(self, example_ids: Sequence[str]) -> list[list[ListLine]]:
        """The lists in the order of `example_ids`; raises as `align_lists`."""
        lists = list_table.lists_of(self.table, self.place)
        return list_table.align_lists(lists, example_ids, self.place, self.meta.split)


def write_predictions(path: str | Path, meta: Meta, table: pa.Table) -> None:
    """Write one model's predictions, whole or not at all; secrets in settings and command are struck out.

    Args:
        path: a `.parquet` file.
        table: scores or lists, see `tastetune.artifacts.score_table` and `list_table`.

    Raises:
        InputError: an id or rank stands twice, or a score is not finite.
    """
    check(table, path)
    with replacing(path) as new:
        pq.write_table(table.replace_schema_metadata({KEY: json.dumps(without_secrets(asdict(meta)))}), new)


def read_predictions(path: str | Path) -> Predictions:
    """Read and check one predictions file, of scores or of lists.

    Raises:
        InputError: not a parquet file; columns or metadata missing, or of other types; a row answered twice; a score
            that is not finite.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such predictions file; write one with scripts/predict.py or scripts/baseline.py")
    try:
        table = pq.read_table(path, partitioning=None)
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a whole parquet file ({error}); write it anew") from error
    raw = (table.schema.metadata or {}).get(KEY)
    schema = list_table.SCHEMA if "rank" in table.column_names else score_table.SCHEMA
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise InputError(f"{path}: column {missing[0]!r} is missing; it has {', '.join(table.column_names)}")
    if raw is None:
        raise InputError(
            f"{path}: no tastetune metadata in the file, so its dataset is unknown; "
            "write it with tastetune.artifacts.predictions.write_predictions"
        )
    try:
        table = table.select(schema.names).cast(schema)
    except pa.ArrowException as error:
        raise InputError(f"{path}: columns of other types than {schema.types} ({error}); write it anew") from error
    meta = _read_meta(raw, path)
    check(table, path)
    return Predictions(meta, table, path)


def check(table: pa.Table, path: str | Path) -> None:
    """Raise InputError unless the table holds scores or lists as `score_table` or `list_table` says."""
    if "rank" in table.column_names:
        list_table.lists_of(table, path)
    else:
        score_table.check_scores(table, path)


def are_predictions_of(path: Path, origin: Mapping) -> bool:
    """Whether `path` holds whole predictions of this `origin`: fields of `Meta`, of its settings those named."""
    try:
        meta = asdict(read_predictions(path).meta)
    except InputError:
        return False
    wanted = json.loads(json.dumps(without_secrets(dict(origin))))
    settings = wanted.pop("settings", {})
    return wanted.items() <= meta.items() and settings.items() <= meta["settings"].items()


def _read_meta(raw: bytes, path: Path) -> Meta:
    remedy = "write it anew"
    content = parse_json(raw, f"{path}: its tastetune metadata cannot be read", remedy)
    if not isinstance(content, dict):
        raise InputError(f"{path}: its tastetune metadata cannot be read: {cut(content)} is no object; {remedy}")
    values = {f.name: content[f.name] for f in fields(Meta) if f.name in content}
    try:
        for fault in faults(Meta, values):
            raise InputError(f"its tastetune metadata cannot be read: {fault}; {remedy}")
        return Meta(**values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def find_predictions(paths: Sequence[str | Path]) -> list[Path]:
    """Prediction files named by `paths`: files themselves, and the parquet files right inside folders.

    Raises:
        InputError: a folder holds none.
    """
    files = []
    for path in map(Path, paths):
        inside = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        if not inside:
            raise InputError(f"{path}: no .parquet file inside; write predictions there or name another folder")
        files += inside
    return list(dict.fromkeys(files))


def find_validation(paths: Sequence[Path]) -> list[Path]:
    """Predictions on validation: the parquet files of folders named `validation` beside the files at `paths`."""
    folders = dict.fromkeys(path.parent / "validation" for path in paths)
    return [file for folder in folders for file in sorted(folder.glob("*.parquet"))]

"""The predictions table: every model's answers to the same frozen rows, one parquet file a model."""

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tastetune.errors import InputError
from tastetune.files import replacing

KINDS = ("trivial", "recbole", "text", "base", "adapter")
SCHEMA = pa.schema([("example_id", pa.string()), ("score", pa.float64()), ("answer", pa.string())])
_KEY = b"tastetune"
_PACKAGES = (
    "tastetune",
    "torch",
    "transformers",
    "trl",
    "peft",
    "bitsandbytes",
    "datasets",
    "recbole",
    "numpy",
)


def versions() -> dict[str, str]:
    """Versions of Python and of the installed packages that a score can depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class Meta:
    """Where predictions come from; stored in the file's metadata.

    Attributes:
        model: the row's name in tables; by custom the file's stem.
        kind: one of `KINDS`.
        dataset, config, split, fingerprint: the rows answered, as the dataset's `tastetune.json` names them.
        threshold: scores at or above it mean Yes (0.5 for a probability, 4.0 for stars).
        base_model, adapter: a language model's folder or Hub id, or the text baseline's encoder; None for the others.
        shots: worked examples before each prompt.
        seed: seed of everything random, None where nothing is.
        settings: the recipe or config, resolved.
        training: what fitting cost: `examples`, `seconds`, `flops`, as far as known.
        command: the command that wrote the file.
        versions: see `versions`.
    """

    model: str
    kind: str
    dataset: str
    config: str
    split: str
    fingerprint: str
    threshold: float = 0.5
    base_model: str | None = None
    adapter: str | None = None
    shots: int = 0
    seed: int | None = None
    settings: dict = field(default_factory=dict)
    training: dict = field(default_factory=dict)
    command: str = field(default_factory=lambda: " ".join(sys.argv))
    versions: dict = field(default_factory=versions)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise InputError(f"predictions of kind {self.kind!r}: expected one of {', '.join(KINDS)}")
        if not np.isfinite(self.threshold):
            raise InputError(f"predictions with threshold {self.threshold}: expected a number, 0.5 for a probability")


@dataclass(frozen=True)
class Predictions:
    """One model's answers: `example_id`, `score` and `answer` columns of equal length, and their `meta`."""

    meta: Meta
    table: pa.Table
    path: Path | None = None


def write_predictions(
    path: str | Path,
    meta: Meta,
    example_ids: Sequence[str],
    scores: Sequence[float],
    answers: Sequence[str | None] | None = None,
) -> None:
    """Write one model's predictions, whole or not at all.

    Args:
        path: a `.parquet` file.
        example_ids: the rows answered, each once.
        scores: float64, higher is more liked; finite.
        answers: what was generated, None where nothing was.

    Raises:
        InputError: lengths differ, an id stands twice, or a score is not finite.
    """
    answers = [None] * len(example_ids) if answers is None else answers
    if not len(example_ids) == len(scores) == len(answers):
        raise InputError(
            f"{path}: {len(example_ids)} ids, {len(scores)} scores and {len(answers)} answers; give one of each a row"
        )
    table = pa.table([pa.array(example_ids), pa.array(np.asarray(scores, dtype=np.float64)), pa.array(answers)], SCHEMA)
    check(table, path)
    write_table(path, meta, table)


def write_table(path: str | Path, meta: Meta, table: pa.Table) -> None:
    """Write a checked table with its `meta`, whole or not at all."""
    with replacing(path) as new:
        pq.write_table(table.replace_schema_metadata({_KEY: json.dumps(asdict(meta))}), new)


def read_predictions(path: str | Path) -> Predictions:
    """Read and check one predictions file.

    Raises:
        InputError: not a parquet file, columns or metadata missing, an id twice, a score that is not finite.
    """
    table, meta = read_table(path, SCHEMA)
    check(table, path)
    return Predictions(meta, table, Path(path))


def read_table(path: str | Path, schema: pa.Schema) -> tuple[pa.Table, Meta]:
    """The columns of `schema`, and where they come from, of a file that `write_table` wrote.

    Raises:
        InputError: not a parquet file, columns or metadata missing, columns of other types.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such predictions file; write one with scripts/predict.py or scripts/baseline.py")
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: not a whole parquet file ({error}); write it anew") from error
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise InputError(f"{path}: column {missing[0]!r} is missing; it has {', '.join(table.column_names)}")
    raw = (table.schema.metadata or {}).get(_KEY)
    if raw is None:
        raise InputError(
            f"{path}: no tastetune metadata in the file, so its dataset is unknown; "
            "write it with tastetune.artifacts.predictions.write_predictions"
        )
    try:
        table = table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"{path}: columns of other types than {schema.types} ({error}); write it anew") from error
    return table, _read_meta(raw, path)


def _read_meta(raw: bytes, path: Path) -> Meta:
    known = {f.name for f in fields(Meta)}
    try:
        return Meta(**{key: value for key, value in json.loads(raw).items() if key in known})
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{path}: its tastetune metadata cannot be read ({error}); write it anew") from error


def check(table: pa.Table, path: str | Path) -> None:
    """Raise InputError unless every row has an id, every id stands once and every score is finite."""
    if table["example_id"].null_count:
        raise InputError(f"{path}: {table['example_id'].null_count} rows have no example_id; give each its row's")
    counts = pc.value_counts(table["example_id"].combine_chunks())
    twice = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    if len(twice):
        raise InputError(f"{path}: example_id {twice[0].as_py()!r} is answered more than once; keep one row an example")
    scores = table["score"].to_numpy()
    bad = np.flatnonzero(~np.isfinite(scores))
    if len(bad):
        raise InputError(
            f"{path}: the score of example_id {table['example_id'][int(bad[0])].as_py()!r} is {scores[bad[0]]}, "
            f"and {len(bad)} of {len(scores)} scores are not finite; mend the model, a score must be a number"
        )


def align(predictions: Predictions, example_ids: Sequence[str]) -> tuple[np.ndarray, list[str | None]]:
    """Scores (float64, n) and answers (n) in the order of `example_ids`.

    Raises:
        InputError: a row is not answered, or an answer belongs to no row.
    """
    wanted = pa.array(example_ids, pa.string())
    given = predictions.table["example_id"].combine_chunks()
    where = pc.index_in(wanted, given)
    if where.null_count:
        absent = wanted.filter(pc.is_null(where))
        raise InputError(
            f"{predictions.path}: {len(absent)} of {len(wanted)} rows of split {predictions.meta.split!r} are not "
            f"answered, first {absent[0].as_py()!r}; predict the whole split"
        )
    if len(given) > len(wanted):
        extra = given.filter(pc.invert(pc.is_in(given, wanted)))
        raise InputError(
            f"{predictions.path}: {len(extra)} answers belong to no row of the split, first {extra[0].as_py()!r}; "
            "predict on the dataset and split that are scored"
        )
    table = predictions.table.take(where)
    return table["score"].to_numpy(), table["answer"].to_pylist()

"""Predictions that others published: a dataset of the Hub that holds, for each model, a file a split."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from tastetune.artifacts.predictions import KEY, Predictions, read_predictions
from tastetune.errors import InputError

PUBLISHED = re.compile(r"[^/]+/(train|validation|test|test_sample)\.parquet")
"""Where a repository of predictions holds a model's answers to a split: `MODEL/SPLIT.parquet`."""

VALIDATION = "validation"
"""The split on which thresholds are chosen."""


def is_hub_id(source: str) -> bool:
    """Whether predictions named so are on the Hub, `org/name` or `org/name@revision`: no file or folder lies there."""
    return re.fullmatch(r"[\w.-]+/[\w.-]+(@.+)?", source) is not None and not (
        Path(source).exists() or source.endswith(".parquet")
    )


def fetch_predictions(source: str, split: str) -> list[Predictions]:
    """What models answered to the rows of a split, and behind that, where it is there, to those of validation.

    Nothing but parquet files is fetched: none of them can run anything.

    Args:
        source: a dataset of the Hub, `org/name`, or `org/name@revision` for a branch, tag or commit.

    Raises:
        InputError: the Hub has no such dataset, it holds no answers to this split, or they cannot be read.
    """
    from huggingface_hub import snapshot_download

    from tastetune.artifacts.hub_errors import hub_errors, patiently

    repo_id, _, revision = source.partition("@")
    patterns = [f"*/{name}.parquet" for name in dict.fromkeys((split, VALIDATION))]
    asked = {"repo_type": "dataset", "revision": revision or None, "allow_patterns": patterns}
    with hub_errors(repo_id, "dataset", revision or None, "; no folder of that name lies here either"):
        folder = Path(patiently(lambda: snapshot_download(repo_id, **asked)))
    files = [sorted(folder.glob(pattern)) for pattern in patterns]
    if not files[0]:
        raise InputError(
            f"dataset {source!r}: no predictions of split {split!r} in it; expected a file MODEL/{split}.parquet, as "
            "scripts/push.py lays them out"
        )
    where = f"hf://datasets/{repo_id}@{folder.name}"
    return [_read(path, f"{where}/{path.relative_to(folder).as_posix()}") for path in chain.from_iterable(files)]


def _read(path: Path, source: str) -> Predictions:
    try:
        return replace(read_predictions(path), source=source)
    except InputError as error:
        raise InputError(str(error).replace(str(path), source)) from error


def split_of(published: Predictions) -> str:
    """The split whose rows published predictions answer, by their file's name."""
    return PurePosixPath(published.source).stem


def named_apart(own: Iterable[Predictions], published: Sequence[Predictions]) -> list[Predictions]:
    """Published predictions, with the publisher's name beside a model's that is in the table already.

    What one folder of the Hub holds are one model's answers, to one split and another.
    """
    names, of_folder, apart = {of.meta.model for of in own}, {}, []
    for of in published:
        folder = of.source.rpartition("/")[0]
        repo_id = of.source.removeprefix("hf://datasets/").partition("@")[0]
        beside = [f"{of.meta.model} ({name})" for name in (repo_id.partition("/")[0], repo_id)]
        unused = (name for name in (of.meta.model, *beside) if name not in names)
        name = of_folder.setdefault(folder, next(unused, of.meta.model))
        names.add(name)
        apart.append(replace(of, meta=replace(of.meta, model=name)))
    return apart


def holds_predictions(folder: Path) -> bool:
    """Whether a folder is laid out as a repository of predictions, and holds nothing else as tables."""
    files = list(folder.rglob("*.parquet"))
    is_laid_out = all(PUBLISHED.fullmatch(path.relative_to(folder).as_posix()) for path in files)
    return bool(files) and is_laid_out and all(map(_are_predictions, files))


def holds_run_predictions(folder: Path) -> bool:
    """Whether predictions of a run, a file a model, lie right inside a folder."""
    return any(map(_are_predictions, folder.glob("*.parquet")))


def _are_predictions(path: Path) -> bool:
    try:
        return KEY in (pq.read_schema(path).metadata or {})
    except (pa.ArrowException, OSError):
        return False

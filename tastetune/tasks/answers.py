"""The rows that are scored, and one model's answers to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Predictions, align
from tastetune.errors import InputError
from tastetune.metrics.measure import OTHER, PROBABILITY, STARS, Answered, are_probabilities
from tastetune.tasks.like_dislike import LikeDislike

CONFIG = "like_dislike"


@dataclass(frozen=True)
class Rows:
    """The rows of one split: the dataset's table, users as integers in order of first appearance."""

    dataset: BuiltDataset
    split: str
    table: pa.Table
    users: np.ndarray
    n_users: int


def read_rows(dataset: BuiltDataset, split: str) -> Rows:
    """The rows of `split`, in the dataset's order.

    Raises:
        InputError: no such split, or a column missing, or no rows.
    """
    columns = ["example_id", "user_id", "item_id", "label", "rating", "history"]
    table = dataset.read(CONFIG, split, columns)
    if not len(table):
        raise InputError(f"{dataset.path(CONFIG, split)}: no rows; rebuild the dataset or score another split")
    users = table["user_id"].combine_chunks().dictionary_encode()
    return Rows(dataset, split, table, users.indices.to_numpy(), len(users.dictionary))


def find_predictions(paths: Sequence[str | Path]) -> list[Path]:
    """Prediction files named by `paths`: files themselves, and the parquet files right inside folders.

    Raises:
        InputError: a path does not exist or a folder holds none.
    """
    found = []
    for path in map(Path, paths):
        inside = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        if not inside:
            raise InputError(f"{path}: no .parquet file inside; write predictions there or name another folder")
        found += inside
    return list(dict.fromkeys(found))


def check_names(predictions: Sequence[Predictions]) -> None:
    """Raise InputError if two files hold the same model."""
    first = {}
    for prediction in predictions:
        name = prediction.meta.model
        if name in first:
            raise InputError(
                f"{prediction.path}: model {name!r} is also the model of {first[name]}; leave one of them out, or "
                "predict it again into a file of another name"
            )
        first[name] = prediction.path


def find_validation(paths: Sequence[Path]) -> list[Path]:
    """Predictions on validation: the parquet files of folders named `validation` beside the files at `paths`."""
    folders = dict.fromkeys(path.parent / "validation" for path in paths)
    return [file for folder in folders for file in sorted(folder.glob("*.parquet"))]


def answered(rows: Rows, predictions: Predictions) -> tuple[Answered, int]:
    """The model's answers to `rows`, and how many could not be parsed.

    An unparsable answer counts as a wrong one everywhere: its label is the wrong one and its score the worst there
    is (the lowest for a like, the highest for a dislike; 0 and 1 for a probability).

    Raises:
        InputError: the predictions are of other rows, or only some of them hold a generated answer.
    """
    meta = predictions.meta
    _check_same_rows(rows, predictions)
    scores, answers = align(predictions, rows.table["example_id"])
    labels = rows.table["label"].to_numpy().astype(np.int64)
    ratings = _stars(rows, labels)
    scale = _scale(scores, meta.threshold, None if np.isnan(ratings).any() else rows.dataset.like_from)
    yes, unparsed = (scores >= meta.threshold).astype(np.int64), np.zeros(len(scores), bool)
    generated = [answer is not None for answer in answers]
    if any(generated) and not all(generated):
        raise InputError(
            f"{predictions.path}: {sum(generated)} of {len(generated)} rows hold a generated answer and the others "
            f"none, first {rows.table['example_id'][generated.index(False)].as_py()!r}; generate for all or for none"
        )
    if all(generated):
        parsed = [LikeDislike.parse(answer) for answer in answers]
        unparsed = np.array([answer is None for answer in parsed])
        yes = np.where(unparsed, 1 - labels, np.array([answer or 0 for answer in parsed]))
        worst = (0.0, 1.0) if scale == PROBABILITY else (scores.min(), scores.max())
        scores = np.where(unparsed, np.where(labels == 1, *worst), scores)
    return Answered(labels, rows.users, rows.n_users, ratings, scores, yes, scale), int(unparsed.sum())


def _check_same_rows(rows: Rows, predictions: Predictions) -> None:
    dataset, meta = rows.dataset, predictions.meta
    scored = {"config": CONFIG, "split": rows.split, "fingerprint": dataset.fingerprint}
    for key, expected in scored.items():
        found = getattr(meta, key)
        if found != expected:
            raise InputError(
                f"{predictions.path}: {key} is {found!r} (dataset {meta.dataset!r}), but {key} {expected!r} of "
                f"{dataset.source} is scored; predict on these rows, or score the rows it was predicted on"
            )


def _stars(rows: Rows, labels: np.ndarray) -> np.ndarray:
    """The stars given; NaN where the log has likes or clicks alone, which stand as ratings of 1 and 0."""
    ratings = rows.table["rating"].cast(pa.float64()).to_numpy()
    return np.full(len(ratings), np.nan) if np.array_equal(ratings, labels) else ratings


def _scale(scores: np.ndarray, threshold: float, stars_of_a_like: float | None) -> str:
    if are_probabilities(scores, threshold):
        return PROBABILITY
    return STARS if threshold == stars_of_a_like else OTHER

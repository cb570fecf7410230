"""Predictions as a repository of the Hub: what others may have of them, and the card that says how to score them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.dataset import BuiltDataset, open_dataset
from tastetune.artifacts.predictions import (
    Predictions,
    find_predictions,
    find_validation,
    read_predictions,
    write_predictions,
)
from tastetune.artifacts.redaction import shareable
from tastetune.errors import InputError
from tastetune.reporting.exports.folders import folder_name
from tastetune.reporting.exports.identifiers import WITHHELD, Identifiers
from tastetune.reporting.formats import markdown
from tastetune.tasks import Rows, task_of
from tastetune.tasks.like_dislike import NO, YES, LikeDislike
from tastetune.templates import environment


@contextmanager
def predictions_repository(folder: Path, repo_id: str, dataset: str | None = None) -> Iterator[Path]:
    """Yield a folder to push as `repo_id`: the predictions in `folder`, as others may have them, with their card.

    Args:
        folder: of predictions files; those on validation lie in its folder `validation`.
        dataset: whose rows they answer, a folder or Hub id; the run's own if none.

    Raises:
        InputError: the dataset cannot be opened, or the predictions are not of its rows.
    """
    opened = open_dataset(dataset or _of_run(folder))
    paths = find_predictions([folder])
    with TemporaryDirectory() as scratch:
        new = Path(scratch) / folder.resolve().name
        write_repository(new, [read_predictions(path) for path in (*paths, *find_validation(paths))], opened, repo_id)
        yield new


def _of_run(folder: Path) -> Path:
    """The dataset of the run whose predictions lie in `folder`, or in a folder of a split inside it."""
    run = next((parent for parent in list(folder.resolve().parents)[:2] if (parent / "data").is_dir()), None)
    if run is None:
        raise InputError(
            f"{folder}: predictions go with the dataset that they answer, and no folder data lies beside them; name it "
            "with --dataset FOLDER, or ORG/NAME on the Hub"
        )
    return run / "data"


def write_predictions_of(folder: Path, predictions: Iterable[Predictions], rows: Rows) -> None:
    """Write predictions as others may have them into `folder`: `MODEL/SPLIT.parquet`."""
    ids = Identifiers(rows)
    for of in predictions:
        _write(folder, published(of, ids))


def _write(folder: Path, shared: Predictions) -> None:
    path = folder / folder_name(shared.meta.model) / f"{shared.meta.split}.parquet"
    if path.exists():
        raise InputError(
            f"{shared.place}: model {shared.meta.model!r} has answered split {shared.meta.split!r} in another file "
            "already; leave one of them out, or predict it again into a file of another name"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_predictions(path, shared.meta, shared.table)


@dataclass(frozen=True)
class _Model:
    """A line of the card's table."""

    name: str
    folder: str
    kind: str
    base_model: str
    rows: dict[str, int]


def write_repository(folder: Path, predictions: list[Predictions], dataset: BuiltDataset, repo_id: str) -> None:
    """Write predictions as `MODEL/SPLIT.parquet`, and the card, into a new folder; see `predictions_repository`."""

    @cache
    def identifiers(split: str) -> Identifiers:
        return Identifiers(task_of(dataset).rows(dataset, split))

    models: dict[str, _Model] = {}
    for of in predictions:
        shared = published(of, identifiers(of.meta.split))
        _write(folder, shared)
        name, folder_of = shared.meta.model, folder_name(shared.meta.model)
        known = _Model(name, folder_of, shared.meta.kind, shared.meta.base_model or "", {})
        answered = pc.count_distinct(shared.table["example_id"]).as_py()
        models.setdefault(name, known).rows[shared.meta.split] = answered
    (folder / "README.md").write_text(_card(dataset, repo_id, models), encoding="utf-8")


def _card(dataset: BuiltDataset, repo_id: str, models: Mapping[str, _Model]) -> str:
    cards = environment()
    cards.filters["markdown"] = markdown
    hub_id = dataset.source if dataset.folder != Path(dataset.source) else ""
    shown = {"dataset": dataset, "hub_id": hub_id, "repo_id": repo_id, "models": list(models.values())}
    return cards.get_template("predictions_card.md").render(shown) + "\n"


def published(predictions: Predictions, ids: Identifiers) -> Predictions:
    """Predictions as others may have them.

    This machine's folders and all secrets are left out. Where the licence of the ratings forbids passing them on, ids
    are hashed, the rows stand in the order of the hashes, and of a text no more is kept than how it was read.

    Args:
        ids: of the rows that they answer.

    Raises:
        InputError: they are of other rows.
    """
    ids.rows.task.answers(ids.rows, predictions)
    meta, table = predictions.meta, predictions.table
    is_local = meta.adapter is None or Path(meta.adapter).exists() or meta.adapter.count("/") != 1
    meta = replace(
        meta,
        settings=shareable(meta.settings),
        command=shareable(meta.command),
        base_model=shareable(meta.base_model),
        adapter=None if is_local else meta.adapter,
        hashed_ids=ids.withheld,
    )
    if ids.withheld:
        columns = {name: table[name].to_pylist() for name in table.column_names}
        columns["example_id"] = [ids("row", name) for name in columns["example_id"]]
        if "item_id" in columns:
            named = zip(columns["item_id"], columns["answer"], strict=True)
            columns["answer"] = [WITHHELD if item is None and text is not None else None for item, text in named]
            columns["item_id"] = ids.of_items(columns["item_id"])
        else:
            columns["answer"] = [None if text is None else _as_read(text) for text in columns["answer"]]
        table = pa.table(columns, schema=table.schema)
        table = table.sort_by([(name, "ascending") for name in ("example_id", "rank") if name in table.column_names])
    return Predictions(meta, table, predictions.path, predictions.source)


def _as_read(text: str) -> str:
    """A generated answer to a like-or-dislike prompt as it was read; one that could not be read stays so."""
    label = LikeDislike.parse(text)
    return WITHHELD if label is None else (NO, YES)[label].strip()

"""Rows with another past: what a model would answer had some of the ratings before a target not been there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.config.flags import PROMPTS
from tastetune.data.rows import Renderer
from tastetune.tasks import Rows
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.prompts import read_items, read_rows
from tastetune.tasks.task import KNOWN

TEST = "test"


@dataclass(frozen=True)
class Rated:
    """A rating."""

    item: str
    rating: float
    time: int


@dataclass(frozen=True)
class Case:
    """What is asked of somebody, and the past it is asked behind, oldest first."""

    target: Rated
    past: tuple[Rated, ...]

    def without(self, places: Collection[int]) -> "Case":
        """The same without the ratings at these places of the past."""
        return replace(self, past=tuple(rated for place, rated in enumerate(self.past) if place not in places))


def read_cases(rows: Rows) -> list[Case]:
    """The rows as cases: each behind its own history, as it was frozen when the dataset was built."""
    table = rows.read(["user_id", "item_id", "rating", "timestamp", "history", "history_ratings"])
    times = _times(rows.dataset, table["user_id"])
    return [
        Case(
            Rated(row["item_id"], row["rating"], row["timestamp"]),
            tuple(
                Rated(item, rating, times[row["user_id"], item])
                for item, rating in zip(row["history"], row["history_ratings"], strict=True)
            ),
        )
        for row in table.to_pylist()
    ]


def _times(dataset: BuiltDataset, users: pa.ChunkedArray) -> dict[tuple[str, str], int]:
    """When each user rated each item."""
    known = dataset.read("interactions", "+".join(KNOWN["prior"]["test"]), ["user_id", "item_id", "timestamp"])
    known = known.filter(pc.is_in(known["user_id"], value_set=users.combine_chunks()))
    columns = (known[name].to_pylist() for name in known.column_names)
    return {(user, item): time for user, item, time in zip(*columns, strict=True)}


@dataclass(frozen=True, eq=False)
class CasesDataset(BuiltDataset):
    """A built dataset whose test rows are cases, each of a user of its own.

    Attributes:
        real: the dataset that they are made from, whose catalogue and wording it keeps.
        own: its own tables, by config and split.
    """

    real: BuiltDataset
    own: Mapping[tuple[str, str], pa.Table]

    def read(self, config: str, split: str, columns: list[str] | None = None) -> pa.Table:
        """One split or several as a table, see `BuiltDataset.read`."""
        tables = []
        for part in split.split("+"):
            own = self.own.get((config, part))
            tables.append(
                self._others(config, part, columns) if own is None else own.select(columns or own.column_names)
            )
        return pa.concat_tables(tables)

    def _others(self, config: str, part: str, columns: list[str] | None) -> pa.Table:
        """Rows of `real`, with the prompts that it may not keep: this dataset keeps them."""
        return read_rows(self.real, config, part, columns) if columns else self.real.read(config, part)


def as_rows(rows: Rows, cases: Sequence[Case]) -> Rows:
    """Cases as rows of the same task, in their order: any language model answers them as it answers `rows`."""
    dataset, config = rows.dataset, rows.task.rows_config
    users = [f"{number}" for number in range(len(cases))]
    renderer = Renderer(dataset.worded(LikeDislike), read_items(dataset))
    rendered = renderer.table(pa.Table.from_pylist([_row(*pair) for pair in zip(users, cases, strict=True)]))
    moments = [_moments(case) for case in cases]
    place = rendered.column_names.index("timestamp")
    rendered = rendered.set_column(place, "timestamp", pa.array([times[-1] for times in moments], pa.int64()))
    past = [
        {"user_id": user, "item_id": rated.item, "rating": rated.rating, "timestamp": time}
        for user, case, times in zip(users, cases, moments, strict=True)
        for rated, time in zip(case.past, times, strict=False)
    ]
    schema = rendered.select(["user_id", "item_id", "rating", "timestamp"]).schema
    own = {
        ("interactions", "train"): pa.Table.from_pylist(past, schema=schema),
        ("interactions", "validation"): schema.empty_table(),
        ("interactions", TEST): rendered.select(schema.names),
        (config, TEST): rendered,
    }
    info = dataset.info | {"settings": dataset.info["settings"] | {"history": "train", "store": PROMPTS}}
    return rows.task.rows(CasesDataset(dataset.folder, dataset.source, info, dataset, own), TEST)


def _row(user: str, case: Case) -> dict:
    """A case as the renderer of the dataset's builder takes it."""
    target = {"user_id": user, "item_id": case.target.item, "rating": case.target.rating}
    return target | {
        "timestamp": case.target.time,
        "history": [rated.item for rated in case.past],
        "history_ratings": [rated.rating for rated in case.past],
        "history_timestamps": [rated.time for rated in case.past],
    }


def _moments(case: Case) -> list[int]:
    """The times of the past and of the target, no two alike, so that a stream keeps their order by no other rule."""
    times, places = (
        np.array([rated.time for rated in (*case.past, case.target)], np.int64),
        np.arange(len(case.past) + 1),
    )
    return (np.maximum.accumulate(times - places) + places).tolist()

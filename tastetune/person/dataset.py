"""A dataset with one person more: what they rated as training rows, what is asked of them as test rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.data.rows import Renderer
from tastetune.person.person import DAY, Person
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.prompts import items_by_id
from tastetune.tasks.titles import neutral_title

USER = "the person who asks"
"""The person's id: no log's, for it would be a strange one."""

TEST = "test"

HISTORY = 10
"""Ratings in a history where the dataset does not say."""


@dataclass(frozen=True, eq=False)
class PersonDataset(BuiltDataset):
    """A built dataset whose test rows are one person's, who is in no file of it.

    Attributes:
        own: the person's tables, by config and split.
        is_alone: whether the others' rows are left out of the training splits too; the catalogue is always its own.
    """

    own: Mapping[tuple[str, str], pa.Table]
    is_alone: bool

    def ratings(self, split: str) -> pa.Table:
        """The others' alone, see `BuiltDataset.ratings`."""
        return super().read("interactions", split, ["user_id", "item_id", "rating"])

    def read(self, config: str, split: str, columns: list[str] | None = None) -> pa.Table:
        """One split or several as a table, see `BuiltDataset.read`."""
        tables = []
        for part in split.split("+"):
            own = self.own.get((config, part))
            if own is None or not (self.is_alone or part == TEST or config == "items"):
                tables.append(super().read(config, part, columns))
            if own is not None:
                tables.append(own.select(columns or own.column_names))
        return pa.concat_tables(tables)


def with_person(
    dataset: BuiltDataset, person: Person, targets: Sequence[str], *, neutral: bool = False
) -> PersonDataset:
    """The dataset of the person alone, which language models are asked about.

    Histories are the last of the person's ratings: as the others' are by the rule `train`, whatever the dataset's was,
    for nothing that is asked was rated.

    Args:
        targets: the items that are asked; what the person said of them is left out.
        neutral: call every item by a name that says nothing, see `tastetune.tasks.titles.neutral_title`.
    """
    config, length = dataset.task, dataset.info["settings"].get("history_length") or HISTORY
    known = person.without(targets)
    known = known.append_column("user_id", pa.repeat(pa.scalar(USER), len(known)))
    last = known["timestamp"][-1].as_py() if len(known) else 0
    # What a test row is rated is read by nobody, yet it must be a rating that there can be
    asked = {"item_id": list(targets), "rating": [person.rated["rating"][0].as_py()] * len(targets)}
    asked |= {"user_id": [USER] * len(targets), "timestamp": [last + DAY] * len(targets)}
    test = pa.table(asked)
    writer, items = dataset.worded(LikeDislike), dataset.read("items", "train", ["item_id", "title", "genres"])
    if neutral:
        names = [neutral_title(item, writer.item) for item in items["item_id"].to_pylist()]
        items = items.set_column(1, "title", pa.array(names, pa.string()))
    renderer = Renderer(writer, items_by_id(items))
    rows = known.to_pylist()
    own = {
        ("items", "train"): items,
        ("interactions", "train"): known,
        ("interactions", "validation"): known.slice(0, 0),
        ("interactions", TEST): test,
        (config, "train"): renderer.table(_behind(known, [rows[max(0, n - length) : n] for n in range(len(rows))])),
        (config, TEST): renderer.table(_behind(test, [rows[-length:]] * len(targets))),
    }
    info = dataset.info | {"settings": dataset.info["settings"] | {"history": "train"}}
    return PersonDataset(dataset.folder, dataset.source, info, own, is_alone=True)


def among_others(dataset: PersonDataset) -> PersonDataset:
    """The same with all the others' training rows, which recommenders are fitted on."""
    return replace(dataset, is_alone=False)


def _behind(ratings: pa.Table, histories: Sequence[Sequence[dict]]) -> pa.Table:
    """Ratings with their histories, see `tastetune.data.histories.Histories`."""
    for column, name, kind in (
        ("history", "item_id", pa.string()),
        ("history_ratings", "rating", pa.float64()),
        ("history_timestamps", "timestamp", pa.int64()),
    ):
        lists = pa.array([[row[name] for row in history] for history in histories], pa.list_(kind))
        ratings = ratings.append_column(column, lists)
    return ratings

"""The means for somebody who marks titles: the others' likes are read once, and what is smoothed is chosen once."""

from collections.abc import Mapping, Sequence

import numpy as np

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.baselines.trivial.coded import CodedLikes, joined
from tastetune.baselines.trivial.likes import MODELS, tune
from tastetune.person.answers import MEANS, Scores


class Means:
    """`MEANS` of `tastetune.person.answers`, fitted with the person among the users at every answer."""

    def __init__(self, dataset: BuiltDataset):
        """Read the likes before the test split; smoothing is tuned without the person, of whom nothing is known yet."""
        columns = ["user_id", "item_id", "label"]
        tables = {part: dataset.read(dataset.task, part, columns) for part in ("train", "validation")}
        users = {user for table in tables.values() for user in table["user_id"].to_pylist()}
        numbers = {user: number for number, user in enumerate(sorted(users))}
        self._items = {item: n for n, item in enumerate(dataset.read("items", "train")["item_id"].to_pylist())}
        self._person = len(numbers)
        train, validation = (
            self._coded([numbers[user] for user in table["user_id"].to_pylist()], *_pairs(table))
            for table in tables.values()
        )
        self._others = joined(train, validation)
        self._smoothing = {name: tune(name, train, validation)["smoothing"] for name in MEANS}

    def scores(self, marks: Mapping[str, bool], items: Sequence[str]) -> list[Scores]:
        """The score of each item by each mean.

        Args:
            marks: whether the person liked an item, by its id.
            items: those that are asked about.
        """
        own = self._coded([self._person] * len(marks), list(marks), list(marks.values()))
        asked = self._coded([self._person] * len(items), items, [False] * len(items))
        fit = joined(self._others, own)
        return [Scores(name, MODELS[name][0](fit, asked, **self._smoothing[name]), 0.5) for name in MEANS]

    def _coded(self, users: Sequence[int], items: Sequence[str], likes: Sequence[bool]) -> CodedLikes:
        histories = np.zeros((len(users), 2), np.int64)  # which the means do not look at
        codes = [self._items[item] for item in items]
        return CodedLikes(np.array(users, np.int64), np.array(codes, np.int64), np.array(likes, np.float64), histories)


def _pairs(table) -> tuple[list[str], list[bool]]:
    return table["item_id"].to_pylist(), [bool(label) for label in table["label"].to_pylist()]

"""Rows that ask for a list and bear a gold list. How they are read and what recommended lists are worth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.list_table import ListLine
from tastetune.artifacts.predictions import Predictions
from tastetune.errors import InputError
from tastetune.metrics import LISTS, Metric
from tastetune.metrics import lines as line_metrics
from tastetune.metrics.recommended import DEPTH, LINES, Listed, Pairs, list_metrics
from tastetune.tasks.catalogue import genre_flags
from tastetune.tasks.task import FIT_ON, Measured, Rows, check_same_rows, refuse_doubled

COLUMNS = ["example_id", "user_id", "liked", "gold"]
PAST = ["past", "past_ratings"]
"""Columns besides, of rows whose gold list is the user's own future."""


WHY_UNDEFINED = {
    f"recall@{DEPTH}": f"no list goes on behind {LINES} lines",
    "diversity": "no list has two items with genres",
}


@dataclass(frozen=True)
class ListRows(Rows):
    """Users with their favourites and gold lists, as item codes of the catalogue."""

    @cached_property
    def item_ids(self) -> list[str]:
        """The catalogue; an item's code is its place here."""
        return self.dataset.read("items", "train", ["item_id"])["item_id"].to_pylist()

    @cached_property
    def codes(self) -> dict[str, int]:
        return {item: code for code, item in enumerate(self.item_ids)}

    @cached_property
    def measured_by(self) -> Listed:
        """What lists for these users are measured by; shares are of the users who may be learnt from."""
        watched = watched_share(self.dataset, self.item_ids, FIT_ON.get(self.split, "train"))
        gold, liked, seen = map(self._pairs, ("gold", "liked", self.dataset.seen))
        genres = self.dataset.read("items", "train", ["genres"])["genres"].to_pylist()
        return Listed(gold, liked, seen, watched, genre_flags(genres))

    def _pairs(self, column: str) -> Pairs:
        lists = self.table[column].combine_chunks()
        users, items = lists.value_parent_indices().to_numpy(), lists.flatten().to_pylist()
        if unknown := set(items) - self.codes.keys():
            raise InputError(f"{self.dataset.source}: {column} names {min(unknown)!r}, not in its items; rebuild it")
        return users, np.array([self.codes[item] for item in items], np.int64)


@dataclass(frozen=True)
class Lists:
    """One model's lists in the rows' order, and the same as item codes, (users, `DEPTH`)."""

    rows: ListRows
    lists: list[list[ListLine]]
    grid: np.ndarray

    @cached_property
    def verdicts(self) -> np.ndarray:
        """What each of the first lines is worth, strings (users, `LINES`), see `tastetune.metrics.lines.verdicts`."""
        by = self.rows.measured_by
        return line_metrics.verdicts(self.grid[:, :LINES], by.gold, by.seen)


class ListTask:
    """Recommend ten items to this user. Answered by a list a row. See `tastetune.tasks.task.Task`."""

    config = rows_config = "top_n"
    metrics: Mapping[str, Metric] = LISTS
    headline: tuple[str, ...] = ("precision@3", "precision@5", "precision@10", "ndcg@10", "mrr", "map")
    of_slices: tuple[str, ...] = ()
    reference = "most_popular"

    def rows(self, dataset: BuiltDataset, split: str) -> ListRows:
        """The rows of `split`; InputError if there are none, or a gold list is empty."""
        table = dataset.read(self.rows_config, split, COLUMNS + (PAST if dataset.seen in PAST else []))
        if not len(table):
            path = dataset.path(self.rows_config, split)
            raise InputError(f"{path}: no rows; rebuild the dataset or name another split")
        refuse_doubled(table, dataset, split)
        for user, gold in zip(table["user_id"].to_pylist(), table["gold"].to_pylist(), strict=True):
            if not gold:
                raise InputError(f"{dataset.source}: the gold list of user {user!r} is empty; rebuild the dataset")
        return ListRows(self, dataset, split, table, np.arange(len(table)), len(table))

    def prompts(self, rows: Rows) -> list:
        """The chat of each row, up to the answer."""
        return rows.read(["prompt"])["prompt"].to_pylist()

    def training_table(self, dataset: BuiltDataset, split: str) -> pa.Table:
        """`prompt` and `completion` of the rows of `split`, to train on."""
        return dataset.read(self.rows_config, split, ["prompt", "completion"])

    def answers(self, rows: ListRows, predictions: Predictions) -> Lists:
        """The model's lists, in the rows' order.

        Raises:
            InputError: the predictions are of other rows or no lists, or name an item that the catalogue lacks.
        """
        check_same_rows(rows, predictions)
        if "rank" not in predictions.table.column_names:
            raise InputError(f"{predictions.place}: holds a score a row, no lists; predict lists for these rows")
        lists = predictions.lists(rows.example_ids)
        return Lists(rows, lists, self.grid(rows, predictions, lists))

    def measure(
        self,
        answers: Lists,
        weights: np.ndarray,
        *,
        names: Iterable[str] | None = None,
        within: np.ndarray | None = None,
        threshold: float | None = None,
    ) -> Measured:
        """Metrics of one model's lists, see `Task.measure`; lists have no threshold and no parts."""
        rows = answers.rows
        metrics = list_metrics(answers.grid, rows.measured_by, weights)
        reasons = {name: why for name, why in WHY_UNDEFINED.items() if np.isnan(metrics[name][0])}
        return Measured({name: metrics[name] for name in names or self.metrics}, len(rows.table), rows.n_users, reasons)

    def details(self, predictions: Predictions, answers: Lists) -> dict:
        """How the lists were written, and how long they are."""
        written = line_metrics.written(answers.grid[:, :LINES])
        return {
            "mode": predictions.meta.settings.get("mode"),
            "unanswered": int((written == 0).sum()),
            "lines": int(written.sum()),
        }

    @staticmethod
    def grid(rows: ListRows, predictions: Predictions, lists: Sequence[Sequence[ListLine]]) -> np.ndarray:
        """The aligned lists as item codes, (users, `DEPTH`), see `tastetune.metrics.lines`.

        Raises:
            InputError: a line names an item that the catalogue does not have.
        """
        items = [line.item_id for lines in lists for line in lines]
        if unknown := {item for item in items if item is not None} - rows.codes.keys():
            raise InputError(
                f"{predictions.place}: item {min(unknown)!r} is not in the catalogue of {rows.dataset.source}; a "
                "line off the catalogue has no item_id"
            )
        users = np.repeat(np.arange(len(lists)), [len(lines) for lines in lists])
        ranks = np.array([rank for lines in lists for rank in range(1, len(lines) + 1)], np.int64)
        codes = np.array([line_metrics.OFF if item is None else rows.codes[item] for item in items], np.int64)
        return line_metrics.grid(users, ranks, codes, len(lists), DEPTH)

    def described(self, rows: ListRows) -> dict:
        """Items of the catalogue, and how long the gold lists are."""
        lengths = np.bincount(rows.measured_by.gold[0])
        measures = {"least": np.min, "median": np.median, "most": np.max}
        gold_length = {name: measure(lengths).item() for name, measure in measures.items()}
        return {"items": len(rows.item_ids), "gold_length": gold_length}

    def examples(self, rows: ListRows, places: np.ndarray, answers: Mapping[str, Lists], with_text: bool) -> list[dict]:
        """Users with every model's list.

        Returns:
            of each user `row` (the id; the number without text), how many items are `favourites` and `gold` (their
            titles with text), and `lists`: by model, a line `verdict`, and with text the `title` it names (null off the
            catalogue) and what was `written` instead, if it was spelt otherwise.
        """
        items = rows.dataset.read("items", "train", ["item_id", "title"]).to_pydict()
        titles = dict(zip(items["item_id"], items["title"], strict=True)) if with_text else None
        return [
            {"row": f"user {number}", **_user(rows, place, titles)}
            | {"lists": {model: _lines(of, place, titles) for model, of in answers.items()}}
            for number, place in enumerate(places.tolist(), 1)
        ]


def watched_share(dataset: BuiltDataset, items: Sequence[str], splits: str) -> np.ndarray:
    """Share of these splits' users who rated each item, float (items,)."""
    users = len(dataset.read("interactions", splits, ["user_id"])["user_id"].unique())
    counts = dataset.item_counts(splits)
    return np.array([counts.get(item, 0) for item in items]) / max(users, 1)


def _user(rows: ListRows, place: int, titles: Mapping[str, str] | None) -> dict:
    liked, gold = rows.table["liked"][place].as_py(), rows.table["gold"][place].as_py()
    if titles is None:
        return {"favourites": len(liked), "gold": len(gold)}
    return {
        "row": rows.table["example_id"][place].as_py(),
        "favourites": [titles[item] for item in liked],
        "gold": [titles[item] for item in gold],
    }


def _lines(answers: Lists, place: int, titles: Mapping[str, str] | None) -> list[dict]:
    worth = answers.verdicts[place]
    return [_line(str(verdict), line, titles) for verdict, line in zip(worth, answers.lists[place], strict=False)]


def _line(verdict: str, line: ListLine, titles: Mapping[str, str] | None) -> dict:
    if titles is None:
        return {"verdict": verdict}
    title = titles.get(line.item_id)
    other = {} if line.answer in (None, title) else {"written": line.answer}
    return {"verdict": verdict, "title": title, **other}

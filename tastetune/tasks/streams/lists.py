"""The rows of `top_n` whose gold list is the user's own future, asked behind the user's past as one stream."""

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.lists import ListRows, ListTask
from tastetune.tasks.stream import unrolled
from tastetune.tasks.streams.lines import Stream, bounds_of, named_items, ratings_of
from tastetune.tasks.streams.passages import Streams
from tastetune.tasks.task import Rows

WORDS = ("item", "items", "user", "enjoy")


class StreamListTask(ListTask):
    """Will this user like this item, after all that came before it? Asked of the whole catalogue, it makes a list.

    What is trained on is every rating of the log, each asked before it is told. No files of its name exist.
    """

    config = "stream_top_n"

    def rows(self, dataset: BuiltDataset, split: str) -> ListRows:
        """The rows of `split`; InputError if there are none, or they hold no past."""
        if dataset.seen != "past":
            raise InputError(
                f"{dataset.source}: its rows hold favourites and no past to read as a stream; rebuild the dataset with "
                "--gold future, or set dataset_config: top_n"
            )
        return super().rows(dataset, split)

    def writer(self, dataset: BuiltDataset) -> Stream:
        """What writes a line, in the dataset's words."""
        words = {name: word for name, word in dataset.wording.items() if name in WORDS}
        return Stream(LikeDislike(**words, like_from=dataset.like_from))

    def streams(self, rows: Rows, known: Sequence[str] | None = None) -> Streams:
        """Every rating of these splits, of the rows' own if None, as lines that are asked."""
        return read_log(rows.dataset, self.writer(rows.dataset), known or rows.split.split("+"))

    def pasts(self, rows: Rows) -> tuple[Streams, list[str]]:
        """The pasts of the rows' users, and what asks for each item, see `read_pasts`."""
        return read_pasts(rows, self.writer(rows.dataset))

    def prompts(self, rows: Rows) -> list[str]:
        """The past of each row's user as lines, behind which an item is asked for."""
        streams, _ = self.pasts(rows)
        ends = streams.bounds.tolist()
        return [streams.head + "".join(map(streams.line, range(start, stop))) for start, stop in pairwise(ends)]

    def training_table(self, dataset: BuiltDataset, split: str) -> pa.Table:
        """`prompt` and `completion` of each rating of `split`: each by itself, which streams save the reading of."""
        prompts, completions = zip(*unrolled(self.streams(self.rows(dataset, split))), strict=True)
        return pa.table({"prompt": prompts, "completion": completions})


def read_log(dataset: BuiltDataset, writer: Stream, splits: Sequence[str]) -> Streams:
    """All ratings of these splits as lines, each of which is asked behind its user's earlier ones.

    Raises:
        InputError: `items` does not have one of them.
    """
    table = ratings_of(dataset, splits)
    users, stars = table["user_id"].to_pylist(), table["rating"].to_pylist()
    told = _lines(dataset, writer, table["item_id"].to_pylist(), stars)
    every = np.ones(len(users), bool)
    return Streams(**told, bounds=bounds_of(users), is_known=every, of_split=every, asked=np.arange(len(users)))


def read_pasts(rows: Rows, writer: Stream) -> tuple[Streams, list[str]]:
    """The pasts of the rows' users as lines, user by user, and behind them a line that asks for each item once.

    Returns:
        the lines, of which those of the items are asked, and the items in their order.
    """
    items = rows.dataset.read("items", "train", ["item_id"])["item_id"].to_pylist()
    pasts, ratings = (rows.table[name].to_pylist() for name in ("past", "past_ratings"))
    bounds = np.cumsum([0, *map(len, pasts)])
    named = [*chain.from_iterable(pasts), *items]
    stars = [*chain.from_iterable(ratings), *[0.0] * len(items)]
    is_asked = np.arange(len(named)) >= bounds[-1]
    asked = np.flatnonzero(is_asked)
    told = _lines(rows.dataset, writer, named, stars)
    return Streams(**told, bounds=bounds, is_known=~is_asked, of_split=is_asked, asked=asked), items


def _lines(dataset: BuiltDataset, writer: Stream, items: list[str], stars: list[float]) -> dict[str, Any]:
    """The texts and answers of lines, as fields of `Streams`; these lines say nothing of times."""
    named = named_items(dataset, writer.like, set(items))
    return {
        "head": writer.head,
        "answers": writer.answers,
        "items": items,
        "questions": [writer.question(named[item], None) for item in items],
        "unnamed": [writer.unnamed(None)] * len(items),
        "rests": [writer.told(rating) for rating in stars],
        "told": np.array([writer.answer(rating) for rating in stars], np.int64),
    }

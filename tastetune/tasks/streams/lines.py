"""Ratings as lines of text in the order of time: how a line is written, and how a log becomes streams of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.trained_rows import RATING
from tastetune.errors import InputError
from tastetune.tasks.like_dislike import MADE_UP, NO, YES, Item, LikeDislike, time_span
from tastetune.tasks.order import order_of
from tastetune.tasks.rating import STARS, Rating
from tastetune.tasks.streams.passages import Streams
from tastetune.tasks.task import KNOWN, Rows


@dataclass(frozen=True)
class Stream:
    """Writes ratings as lines: `- "Alien (1979)": Yes`.

    A line is a question up to its colon, an answer, and what is told behind the answer.

    Attributes:
        like: the wording of the dataset's prompts; with its `genres`, `ratings` and `times` a line names the genres,
            tells the rating behind the answer (`Yes, 5.0`), and says how long after the rating before it stands.
    """

    like: LikeDislike

    answers = (NO, YES)
    """What a line may be answered with; an answer's number is its place here."""

    @property
    def head(self) -> str:
        """What stands before the first line."""
        return (
            f"Below is a {self.like.user}'s history of {self.like.items}, oldest first. Behind each {self.like.item} "
            f"stands {self._asked}\n\n"
        )

    @property
    def _asked(self) -> str:
        rating = f", and the rating that the {self.like.user} gave" if self.like.ratings else ""
        return f"whether the {self.like.user} did {self.like.enjoy} it, Yes or No{rating}."

    def question(self, named: str, gap: int | None) -> str:
        """A line up to its answer, without a space at its end.

        Args:
            named: the item as `LikeDislike.named` writes it.
            gap: seconds since the rating before it; None for a user's first.
        """
        return f"- {named}{self._when(gap)}:"

    def unnamed(self, gap: int | None) -> str:
        """What stands before an item's token in a question that the token alone ends: neither name nor colon."""
        return f"-{self._when(gap)}"

    def _when(self, gap: int | None) -> str:
        if not self.like.times or gap is None:
            return ""
        return f", {span} later" if (span := time_span(gap)) else ", at the same time"

    def made_up_prompt(self) -> str:
        """A stream of titles that do not exist, up to its last question, to show."""
        *told, target = (self.question(self.like.named(item), 86_400) for item in MADE_UP)
        ratings = (self.like.like_from, self.like.like_from - 1)
        lines = [
            question + self.answers[self.answer(stars)] + self.told(stars)
            for question, stars in zip(told, ratings, strict=True)
        ]
        return self.head + "".join(lines) + target

    def answer(self, rating: float) -> int:
        """The number of the answer that a rating is."""
        return int(rating >= self.like.like_from)

    def told(self, rating: float) -> str:
        """The rest of a line behind its answer."""
        return f", {rating:.1f}\n" if self.like.ratings else "\n"


class StarStream(Stream):
    """Writes ratings as lines that end in stars: `- "Alien (1979)": 5`."""

    answers = tuple(map(Rating.completion, STARS))

    @property
    def _asked(self) -> str:
        return f"how many stars, from {STARS[0]} to {STARS[-1]}, the {self.like.user} gave it."

    def answer(self, rating: float) -> int:
        """The number of the answer that a rating is; InputError unless it is one of 1, 2, 3, 4, 5."""
        return self.answers.index(Rating.completion(rating))

    def told(self, rating: float) -> str:
        """The rest of a line behind its answer, which has told the stars."""
        return "\n"


def read_streams(rows: Rows, writer: Stream, known: Sequence[str] | None = None) -> Streams:
    """The ratings of the rows' users as lines.

    Args:
        known: the splits whose ratings may stand before a row; as the dataset's rule for histories says if None.

    Raises:
        InputError: rows of several splits without `known`, a rule that does not exist, dislikes that were sampled, or
            rows that `interactions` and `items` do not have.
    """
    dataset, asked = rows.dataset, rows.split.removesuffix("_sample").split("+")
    if dataset.has_sampled_dislikes:
        raise InputError(
            f"{dataset.source}: its dislikes were sampled beside clicks and stand in no history, so its rows are no "
            f"stream; set dataset_config: {rows.task.rows_config}"
        )
    known = known_before(rows, dataset.history) if known is None else known
    table = ratings_of(dataset, list(dict.fromkeys([*known, *asked])), rows.table["user_id"])
    is_known, of_split = (np.isin(table["split"].to_numpy(), splits) for splits in (known, asked))
    users, items, stars = (table[name].to_pylist() for name in ("user_id", "item_id", "rating"))
    bounds = bounds_of(users)
    named, gaps = named_items(dataset, writer.like, set(items)), _gaps(table["timestamp"].to_numpy(), is_known, bounds)
    return Streams(
        head=writer.head,
        answers=writer.answers,
        items=items,
        questions=[writer.question(named[item], gap) for item, gap in zip(items, gaps, strict=True)],
        unnamed=list(map(writer.unnamed, gaps)),
        rests=[writer.told(rating) for rating in stars],
        told=np.array([writer.answer(rating) for rating in stars], np.int64),
        bounds=bounds,
        is_known=is_known,
        of_split=of_split,
        asked=_places(rows, table, of_split),
        users=[users[begin] for begin in bounds[:-1]],
        ratings=np.array(stars, np.float64),
    )


def known_before(rows: Rows, rule: str) -> tuple[str, ...]:
    """The splits whose ratings may stand before the rows, by a rule for histories.

    Raises:
        InputError: a rule that does not exist, or rows of several splits.
    """
    if rule not in KNOWN:
        raise InputError(
            f"{rows.dataset.source}: its histories follow the rule {rule!r}, expected one of {', '.join(KNOWN)}; "
            "rebuild the dataset"
        )
    split = rows.split.removesuffix("_sample")
    if split not in KNOWN[rule]:
        raise InputError(f"split {rows.split!r}: a stream answers one of {', '.join(KNOWN[rule])} at a time")
    return KNOWN[rule][split]


def ratings_of(dataset: BuiltDataset, splits: Sequence[str], users: pa.ChunkedArray | None = None) -> pa.Table:
    """The users' ratings in these splits, everybody's if None, each user's in order, with the `split` of each."""
    parts = []
    for split in splits:
        part = dataset.read("interactions", split, [*RATING, "rating"])
        if users is not None:
            part = part.filter(pc.is_in(part["user_id"], value_set=users.combine_chunks()))
        parts.append(part.append_column("split", pa.repeat(pa.scalar(split), len(part))))
    return order_of(dataset).sorted(pa.concat_tables(parts))


def bounds_of(users: Sequence[str]) -> np.ndarray:
    """Where each user's lines begin, and where the last one's end, (users + 1,), given the user of each line."""
    return np.array([at for at in range(len(users)) if not at or users[at] != users[at - 1]] + [len(users)])


def named_items(dataset: BuiltDataset, like: LikeDislike, rated: set[str]) -> dict[str, str]:
    """The dataset's items as lines name them, by id; InputError if `items` lacks one that was `rated`."""
    columns = dataset.read("items", "train", ["item_id", "title", "genres"]).to_pydict().values()
    named = {item: like.named(Item(title, genres or ())) for item, title, genres in zip(*columns, strict=True)}
    if unnamed := rated - named.keys():
        raise InputError(f"{dataset.source}: item {min(unnamed)!r} was rated and is not in its items; rebuild it")
    return named


def _gaps(times: np.ndarray, is_known: np.ndarray, bounds: np.ndarray) -> list[int | None]:
    """Seconds since the user's last known rating before each line."""
    last = np.maximum.accumulate(np.where(is_known, np.arange(len(times)), -1))
    before = np.concatenate([[-1], last[:-1]])[: len(times)]
    first = np.repeat(bounds[:-1], np.diff(bounds))
    return [
        int(times[at] - times[of]) if of >= start else None
        for at, (of, start) in enumerate(zip(before, first, strict=True))
    ]


def _places(rows: Rows, table: pa.Table, of_split: np.ndarray) -> np.ndarray:
    """The line of each row."""
    lines = zip(*(table[name].to_pylist() for name in RATING), strict=True)
    place = {rating: line for line, rating in enumerate(lines) if of_split[line]}
    asked = list(zip(*rows.read([*RATING]).to_pydict().values(), strict=True))
    if missing := sum(rating not in place for rating in asked):
        raise InputError(
            f"{rows.dataset.source}: {missing} of {len(asked)} rows of {rows.split!r} are not in its interactions; "
            "rebuild the dataset"
        )
    return np.array([place[rating] for rating in asked], np.int64)

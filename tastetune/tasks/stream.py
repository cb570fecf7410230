"""A user's ratings as one text in the order of time: each is asked before it is told, and so every rating teaches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.config.arguments import WindowLimits
from tastetune.errors import InputError
from tastetune.tasks.labels import LabelTask
from tastetune.tasks.like_dislike import NO, YES, Item, LikeDislike, time_span
from tastetune.tasks.passages import Passage, Streams, passages
from tastetune.tasks.rating import STARS, Rating
from tastetune.tasks.task import KNOWN, Rows

ORDER = [(name, "ascending") for name in ("user_id", "timestamp", "item_id")]


@dataclass(frozen=True)
class Stream:
    """Writes ratings as lines: `- "Alien (1979)": Yes`.

    A line is a question up to its colon, an answer, and what is told behind the answer.

    Attributes:
        like: the wording of the dataset's prompts; with its `genres`, `ratings` and `times` a line names the genres,
            tells the stars behind the answer (`Yes, 5.0`), and says how long after the rating before it stands.
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
        stars = f", and the stars that the {self.like.user} gave" if self.like.ratings else ""
        return f"whether the {self.like.user} did {self.like.enjoy} it, Yes or No{stars}."

    def question(self, named: str, gap: int | None) -> str:
        """A line up to its answer, without a space at its end.

        Args:
            named: the item as `LikeDislike.named` writes it.
            gap: seconds since the rating before it; None for a user's first.
        """
        when = ""
        if self.like.times and gap is not None:
            when = f", {span} later" if (span := time_span(gap)) else ", at the same time"
        return f"- {named}{when}:"

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


class StreamTask(LabelTask):
    """The rows of `like_dislike`, each asked behind the user's earlier ratings. No files of its name exist."""

    config = "stream"
    written_by: type[Stream] = Stream

    def streams(self, rows: Rows, known: Sequence[str] | None = None) -> Streams:
        """The ratings of the rows' users as lines, and where the rows stand among them.

        Args:
            known: the splits whose ratings may stand before a row; as the dataset's rule for histories says if None.

        Raises:
            InputError: rows of several splits without `known`, a rule that does not exist, dislikes that were sampled,
                or rows that `interactions` and `items` do not have.
        """
        dataset, asked = rows.dataset, rows.split.removesuffix("_sample").split("+")
        if dataset.has_sampled_dislikes:
            raise InputError(
                f"{dataset.source}: its dislikes were sampled beside clicks and stand in no history, so its rows are "
                f"no stream; set dataset_config: {self.rows_config}"
            )
        known = _known(dataset, rows.split, asked) if known is None else known
        table = _ratings(dataset, list(dict.fromkeys([*known, *asked])), rows.table["user_id"])
        is_known = np.isin(table["split"].to_numpy(), known)
        users = table["user_id"].to_numpy()
        bounds = np.flatnonzero(np.concatenate([[True], users[1:] != users[:-1], [True]])) if len(users) else [0]
        return self._written(
            rows, table, is_known=is_known, of_split=np.isin(table["split"].to_numpy(), asked), bounds=np.array(bounds)
        )

    def _written(
        self, rows: Rows, table: pa.Table, *, is_known: np.ndarray, of_split: np.ndarray, bounds: np.ndarray
    ) -> Streams:
        stream = self.written_by(rows.dataset.worded(LikeDislike))
        items, stars = table["item_id"].to_pylist(), table["rating"].to_pylist()
        named = _named(rows.dataset, stream.like, set(items))
        gaps = _gaps(table["timestamp"].to_numpy(), is_known, bounds)
        return Streams(
            head=stream.head,
            answers=stream.answers,
            questions=[stream.question(named[item], gap) for item, gap in zip(items, gaps, strict=True)],
            told=np.array([stream.answer(rating) for rating in stars], np.int64),
            rests=[stream.told(rating) for rating in stars],
            bounds=bounds,
            is_known=is_known,
            of_split=of_split,
            asked=_places(rows, table, of_split),
        )

    def prompts(self, rows: Rows) -> list[str]:
        """The text before each row's answer, by itself, in windows of the usual number of ratings."""
        return [prompt for prompt, _ in self._unrolled(rows, None)]

    def training_table(self, dataset: BuiltDataset, split: str) -> pa.Table:
        """`prompt` and `completion` of the rows of `split`: each row by itself, which streams save the reading of."""
        rows = self.rows(dataset, split)
        prompts, completions = zip(*self._unrolled(rows, split.split("+")), strict=True)
        return pa.table({"prompt": prompts, "completion": completions})

    def _unrolled(self, rows: Rows, known: Sequence[str] | None) -> list[tuple[str, str]]:
        streams = self.streams(rows, known)
        texts: list[tuple[str, str]] = [("", "")] * len(rows.table)
        for passage in passages(streams, np.ones(len(streams.questions), np.int64), WindowLimits()):
            for row, text in zip(passage.rows, _texts(streams, passage), strict=True):
                texts[row] = text
        return texts


class StreamRatingTask(StreamTask):
    """The rows of `like_dislike`, asked for stars behind the user's earlier stars."""

    config = "stream_rating"
    written_by = StarStream


def _known(dataset: BuiltDataset, split: str, asked: list[str]) -> tuple[str, ...]:
    if dataset.history not in KNOWN:
        raise InputError(
            f"{dataset.source}: its histories follow the rule {dataset.history!r}, expected one of {', '.join(KNOWN)}; "
            "rebuild the dataset"
        )
    if asked[0] not in KNOWN[dataset.history] or len(asked) > 1:
        raise InputError(f"split {split!r}: a stream answers one of {', '.join(KNOWN[dataset.history])} at a time")
    return KNOWN[dataset.history][asked[0]]


def _ratings(dataset: BuiltDataset, splits: Sequence[str], users: pa.ChunkedArray) -> pa.Table:
    """The users' ratings in these splits, each user's together and in order, with the `split` of each."""
    parts = []
    for split in splits:
        part = dataset.read("interactions", split, ["user_id", "item_id", "rating", "timestamp"])
        part = part.filter(pc.is_in(part["user_id"], value_set=users.combine_chunks()))
        parts.append(part.append_column("split", pa.repeat(pa.scalar(split), len(part))))
    return pa.concat_tables(parts).sort_by(ORDER)


def _named(dataset: BuiltDataset, like: LikeDislike, rated: set[str]) -> dict[str, str]:
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
    keys = ("user_id", "item_id", "timestamp")
    lines = zip(*(table[name].to_pylist() for name in keys), strict=True)
    place = {key: line for line, key in enumerate(lines) if of_split[line]}
    asked = list(zip(*rows.read(list(keys)).to_pydict().values(), strict=True))
    if missing := sum(key not in place for key in asked):
        raise InputError(
            f"{rows.dataset.source}: {missing} of {len(asked)} rows of {rows.split!r} are not in its interactions; "
            "rebuild the dataset"
        )
    return np.array([place[key] for key in asked], np.int64)


def _texts(streams: Streams, passage: Passage) -> list[tuple[str, str]]:
    lines = [streams.questions[at] + streams.answers[streams.told[at]] + streams.rests[at] for at in passage.lines]
    return [
        (streams.head + "".join(lines[:before]) + streams.questions[at], streams.answers[streams.told[at]])
        for at, before in zip(passage.targets, passage.before, strict=True)
    ]

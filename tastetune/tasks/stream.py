"""A user's ratings as one text in the order of time: each is asked before it is told, and so every rating teaches."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.config.windows import WindowLimits
from tastetune.tasks.labels import LabelTask
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.streams.lines import StarStream, Stream, read_streams
from tastetune.tasks.streams.passages import Passage, Streams, passages
from tastetune.tasks.task import Rows


class StreamTask(LabelTask):
    """The rows of `like_dislike`, each asked behind the user's earlier ratings. No files of its name exist."""

    config = "stream"
    written_by: type[Stream] = Stream

    def writer(self, dataset: BuiltDataset) -> Stream:
        """What writes a line, in the dataset's words."""
        return self.written_by(dataset.worded(LikeDislike))

    def streams(self, rows: Rows, known: Sequence[str] | None = None) -> Streams:
        """The ratings of the rows' users as lines, see `tastetune.tasks.streams.lines.read_streams`."""
        return read_streams(rows, self.writer(rows.dataset), known)

    def prompts(self, rows: Rows) -> list[str]:
        """The text before each row's answer, by itself, in windows of the usual number of ratings."""
        return [prompt for prompt, _ in unrolled(self.streams(rows))]

    def training_table(self, dataset: BuiltDataset, split: str) -> pa.Table:
        """`prompt` and `completion` of the rows of `split`: each row by itself, which streams save the reading of."""
        rows = self.rows(dataset, split)
        prompts, completions = zip(*unrolled(self.streams(rows, split.split("+"))), strict=True)
        return pa.table({"prompt": prompts, "completion": completions})


class StreamRatingTask(StreamTask):
    """The rows of `like_dislike`, asked for stars behind the user's earlier stars."""

    config = "stream_rating"
    written_by = StarStream


def unrolled(streams: Streams) -> list[tuple[str, str]]:
    """The text before each row's answer, by itself, in windows of the usual number of ratings, and the answer."""
    texts: list[tuple[str, str]] = [("", "")] * len(streams.asked)
    for passage in passages(streams, np.ones(len(streams.questions), np.int64), WindowLimits()):
        for row, text in zip(passage.rows, _texts(streams, passage), strict=True):
            texts[row] = text
    return texts


def _texts(streams: Streams, passage: Passage) -> list[tuple[str, str]]:
    lines = [streams.line(at) for at in passage.lines]
    return [
        (streams.head + "".join(lines[:before]) + streams.questions[at], streams.answers[streams.told[at]])
        for at, before in zip(passage.targets, passage.before, strict=True)
    ]

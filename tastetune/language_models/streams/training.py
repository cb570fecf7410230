"""Streams as rows of tokens to train on, whose loss is on the answers alone."""

from collections.abc import Iterator

from datasets import Dataset

from tastetune.language_models.streams.tokens import SpeltStreams
from tastetune.tasks.streams.passages import Passage

IGNORED = -100
"""The label of a token that carries no loss."""


def token_rows(streams: SpeltStreams, passages: list[Passage]) -> Dataset:
    """`input_ids` and `labels` of each passage, and how many `answers` carry loss.

    A passage whose rows are asked apart from each other is a row for each of them.
    """
    rows = [row for passage in passages for row in _rows(streams, passage)]
    ids, labels = ([row[part] for row in rows] for part in (0, 1))
    answers = [sum(label != IGNORED for label in of_row) for of_row in labels]
    return Dataset.from_dict({"input_ids": ids, "labels": labels, "answers": answers})


def _rows(streams: SpeltStreams, passage: Passage) -> Iterator[tuple[list[int], list[int]]]:
    ids, places = streams.told(passage.lines)
    if streams.streams.is_apart:
        for line in passage.targets:
            asked = ids + streams.questions[line]
            yield [*asked, streams.answer(line)], [*[IGNORED] * len(asked), streams.answer(line)]
        return
    end = places[passage.before[-1]] + 1
    labels = [IGNORED] * end
    for before in passage.before:
        labels[places[before]] = streams.answer(passage.lines[before])
    yield ids[:end], labels

"""The probability of each answer to the rows of streams: one pass over a passage answers all that it asks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

from tastetune.language_models.batching import in_batches, left_padded, tokens_at_once
from tastetune.language_models.heads import Head
from tastetune.language_models.probabilities import AnswerProbabilities
from tastetune.language_models.streams.tokens import SpeltStreams
from tastetune.tasks.streams.passages import Passage


@torch.inference_mode()
def stream_probabilities(
    model: PreTrainedModel, streams: SpeltStreams, passages: Sequence[Passage], pad: int, max_batch_tokens: int
) -> AnswerProbabilities:
    """The probability of each answer to each row, in the rows' order.

    Args:
        passages: they hold every row once.
        pad: the token that fills a batch.
        max_batch_tokens: padded tokens in one batch; on a CPU those of a single pass are fewer, see `tokens_at_once`.
    """
    reader = _Reader(model, Head.of(model), streams, pad)
    if streams.streams.is_apart:
        passages = [part for passage in passages for part in _parts(streams, passage, max_batch_tokens)]
        read, lengths = reader.apart, [_length_apart(streams, passage) for passage in passages]
    else:
        read, lengths = reader.together, [len(_questioned(streams, passage)[0]) for passage in passages]
        max_batch_tokens = tokens_at_once(model, max_batch_tokens)
    answered = in_batches(
        lambda numbers: read([passages[number] for number in numbers]), lengths, max_batch_tokens, "reading streams"
    )
    logs = np.empty((len(streams.streams.asked), len(streams.answers)))
    for passage, of_rows in zip(passages, answered, strict=True):
        logs[passage.rows] = of_rows
    total = np.logaddexp.reduce(logs, axis=1)
    return AnswerProbabilities(np.exp(logs - total[:, None]), np.exp(total))


@dataclass(frozen=True)
class _Reader:
    """Reads batches of passages: of each, log P of every answer to each of its rows."""

    model: PreTrainedModel
    head: Head
    streams: SpeltStreams
    pad: int

    def together(self, batch: Sequence[Passage]) -> list[list[list[float]]]:
        """Rows that are told once they were asked. Filled up behind, where no token looks."""
        rows, asked = zip(*(_questioned(self.streams, passage) for passage in batch), strict=True)
        width = max(map(len, rows))
        ids = torch.tensor([row + [self.pad] * (width - len(row)) for row in rows], device=self.model.device)
        places = torch.zeros_like(ids, dtype=torch.bool)
        for number, answers in enumerate(asked):
            places[number, [at - 1 for at in answers]] = True
        logs = self.head.logs_at(self.model, {"input_ids": ids}, places, self._answers).tolist()
        return list(_cut(logs, [len(answers) for answers in asked]))

    def apart(self, batch: Sequence[Passage]) -> list[list[list[float]]]:
        """Rows that each hang on the passage's lines alone, whose keys and values they share."""
        device = self.model.device
        told = left_padded([self.streams.told(passage.lines)[0] for passage in batch], 0, self.pad, device)
        past = DynamicCache(config=self.model.config)
        self.model(**told, past_key_values=past, use_cache=True, logits_to_keep=1)
        counts = [len(passage.targets) for passage in batch]
        owners = torch.arange(len(batch), device=device).repeat_interleave(torch.tensor(counts, device=device))
        past.batch_select_indices(owners)
        questions = [self.streams.questions[line] for passage in batch for line in passage.targets]
        asked = left_padded(questions, 0, self.pad, device)
        seen = told["attention_mask"][owners]
        asked["position_ids"] = asked["position_ids"] + seen.sum(1, keepdim=True)
        asked["attention_mask"] = torch.cat([seen, asked["attention_mask"]], dim=1)
        logs = self.head.logs(self.model, asked, past, self._answers[None])[:, 0].tolist()
        return list(_cut(logs, counts))

    @property
    def _answers(self) -> torch.Tensor:
        return torch.tensor(self.streams.answers, device=self.model.device)


def _questioned(streams: SpeltStreams, passage: Passage) -> tuple[list[int], list[int]]:
    """The tokens of a passage up to its last question, and where the answers to its rows would stand."""
    ids, places = streams.told(passage.lines)
    asked = [places[before] for before in passage.before]
    return ids[: asked[-1]], asked


def _parts(streams: SpeltStreams, passage: Passage, max_batch_tokens: int) -> Iterator[Passage]:
    """A passage whose rows are asked apart, cut so that those asked at a time fit into a batch.

    Rows alike in length stand together, so that little is filled up: in the order of a catalogue it takes 1.6 times as
    long to ask about all of it.
    """
    lengths = np.array([len(streams.questions[line]) for line in passage.targets])
    order, start, told = np.argsort(-lengths, kind="stable"), 0, len(streams.told(passage.lines)[0])
    while start < len(order):
        part = order[start : start + max(1, max_batch_tokens // (told + lengths[order[start]]))]
        yield replace(passage, rows=passage.rows[part], targets=passage.targets[part], before=passage.before[part])
        start += len(part)


def _length_apart(streams: SpeltStreams, passage: Passage) -> int:
    """Tokens of all rows of a passage, each with what stands before it."""
    told = len(streams.told(passage.lines)[0])
    return sum(told + len(streams.questions[line]) for line in passage.targets)


def _cut(logs: list[list[float]], counts: Sequence[int]) -> Iterator[list[list[float]]]:
    """So many rows of `logs` for each count."""
    start = 0
    for count in counts:
        yield logs[start : start + count]
        start += count

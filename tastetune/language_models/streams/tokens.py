"""Streams as tokens: each line's parts are spelt once, and stand in every window as they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from transformers import PreTrainedTokenizerBase

from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError
from tastetune.language_models.answer_tokens import spell
from tastetune.language_models.item_tokens.tokens import (
    estimate_token,
    estimate_tokens,
    item_token,
    item_tokens,
    stand_alone,
    told_tokens,
)
from tastetune.tasks.streams.passages import Passage, Streams, passages

TRIED = 20
"""Lines that are spelt together too, to see whether they come out alike; all are written by one template."""


@dataclass(frozen=True)
class SpeltStreams:
    """Streams, and the tokens of their parts.

    Where the tokenizer has a token for a line's item, it ends the line's question, behind the item's text or in its
    place; where it has one for the item with its answer, that stands for the answer once it is told. An estimate stands
    right before the answer.

    Attributes:
        head: of what stands before the lines.
        answers: of each answer its one token.
        told_as: the token of each line's own answer as later lines see it.
        questions, rests: of each line's two other parts; a token that all answers begin with ends the question.
        by_text_alone: how many rows ask for an item that has no token, though others have; None where none has.
    """

    streams: Streams
    head: list[int]
    answers: list[int]
    told_as: list[int]
    questions: list[list[int]]
    rests: list[list[int]]
    by_text_alone: int | None = None

    @classmethod
    def of(
        cls, tokenizer: PreTrainedTokenizerBase, streams: Streams, levels: np.ndarray | None = None
    ) -> "SpeltStreams":
        """The tokens of streams of one line at least.

        Args:
            levels: of each line's estimate, (lines,), see `tastetune.language_models.item_tokens.estimates`; for a
                tokenizer that has tokens of them.

        Raises:
            InputError: an answer is of several tokens, the parts are spelt otherwise where they stand together, or an
                adapter that was trained with estimates is asked without any.
        """
        if levels is None and estimate_tokens(tokenizer):
            raise InputError(
                f"{tokenizer.name_or_path}: was trained with estimates in its lines (stream_estimates), which lists do "
                "not have; ask it for likes or stars"
            )
        streams, by_text_alone = _with_item_tokens(tokenizer, streams)
        if levels is not None:
            asked = zip(streams.questions, levels, strict=True)
            streams = replace(streams, questions=[text + estimate_token(level) for text, level in asked])
        begun, answers = _answers(tokenizer, streams)
        asked = _spelt(tokenizer, streams.questions)
        # In front of a line, where line breaks may be spelt otherwise than at a text's end
        whole = tokenizer(streams.head + streams.questions[0])["input_ids"]
        head, questions = whole[: len(whole) - len(asked[0])], [ids + begun for ids in asked]
        own = [answers[told] for told in streams.told]
        spelt = cls(streams, head, answers, own, questions, _spelt(tokenizer, streams.rests), by_text_alone)
        spelt._refuse_apart(tokenizer)
        return replace(spelt, told_as=_told_as(tokenizer, streams, own))

    def passages(
        self, limits: WindowLimits, context: int | None, rng: np.random.Generator | None = None
    ) -> list[Passage]:
        """All rows in passages that the model can read.

        Args:
            limits: of the windows, the head's tokens among theirs.
            context: tokens that the model has positions for; None where nothing limits them.
            rng: see `tastetune.tasks.streams.passages.passages`.

        Raises:
            InputError: a line does not fit.
        """
        return list(passages(self.streams, self.lengths, self.room(limits, context), rng))

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each line, with the longest rest: where a window ends must not tell what a line's answer was."""
        return np.array([len(question) for question in self.questions], np.int64) + 1 + max(map(len, self.rests))

    def room(self, limits: WindowLimits, context: int | None) -> WindowLimits:
        """The limits without the head, within what the model has positions for."""
        most = min((limit for limit in (limits.tokens, context) if limit is not None), default=None)
        return replace(limits, tokens=None if most is None else max(0, most - len(self.head)))

    def told(self, lines: Iterable[int]) -> tuple[list[int], list[int]]:
        """The tokens of the head and of whole lines, and where each line's answer stands."""
        ids, places = list(self.head), []
        for line in lines:
            ids += self.questions[line]
            places.append(len(ids))
            ids.append(self.told_as[line])
            ids += self.rests[line]
        return ids, places

    def answer(self, line: int) -> int:
        """The token of a line's own answer."""
        return self.answers[self.streams.told[line]]

    def _refuse_apart(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Raise InputError if the first lines are spelt otherwise together than part by part."""
        streams, lines = self.streams, range(min(TRIED, len(self.questions)))
        texts = [streams.questions[at] + streams.answers[streams.told[at]] + streams.rests[at] for at in lines]
        if tokenizer(streams.head + "".join(texts))["input_ids"] != self.told(lines)[0]:
            raise InputError(
                f"the tokenizer of {tokenizer.name_or_path!r} spells a stream's lines otherwise where they stand "
                "together than one by one; use another model, or dataset_config: like_dislike"
            )


def _with_item_tokens(tokenizer: PreTrainedTokenizerBase, streams: Streams) -> tuple[Streams, int | None]:
    """`streams` with each item's token in its question, and how many rows ask for an item that has none."""
    if not (known := item_tokens(tokenizer)):
        return streams, None
    alone = stand_alone(tokenizer)
    before = streams.unnamed if alone else streams.questions
    lines = zip(streams.items, before, streams.questions, strict=True)
    questions = [text + item_token(item, alone=alone) if item in known else whole for item, text, whole in lines]
    by_text_alone = sum(streams.items[line] not in known for line in streams.asked)
    return replace(streams, questions=questions), by_text_alone


def _told_as(tokenizer: PreTrainedTokenizerBase, streams: Streams, own: list[int]) -> list[int]:
    """Of each line the token of its item with its answer, or the answer's `own` where there is none."""
    if not (known := told_tokens(tokenizer)):
        return own
    answers = [answer.strip() for answer in streams.answers]
    lines = zip(streams.items, streams.told, own, strict=True)
    return [known.get((item, answers[told]), plain) for item, told, plain in lines]


def _spelt(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    """The tokens of each text, without what the tokenizer puts around one; texts that are alike are spelt once."""
    unlike = list(dict.fromkeys(texts))
    ids = dict(zip(unlike, tokenizer(unlike, add_special_tokens=False)["input_ids"], strict=True))
    return [ids[text] for text in texts]


def _answers(tokenizer: PreTrainedTokenizerBase, streams: Streams) -> tuple[list[int], list[int]]:
    """The tokens that all answers begin with, and the one by which each goes on."""
    asked = streams.head + streams.questions[0]
    spelt = spell(tokenizer, [asked], streams.answers)
    if any(len(answer) > 1 for answer in spelt.answers):
        several = next(text for text, ids in zip(streams.answers, spelt.answers, strict=True) if len(ids) > 1)
        raise InputError(
            f"the tokenizer of {tokenizer.name_or_path!r} spells {several!r} in several tokens, and in a stream each "
            "answer is one; use another model, or dataset_config: like_dislike, which reads longer answers"
        )
    before = len(tokenizer(asked)["input_ids"])
    return spelt.contexts[0][before:], [answer[0] for answer in spelt.answers]

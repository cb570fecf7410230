"""Decoding limited to the catalogue: a numbered list in which every line is a title that exists, none of them twice."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from transformers import LogitsProcessor, PreTrainedTokenizerBase

from tastetune.errors import InputError
from tastetune.language_models.chat import plain_text
from tastetune.language_models.lists.title_trie import TitleTrie
from tastetune.tasks.top_n import TopN


@dataclass(frozen=True)
class Spelling:
    """How a tokenizer spells lists of these titles.

    Attributes:
        titles: all different.
        numbers: the tokens of "1.", "2." and so on, as many as a list has lines.
        inner: each title with the space before it and the line break behind it.
        last: each title with the space before it and the token that ends the answer behind it.
        end: the token that ends the answer.
    """

    titles: Sequence[str]
    numbers: list[list[int]]
    inner: TitleTrie
    last: TitleTrie
    end: int


def spell(tokenizer: PreTrainedTokenizerBase, titles: Sequence[str], lines: int, end: int) -> Spelling:
    """Spell every title as it is spelt within a line: the tokens at its ends depend on what stands beside them.

    Raises:
        InputError: the tokenizer cannot spell a title, or merges it with the number before it.
    """

    def ids(texts: list[str]) -> list[list[int]]:
        return tokenizer(texts, add_special_tokens=False)["input_ids"]

    head = ids(["1."])[0]

    def behind_number(ends: str) -> list[list[int]]:
        texts = [f" {title}{ends}" for title in titles]
        spelt = ids([f"1.{text}" for text in texts])
        back = tokenizer.batch_decode([row[len(head) :] for row in spelt], clean_up_tokenization_spaces=False)
        for row, text, found in zip(spelt, texts, back, strict=True):
            if row[: len(head)] != head or found != text:
                raise InputError(
                    f"the tokenizer of {tokenizer.name_or_path!r} spells {text!r} behind '1.' as {found!r}, so it "
                    "cannot be told to write this title; use a byte-level tokenizer whose tokens do not span words "
                    "(superwords: false where the model is made here), or mend the title"
                )
        return [row[len(head) :] for row in spelt]

    numbers = ids([f"{place}." for place in range(1, lines + 1)])
    inner, last = TitleTrie(behind_number("\n")), TitleTrie([[*row, end] for row in behind_number("")])
    return Spelling(titles, numbers, inner, last, end)


@dataclass
class _Row:
    """Where the list of one row stands: what it may write next."""

    spelling: Spelling
    taken: set[int]
    lines: int
    written: list[int] = field(default_factory=list)
    forced: list[int] = field(default_factory=list)
    node: int = 0
    closed: frozenset[int] = frozenset()

    def __post_init__(self):
        self._begin_line()

    @property
    def trie(self) -> TitleTrie:
        return self.spelling.last if len(self.written) == self.lines - 1 else self.spelling.inner

    @property
    def done(self) -> bool:
        return len(self.written) == self.lines

    def allowed(self) -> np.ndarray:
        """Token ids, int64."""
        if self.done:
            return np.array([self.spelling.end])
        if self.forced:
            return np.array(self.forced[:1])
        return self.trie.token[self.trie.next_nodes(self.node, self.closed)]

    def accept(self, token: int) -> None:
        """Go on behind `token`.

        Raises:
            InputError: it is none of `allowed`.
        """
        if self.done:
            return
        if token not in self.allowed():
            raise InputError(
                f"the model wrote token {token} where the catalogue allows none such, so something else decides what "
                "it writes; use greedy decoding or sampling without beams"
            )
        if self.forced:
            self.forced.pop(0)
            return
        below = self.trie.children(self.node)
        self.node = int(below[self.trie.token[below] == token][0])
        title = int(self.trie.sequence[self.node])
        if title >= 0:
            self.written.append(title)
            self.taken.add(title)
            self._begin_line()

    def _begin_line(self) -> None:
        if not self.done:
            self.node, self.forced = 0, list(self.spelling.numbers[len(self.written)])
            self.closed = self.trie.without(self.taken)


class ListConstraint(LogitsProcessor):
    """Leaves the tokens alone that can go on a list of titles, for each row without its own excluded ones.

    A list has as many lines as `spelling.numbers`, or as titles are left. For greedy decoding and for sampling; beams
    would swap the rows' places.
    """

    def __init__(self, spelling: Spelling, excluded: Sequence[Collection[int]], prompt_width: int):
        """Args:
        excluded: for each row the places in `spelling.titles` that it must not name.
        prompt_width: padded tokens before the answer.

        Raises:
            InputError: a row excludes every title.
        """
        for row in excluded:
            if len(set(row)) >= len(spelling.titles):
                raise InputError(f"all {len(spelling.titles)} titles are excluded; there is nothing left to recommend")
        lines = len(spelling.numbers)
        self.rows = [_Row(spelling, set(row), min(lines, len(spelling.titles) - len(set(row)))) for row in excluded]
        self.seen = prompt_width

    def read(self, input_ids: torch.LongTensor) -> list[list[int]]:
        """The titles that each row has named so far, as places in `spelling.titles`.

        Args:
            input_ids: prompts and what was written behind them, (rows, tokens).
        """
        for tokens in input_ids[:, self.seen :].T.tolist():
            for row, token in zip(self.rows, tokens, strict=True):
                row.accept(token)
        self.seen = input_ids.shape[1]
        return [row.written for row in self.rows]

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        self.read(input_ids)
        allowed = [row.allowed() for row in self.rows]
        index = np.stack([np.repeat(np.arange(len(allowed)), list(map(len, allowed))), np.concatenate(allowed)])
        rows, tokens = torch.from_numpy(index).to(scores.device)
        kept = torch.full_like(scores, -torch.inf)
        kept[rows, tokens] = scores[rows, tokens]
        return kept


def refuse_other_lines(task: TopN, texts: Sequence[str], titles: Sequence[Sequence[str]]) -> None:
    """Refuse lists that were written within the catalogue and, read as free ones are, name anything else.

    Args:
        texts: what was written, one text a list.
        titles: the titles that the constraint counted.

    Raises:
        InputError: how many lists do.
    """
    named = [task.parse(plain_text(task.completion(row))) for row in titles]
    unlike = [text for text, names in zip(texts, named, strict=True) if task.parse(text) != names]
    if unlike:
        raise InputError(
            f"{len(unlike)} of {len(texts)} lists that were written within the catalogue hold other lines than its "
            f"titles, the first {unlike[0]!r}: the tokenizer reads them back otherwise than it spelt them; use another "
            "model, or --modes free ranked"
        )

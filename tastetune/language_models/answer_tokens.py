"""The tokens by which a prompt goes on to each answer, as training spells them."""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from tastetune.errors import InputError

_ENDING = 32
"""Prompts whose last characters are alike are spelt alike where an answer begins."""


@dataclass(frozen=True)
class SpelledPrompts:
    """Prompts and answers as tokens.

    Attributes:
        contexts: of each prompt its tokens up to where the answers part, which may reach into the answer: a space.
        answers: of each answer the tokens behind any of the contexts, one at least.
    """

    contexts: list[list[int]]
    answers: list[list[int]]


def spell(tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], answers: Sequence[str]) -> SpelledPrompts:
    """The tokens of every prompt, and those by which it goes on to each answer.

    An answer's tokens are what `prompt + answer` has behind what all answers share; a token that the tokenizer puts
    behind every text is none of them.

    Args:
        prompts: n texts, one at least.
        answers: what a prompt goes on with, ` Yes` and ` No`.

    Raises:
        InputError: the tokenizer spells the end of a prompt otherwise when an answer follows, or two answers alike, or
            answers otherwise behind one prompt than behind another.
    """
    contexts = [without_end(tokenizer, ids) for ids in tokenizer(list(prompts))["input_ids"]]
    begun: list[int] = []
    tails: list[list[int]] = []
    for row in {prompt[-_ENDING:]: row for row, prompt in enumerate(prompts)}.values():
        whole = [without_end(tokenizer, tokenizer(prompts[row] + answer)["input_ids"]) for answer in answers]
        shared = common_length(whole)
        if whole[0][: len(contexts[row])] != contexts[row]:
            raise InputError(
                f"the tokenizer of {tokenizer.name_or_path!r} spells the end of a prompt otherwise when "
                f"{answers[0]!r} follows, so that the answer's probability cannot be read behind the prompt; use "
                "another model, or answers that begin a token"
            )
        spelt = whole[0][len(contexts[row]) : shared], [ids[shared:] for ids in whole]
        if not all(spelt[1]) or len(set(map(tuple, spelt[1]))) < len(answers):
            raise InputError(
                f"the tokenizer of {tokenizer.name_or_path!r} does not tell {' and '.join(map(repr, answers))} apart; "
                "use another model"
            )
        if tails and spelt != (begun, tails):
            raise InputError(
                f"the tokenizer of {tokenizer.name_or_path!r} spells {answers[0]!r} in more than one way behind these "
                "prompts; use another model"
            )
        begun, tails = spelt
    return SpelledPrompts([ids + begun for ids in contexts], tails)


def without_end(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> list[int]:
    """Without the end token that some tokenizers put behind every text."""
    return ids[:-1] if len(ids) > 1 and ids[-1] == tokenizer.eos_token_id else ids


def common_length(rows: Sequence[list[int]]) -> int:
    """How many first tokens all rows share."""
    shared = 0
    for tokens in zip(*rows, strict=False):
        if len(set(tokens)) > 1:
            break
        shared += 1
    return shared

"""From a language model to the probability of each answer, read off the tokens that spell it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tastetune.language_models.answer_tokens import spell
from tastetune.language_models.batching import (
    alike,
    cached,
    in_batches,
    left_padded,
    refuse_beyond_context,
    repeated,
    tokens_at_once,
)
from tastetune.language_models.heads import Head
from tastetune.tasks.like_dislike import NO, YES


class AnswerProbabilities(NamedTuple):
    """Probabilities of answers.

    Attributes:
        shares: of each prompt the answers' probabilities, normalised over the answers, float64 (n, answers).
        mass: of each prompt the probability that all answers have together, float64 (n,): how far the model answers at
            all.
    """

    shares: np.ndarray
    mass: np.ndarray


def yes_probabilities(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], max_batch_tokens: int
) -> AnswerProbabilities:
    """P(No) and P(Yes) for each prompt; arguments and errors as `answer_probabilities`."""
    return answer_probabilities(model, tokenizer, prompts, [NO, YES], max_batch_tokens)


@torch.inference_mode()
def answer_probabilities(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    answers: Sequence[str],
    max_batch_tokens: int,
) -> AnswerProbabilities:
    """The probability of each answer behind each prompt: the product of its tokens' probabilities.

    What prompts begin with alike (the instruction, the worked examples) passes through the model once; its keys
    and values are shared by every batch. With several processes, each scores a part and all return everything.

    Args:
        prompts: n texts, one at least, as the task renders them.
        answers: what a prompt goes on with.
        max_batch_tokens: padded tokens in one batch; on a CPU fewer, see `tokens_at_once`.

    Raises:
        InputError: the tokenizer cannot spell the answers, see `tastetune.language_models.answer_tokens.spell`; or
            prompts are longer than the model's context.
    """
    spelled = spell(tokenizer, prompts, answers)
    contexts, tails = spelled.contexts, spelled.answers
    refuse_beyond_context(model.config, contexts, max(map(len, tails)))
    head = Head.of(model)
    logs = np.empty((len(prompts), len(answers)))
    # Answers of one token each are read off one pass; of longer ones each is a pass of its own
    together = all(len(tail) == 1 for tail in tails)
    for columns in [list(range(len(answers)))] if together else [[column] for column in range(len(answers))]:
        own = [tails[column] for column in columns]
        begun = [] if together else own[0][:-1]
        logs[:, columns] = _logs(
            model, head, [ids + begun for ids in contexts], own, pad=tokenizer.pad_token_id, at_once=max_batch_tokens
        )
    total = np.logaddexp.reduce(logs, axis=1)
    return AnswerProbabilities(np.exp(logs - total[:, None]), np.exp(total))


def _logs(
    model: PreTrainedModel,
    head: Head,
    rows: Sequence[list[int]],
    tails: Sequence[list[int]],
    *,
    pad: int,
    at_once: int,
) -> np.ndarray:
    """log P of each tail whose tokens but the last end the rows, float64 (rows, tails)."""
    kept = len(tails[0])
    tokens = torch.tensor(tails, device=model.device).T  # (kept, tails)
    logs = np.empty((len(rows), len(tails)))
    for group, shared in alike(rows, kept):
        past = cached(model, rows[group[0]][:shared])

        def score(places: list[int], group=group, shared=shared, past=past) -> list[list[float]]:
            rest = [rows[group[place]][shared:] for place in places]
            inputs = left_padded(rest, shared, pad, model.device)
            return head.logs(model, inputs, repeated(past, len(rest)), tokens[:kept]).sum(1).tolist()

        lengths = [len(rows[row]) for row in group]
        logs[group] = in_batches(score, lengths, tokens_at_once(model, at_once, max(lengths), shared), "scoring")
    return logs

"""From a language model to P(Yes): one forward pass a prompt, read off the answer tokens' logits."""

import copy
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import torch
from transformers import DynamicCache, GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from tastetune.errors import InputError
from tastetune.language_models.batching import in_batches, left_padded
from tastetune.language_models.generation import generate

_LEEWAY = 8
"""Tokens beyond the longest expected text: so that a text that goes on is seen to go on."""


def answer_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """Token ids that mean Yes and No: each of `Yes`, `yes`, `YES` with and without a leading space, if one token.

    Raises:
        InputError: the tokenizer has no single token for one of the answers.
    """

    def spellings(word: str) -> list[int]:
        texts = [space + form for space in ("", " ") for form in (word, word.lower(), word.upper())]
        ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
        found = sorted({token for token, *rest in ids if not rest and token != tokenizer.unk_token_id})
        if not found:
            raise InputError(
                f"the tokenizer of {tokenizer.name_or_path!r} spells {word!r} with more than one token, so its "
                "probability is not one logit; score with --generate instead"
            )
        return found

    return spellings("Yes"), spellings("No")


@torch.inference_mode()
def yes_probabilities(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    max_batch_tokens: int,
) -> np.ndarray:
    """P(Yes) for each prompt: the softmax over the next token, restricted to the answer tokens.

    What prompts begin with alike (the instruction, the worked examples) passes through the model once; its keys
    and values are shared by every batch. With several processes, each scores a part and all return everything.

    Args:
        prompts: n texts, one at least, as the task renders them.
        max_batch_tokens: padded tokens in one batch.

    Returns:
        float64 of shape (n,).
    """
    yes, no = answer_tokens(tokenizer)
    return answer_probabilities(model, tokenizer, tokenizer(list(prompts))["input_ids"], [no, yes], max_batch_tokens)[
        :, 1
    ]


@torch.inference_mode()
def answer_probabilities(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[list[int]],
    answers: Sequence[list[int]],
    max_batch_tokens: int,
) -> np.ndarray:
    """P(answer) for each prompt: the softmax over the next token, restricted to the answers' tokens.

    Args:
        prompts: n rows of token ids, one at least.
        answers: token ids that mean each answer, one at least each.
        max_batch_tokens: as `yes_probabilities`, which says what is shared.

    Returns:
        float64 of shape (n, answers).
    """
    spellings = [torch.tensor(tokens, device=model.device) for tokens in answers]
    found = np.empty((len(prompts), len(answers)))
    for group, shared in _alike(prompts):
        past = _cached(model, prompts[group[0]][:shared])

        def score(places: list[int], group=group, shared=shared, past=past) -> list[list[float]]:
            rest = [prompts[group[place]][shared:] for place in places]
            logits = model(
                **left_padded(rest, shared, tokenizer.pad_token_id, model.device),
                past_key_values=_repeated(past, len(rest)),
                use_cache=past is not None,
                logits_to_keep=1,
            ).logits[:, -1]
            of_answers = torch.stack([logits[:, tokens].double().logsumexp(1) for tokens in spellings], dim=1)
            return of_answers.softmax(1).tolist()

        found[group] = in_batches(score, [len(prompts[row]) for row in group], max_batch_tokens, "scoring")
    return found


@torch.inference_mode()
def generated_answers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    max_batch_tokens: int,
    max_new_tokens: int = 8,
    *,
    ends: Collection[int] = (),
) -> list[str]:
    """What the model writes after each prompt, greedily; n texts.

    Nothing is taken from the generation settings that a model brings along. A text ends with the tokenizer's or the
    architecture's end token, or after `max_new_tokens`.

    Args:
        ends: further tokens that end a text, and belong to it.
    """
    ids = tokenizer(list(prompts))["input_ids"]
    settings = GenerationConfig(
        do_sample=False,
        max_new_tokens=max_new_tokens,
        eos_token_id=sorted({*_end_tokens(model, tokenizer), *ends}),
        pad_token_id=tokenizer.pad_token_id,
    )

    def write(rows: list[int]) -> list[str]:
        inputs = left_padded([ids[row] for row in rows], 0, tokenizer.pad_token_id, model.device)
        written = generate(model, inputs, settings)
        return tokenizer.batch_decode(written[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)

    return in_batches(write, list(map(len, ids)), max_batch_tokens, "generating")


def completed_lines(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    expected: Sequence[str],
    max_batch_tokens: int,
) -> list[str]:
    """The rest of the line that each prompt begins, greedily; n texts.

    Args:
        expected: the rests that are of interest; what is longer than any is cut off a few tokens behind that length.
    """
    spelt = tokenizer.batch_decode([[token] for token in range(len(tokenizer))])
    line_ends = [token for token, text in enumerate(spelt) if "\n" in text]
    room = max(map(len, tokenizer(list(expected), add_special_tokens=False)["input_ids"])) + _LEEWAY
    texts = generated_answers(model, tokenizer, prompts, max_batch_tokens, room, ends=line_ends)
    return [text.partition("\n")[0] for text in texts]


def _end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """What ends a text in this vocabulary: Llama 3 has one token for a message's end and one for a document's."""
    own = model.config.eos_token_id
    return {tokenizer.eos_token_id, *(own if isinstance(own, list) else [own])} - {None}


def _alike(ids: Sequence[list[int]]) -> Iterator[tuple[list[int], int]]:
    """Groups of rows, and how many first tokens the rows of each share, so that a group saves the most tokens.

    A row's last token, whose logits are to be read, is never shared. Nearly all few-shot prompts begin with the same
    worked examples, and but few, of those examples' own users, with others: these are a group apart.
    """
    rows = sorted(range(len(ids)), key=ids.__getitem__)
    while rows:
        middle = ids[rows[len(rows) // 2]]
        alike = np.array([min(_common(middle, ids[row]), len(ids[row]) - 1) for row in rows])
        shared = max(np.unique(alike), key=lambda tokens: tokens * np.count_nonzero(alike >= tokens))
        yield [row for row, tokens in zip(rows, alike, strict=True) if tokens >= shared], int(shared)
        rows = [row for row, tokens in zip(rows, alike, strict=True) if tokens < shared]


def _common(one: list[int], other: list[int]) -> int:
    """How many first tokens two rows have in common."""
    unlike = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(unlike, min(len(one), len(other)))


def _cached(model: PreTrainedModel, tokens: list[int]) -> DynamicCache | None:
    """The keys and values of `tokens`; None of none."""
    if not tokens:
        return None
    past = DynamicCache(config=model.config)
    model(input_ids=torch.tensor([tokens], device=model.device), past_key_values=past, use_cache=True, logits_to_keep=1)
    return past


def _repeated(past: DynamicCache | None, rows: int) -> DynamicCache | None:
    if past is not None:
        past = copy.deepcopy(past)
        past.batch_repeat_interleave(rows)
    return past

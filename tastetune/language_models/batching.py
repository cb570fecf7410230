"""Prompts through a model: batches by tokens, padded on the left, spread over processes; what they share goes once."""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from tqdm import tqdm
from transformers import DynamicCache, PreTrainedConfig, PreTrainedModel

from tastetune.errors import InputError

CPU_TOKENS = 2048
"""Tokens that a CPU passes through a model at a time: of more, the layers' values leave its caches and take longer."""


def left_padded(rows: list[list[int]], seen: int, pad: int, device: torch.device) -> dict[str, torch.Tensor]:
    """Rows of unequal length as one batch that ends flush, behind `seen` tokens that are in the cache already."""
    width = max(map(len, rows))
    gaps = [width - len(row) for row in rows]
    mask = torch.tensor([[1] * seen + [0] * gap + [1] * (width - gap) for gap in gaps], device=device)
    return {
        "input_ids": torch.tensor([[pad] * gap + row for gap, row in zip(gaps, rows, strict=True)], device=device),
        "attention_mask": mask,
        "position_ids": (mask.cumsum(1) - 1).clamp(min=0)[:, seen:],
    }


def context_length(config: PreTrainedConfig) -> int | None:
    """How many tokens a model has positions for; None where nothing limits them."""
    return getattr(config.get_text_config(), "max_position_embeddings", None)


def refuse_beyond_vocabulary(config: PreTrainedConfig, texts: Sequence[list[int]]) -> None:
    """Raise InputError if a token of `texts` is none of the model's: the tokenizer beside it is another model's."""
    size, largest = config.get_text_config().vocab_size, max(max(ids, default=0) for ids in texts) if texts else 0
    if largest >= size:
        raise InputError(
            f"the tokenizer writes token {largest}, and the model {config.name_or_path!r} has {size}, counted from 0: "
            "the tokenizer beside it is another model's; fetch the model anew, whole"
        )


def refuse_beyond_context(config: PreTrainedConfig, prompts: Sequence[list[int]], room: int) -> None:
    """Refuse prompts that are longer than what a model was made to read, or hold a token that it does not have.

    Args:
        prompts: their tokens.
        room: tokens for the answer behind each.

    Raises:
        InputError: how many are too long, and the longest; or see `refuse_beyond_vocabulary`.
    """
    refuse_beyond_vocabulary(config, prompts)
    limit, lengths = context_length(config), [len(ids) + room for ids in prompts]
    over = sum(length > limit for length in lengths) if limit else 0
    if over:
        raise InputError(
            f"{over} of {len(lengths)} prompts are longer than the model's context of {limit} tokens (longest "
            f"{max(lengths)}, of which {room} for the answer); rebuild the dataset with --max_prompt_tokens, or give "
            "fewer --shots or --max_new_tokens"
        )


def tokens_at_once(model: PreTrainedModel, max_batch_tokens: int, length: int = 1, shared: int = 0) -> int:
    """How many of `max_batch_tokens` a batch takes on the model's device, where it is read in one pass.

    Args:
        length: tokens of the longest row.
        shared: how many of them are in the cache already, and do not pass through the model.
    """
    if model.device.type != "cpu":
        return max_batch_tokens
    return min(max_batch_tokens, CPU_TOKENS * length // (length - shared))


def in_batches(
    work: Callable[[list[int]], list[Any]], lengths: Sequence[int], max_batch_tokens: int, what: str
) -> list[Any]:
    """`work` on all rows by number, longest first, in batches of at most `max_batch_tokens` padded tokens.

    Longest first: memory that does not suffice shows in the first batch. Each process takes every n-th batch, so that a
    batch holds the same rows however many processes there are, and its answers the same bits.

    Args:
        work: from the numbers of a batch's rows to one result each.
        lengths: tokens of every row.

    Returns:
        The results in the rows' order, on every process.
    """
    state, found = PartialState(), []
    mine = list(_batches(lengths, max_batch_tokens))[state.process_index :: state.num_processes]
    total = sum(map(len, mine))
    with tqdm(total=total, desc=what, unit="row", disable=not state.is_main_process) as progress:
        for batch in mine:
            found += zip(batch, work(batch), strict=True)
            progress.update(len(batch))
    return [result for _, result in sorted(gather_object(found), key=lambda pair: pair[0])]


def _batches(lengths: Sequence[int], max_batch_tokens: int) -> Iterator[list[int]]:
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(order):
        size = max(1, max_batch_tokens // lengths[order[start]])
        yield order[start : start + size]
        start += size


def alike(ids: Sequence[list[int]], kept: int = 1) -> Iterator[tuple[list[int], int]]:
    """Groups of rows, and how many first tokens the rows of each share, so that a group saves the most tokens.

    A row's last `kept` tokens, whose logits are to be read, are never shared. Nearly all few-shot prompts begin with
    the same worked examples, and but few, of those examples' own users, with others: these are a group apart.
    """
    rows = sorted(range(len(ids)), key=ids.__getitem__)
    while rows:
        middle = ids[rows[len(rows) // 2]]
        shares = np.array([min(_common(middle, ids[row]), len(ids[row]) - kept) for row in rows])
        shared = max(np.unique(shares), key=lambda tokens: tokens * np.count_nonzero(shares >= tokens))
        yield [row for row, tokens in zip(rows, shares, strict=True) if tokens >= shared], int(shared)
        rows = [row for row, tokens in zip(rows, shares, strict=True) if tokens < shared]


def _common(one: list[int], other: list[int]) -> int:
    """How many first tokens two rows have in common."""
    unlike = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(unlike, min(len(one), len(other)))


def cached(model: PreTrainedModel, tokens: list[int]) -> DynamicCache | None:
    """The keys and values of `tokens`; None of none."""
    if not tokens:
        return None
    past = DynamicCache(config=model.config)
    model(input_ids=torch.tensor([tokens], device=model.device), past_key_values=past, use_cache=True, logits_to_keep=1)
    return past


def repeated(past: DynamicCache | None, rows: int) -> DynamicCache | None:
    """A copy of `past` for a batch of so many rows."""
    if past is not None:
        past = copy.deepcopy(past)
        past.batch_repeat_interleave(rows)
    return past

"""What prompts begin with alike passes through a model once: its keys and values are kept and shared."""

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel


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

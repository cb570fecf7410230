"""Prompts of unequal length through a model: batches by tokens, padded on the left, spread over processes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from tqdm import tqdm
from transformers import PreTrainedConfig

from tastetune.errors import InputError


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


def refuse_beyond_context(config: PreTrainedConfig, prompts: Sequence[list[int]], room: int) -> None:
    """Refuse prompts that are longer than what a model was made to read.

    Args:
        prompts: their tokens.
        room: tokens for the answer behind each.

    Raises:
        InputError: how many are too long, and the longest.
    """
    limit, lengths = context_length(config), [len(ids) + room for ids in prompts]
    over = sum(length > limit for length in lengths) if limit else 0
    if over:
        raise InputError(
            f"{over} of {len(lengths)} prompts are longer than the model's context of {limit} tokens (longest "
            f"{max(lengths)}, of which {room} for the answer); rebuild the dataset with --max_prompt_tokens, or give "
            "fewer --shots or --max_new_tokens"
        )


def in_batches(
    work: Callable[[list[int]], list[Any]], lengths: Sequence[int], max_batch_tokens: int, what: str
) -> list[Any]:
    """`work` on all rows by number, longest first, in batches of at most `max_batch_tokens` padded tokens.

    Longest first: memory that does not suffice shows in the first batch. Each process takes every n-th row.

    Args:
        work: from the numbers of a batch's rows to one result each.
        lengths: tokens of every row.

    Returns:
        The results in the rows' order, on every process.
    """
    state = PartialState()
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])[state.process_index :: state.num_processes]
    found: list[tuple[int, Any]] = []
    with tqdm(total=len(order), desc=what, unit="row", disable=not state.is_main_process) as progress:
        while len(found) < len(order):
            size = max(1, max_batch_tokens // lengths[order[len(found)]])
            batch = order[len(found) : len(found) + size]
            found += zip(batch, work(batch), strict=True)
            progress.update(len(batch))
    return [result for _, result in sorted(gather_object(found), key=lambda pair: pair[0])]

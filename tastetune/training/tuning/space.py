"""What trials of a fine-tuning recipe try, and the recipe with the values of a trial."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tastetune.errors import InputError
from tastetune.language_models.answerer import SpellsRows
from tastetune.language_models.answering import ANSWERERS
from tastetune.training.preparation import FineTuning

DROPOUTS = (0.0, 0.05, 0.1, 0.2)


def space_of(run: FineTuning) -> dict[str, Any]:
    """The recipe's `tune_space`; without one, values around the recipe's own.

    A quarter to four times its rank and its learning rate, a few dropouts, and of streams half to twice the length of
    a window, and half of the past that each rating needs, or all of it.

    Raises:
        InputError: a key of the space decides nothing in this recipe.
    """
    is_stream = isinstance(ANSWERERS[run.task.config], SpellsRows)
    for key in run.watch.tune_space:
        if key.startswith("lora_") and not run.model.use_peft:
            raise InputError(f"tune_space: {key} is of LoRA, and use_peft is false; remove it, or set use_peft: true")
        if key.startswith("stream_") and not is_stream:
            raise InputError(f"tune_space: {key} is of streams, and the rows are asked {run.task.config!r}; remove it")
    if run.watch.tune_space:
        return run.watch.tune_space
    rate = run.training.learning_rate
    return {
        **(_lora(run.model.lora_r, run.model.lora_dropout) if run.model.use_peft else {}),
        "learning_rate": {"low": rate / 4, "high": 4 * rate, "log": True},
        **(_stream(run.data.stream_window, run.data.stream_min_past) if is_stream else {}),
    }


def _lora(rank: int, dropout: float) -> dict[str, list]:
    ranks = {max(1, rank // 4), max(1, rank // 2), rank, 2 * rank, 4 * rank}
    return {"lora_r": sorted(ranks), "lora_dropout": sorted({*DROPOUTS, dropout})}


def _stream(window: int, past: int) -> dict[str, list]:
    """Of every window in the space, each past leaves something to ask."""
    windows = {length for length in (window // 2, window, 2 * window) if length > past}
    return {"stream_window": sorted(windows), "stream_min_past": sorted({past // 2, past})}


def own_values(run: FineTuning, space: Mapping) -> dict[str, Any]:
    """The recipe's own values of the keys in `space`."""
    parts = vars(run.data) | vars(run.training) | vars(run.model)
    return {key: parts[key] for key in space}


def with_values(run: FineTuning, values: Mapping) -> FineTuning:
    """The same run with other `values` by key; LoRA's alpha keeps its ratio to the rank, unless it is among them."""
    values = dict(values)
    if "lora_r" in values and "lora_alpha" not in values:
        values["lora_alpha"] = max(1, round(run.model.lora_alpha / run.model.lora_r * values["lora_r"]))
    data, training, model = (copy.copy(part) for part in (run.data, run.training, run.model))
    for key, value in values.items():
        setattr(next(part for part in (data, training, model) if hasattr(part, key)), key, value)
    return replace(run, data=data, training=training, model=model)

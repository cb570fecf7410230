"""Text from a language model by the caller's settings alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from peft import PeftModel
from transformers import GenerationConfig, LogitsProcessorList, PreTrainedModel


def generate(
    model: PreTrainedModel,
    inputs: dict[str, torch.Tensor],
    settings: GenerationConfig,
    processors: LogitsProcessorList | None = None,
) -> torch.Tensor:
    """Prompts and what was written behind them, (rows, tokens).

    What `settings` leave open is the library's default. Left to itself `generate` takes it from the configuration that
    a model brings along: a temperature, a penalty on repeated words, another end token.

    Args:
        inputs: `input_ids` and `attention_mask` of a batch that ends flush.
    """
    plain = model.get_base_model() if isinstance(model, PeftModel) else model  # an adapter's layers are inside it
    with _instead_of_its_own(plain, settings):
        return plain.generate(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], logits_processor=processors
        )


@contextmanager
def _instead_of_its_own(model: PreTrainedModel, settings: GenerationConfig) -> Iterator[None]:
    own, model.generation_config = model.generation_config, settings
    try:
        yield
    finally:
        model.generation_config = own

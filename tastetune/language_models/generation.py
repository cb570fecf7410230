"""Text from a language model by the caller's settings alone."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import torch
from peft import PeftModel
from transformers import GenerationConfig, LogitsProcessorList, PreTrainedModel, PreTrainedTokenizerBase

from tastetune.language_models.batching import in_batches, left_padded, refuse_beyond_context

_LEEWAY = 8
"""Tokens beyond the longest expected text: so that a text that goes on is seen to go on."""


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


def generated_answers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    max_batch_tokens: int,
    max_new_tokens: int = 8,
    *,
    ends: Collection[int] = (),
) -> list[str]:
    """What the model writes after each prompt, greedily; n texts. Arguments and errors as `continued`."""
    ids = tokenizer(list(prompts))["input_ids"]
    return continued(model, tokenizer, ids, max_batch_tokens, max_new_tokens, ends=ends)


@torch.inference_mode()
def continued(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    ids: Sequence[list[int]],
    max_batch_tokens: int,
    max_new_tokens: int,
    *,
    ends: Collection[int] = (),
) -> list[str]:
    """What the model writes after each prompt, given as its token ids, greedily; n texts.

    Nothing is taken from the generation settings that a model brings along. A text ends with the tokenizer's or the
    architecture's end token, or after `max_new_tokens`.

    Args:
        ends: further tokens that end a text, and belong to it.

    Raises:
        InputError: prompts are longer than the model's context.
    """
    refuse_beyond_context(model.config, ids, max_new_tokens)
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

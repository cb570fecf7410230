"""A model made ready to learn vectors of items."""

import pyarrow as pa
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tastetune.language_models.item_tokens.tokens import (
    add_vectors,
    item_tokens,
    start_estimate_vectors,
    start_told_vectors,
    start_vectors,
)
from tastetune.language_models.item_tokens.vectors import STARTS


def start_item_tokens(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, interactions: pa.Table, start: str, seed: int
) -> None:
    """Give a model, in place, a vector for each of the tokenizer's item tokens, and for each of its estimates.

    Args:
        interactions: the training ratings, of whose items the tokens are.
        start: where the vectors start, one of `STARTS`.
    """
    add_vectors(model, len(tokenizer))
    width = model.get_input_embeddings().weight.shape[1]
    vectors, tokens = STARTS[start](interactions, width, seed), item_tokens(tokenizer)
    start_vectors(model, {tokens[item]: vector for item, vector in vectors.items()})
    start_told_vectors(model, tokenizer)
    start_estimate_vectors(model, tokenizer, seed)

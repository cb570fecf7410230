"""A model whose input embeddings are longer than its output layer, made one that loads like any other."""

import torch
from torch import nn
from transformers import PreTrainedModel


def pad_output_layer(model: PreTrainedModel) -> None:
    """Lengthen the output layer, in place, to the tokens of the input embeddings, as `config.vocab_size` says of both.

    Item tokens are read and never written, see `tastetune.language_models.item_tokens`, but a model's folder has one
    size for both layers. Each new row is the mean of the old ones, so its logit is the mean of theirs: greedy decoding
    never writes such a token, and its probability is at most one over the number of old tokens, for the exponential of
    a mean is at most the mean of exponentials.
    """
    inputs, outputs = model.get_input_embeddings(), model.get_output_embeddings()
    tokens = inputs.weight.shape[0]
    if (more := tokens - outputs.weight.shape[0]) > 0:
        old = outputs.weight.detach()
        mean = old.float().mean(dim=0, keepdim=True).to(old.dtype)
        outputs.weight = nn.Parameter(torch.cat([old, mean.expand(more, -1)]), requires_grad=False)
        outputs.out_features = tokens
    model.config.vocab_size = tokens

"""What training drops of a model by chance: Llama and its kin have no dropout of their own but on attention.

A small model needs it to read the same ratings several times. What is saved is the plain model.
"""

from typing import Any

import torch
from torch.nn.functional import dropout

from tastetune.config.arguments import SftArguments
from tastetune.errors import InputError

PARTS = (".self_attn", ".mlp")


def drop_while_trained(model: torch.nn.Module, shares: SftArguments) -> None:
    """While the model is trained, drop the shares that a recipe asks for.

    - `residual_dropout`: of what each attention and each MLP puts out (Vaswani et al., "Attention Is All You Need",
      2017, section 5.4);
    - `embedding_dropout`: of the embeddings; `residual_dropout` if it is None;
    - `attention_dropout`: of the weights by which a token attends to those before it.

    Raises:
        InputError: the model's layers have no parts of Llama's names.
    """
    residual, attention = shares.residual_dropout, shares.attention_dropout
    embedding = residual if shares.embedding_dropout is None else shares.embedding_dropout
    parts = [module for name, module in model.named_modules() if name.endswith(PARTS)]
    attentions = [part for part in parts if hasattr(part, "attention_dropout")]
    for key, share, found in (("residual_dropout", residual, parts), ("attention_dropout", attention, attentions)):
        if share and not found:
            raise InputError(
                f"{key}: the model's layers have no parts called self_attn and mlp, as those of Llama have; "
                "leave it out"
            )
    if residual:
        _drop_outputs(parts, residual)
    if embedding:
        _drop_outputs([model.get_input_embeddings()], embedding)
    if attention:
        for part in attentions:
            part.attention_dropout = attention  # its own forward drops them, in training only


def _drop_outputs(parts: list[torch.nn.Module], share: float) -> None:
    def drop(module: torch.nn.Module, _: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return dropout(output[0], share, module.training), *output[1:]
        return dropout(output, share, module.training)

    for part in parts:
        part.register_forward_hook(drop)

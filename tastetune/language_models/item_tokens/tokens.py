"""A tokenizer that has tokens for items, and a model with a vector for each."""

import copy
from collections.abc import Iterable, Mapping

import torch
from peft import LoraConfig, PeftConfig
from tokenizers import AddedToken
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tastetune.errors import InputError

BESIDE, ALONE, TOLD, ESTIMATE, END = "<|item:", "<|only:", "<|told:", "<|estimate:", "|>"
"""What tokens are written between: of an item beside its text, in its place, and as it was told; of an estimate. No
title has these characters, see `tastetune.tasks.titles.as_data`."""


ESTIMATES_STEEP = 3.0
"""How much larger than other vectors that of the highest estimate starts; a usual estimate is a quarter of it."""


def item_token(item: str, *, alone: bool = False) -> str:
    """How an item's token is written, beside its text or `alone`."""
    return f"{ALONE if alone else BESIDE}{item}{END}"


def told_token(item: str, answer: str) -> str:
    """How the token of an item that was told with an answer is written."""
    return f"{TOLD}{answer.strip()}:{item}{END}"


def estimate_token(level: int) -> str:
    """How the token of an estimate is written."""
    return f"{ESTIMATE}{level}{END}"


def item_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    """The id of each item's token, by item, in the order of the ids; empty for a tokenizer that has none."""
    added = _added(tokenizer, (BESIDE, ALONE))
    return {text.partition(":")[2].removesuffix(END): id_ for text, id_ in added}


def stand_alone(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the tokens of items stand in place of the items' texts."""
    return bool(_added(tokenizer, ALONE))


def told_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[tuple[str, str], int]:
    """The id of the token of each item with each answer, by both, in the order of the ids; empty where none is."""
    parts = ((text[len(TOLD) : -len(END)].partition(":"), id_) for text, id_ in _added(tokenizer, TOLD))
    return {(item, answer): id_ for (answer, _, item), id_ in parts}


def estimate_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[int, int]:
    """The id of the token of each estimate, by its level; empty for a tokenizer that has none."""
    return {int(text[len(ESTIMATE) : -len(END)]): id_ for text, id_ in _added(tokenizer, ESTIMATE)}


def vectors_of_items(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The ids of all tokens whose vectors an adapter learns, ascending."""
    tokens = item_tokens(tokenizer), told_tokens(tokenizer), estimate_tokens(tokenizer)
    return [id_ for kind in tokens for id_ in kind.values()]


def _added(tokenizer: PreTrainedTokenizerBase, begin: str | tuple[str, ...]) -> list[tuple[str, int]]:
    added = sorted(tokenizer.get_added_vocab().items(), key=lambda pair: pair[1])
    return [(text, id_) for text, id_ in added if text.startswith(begin) and text.endswith(END)]


def with_item_tokens(
    tokenizer: PreTrainedTokenizerBase,
    items: Iterable[str],
    told: Iterable[str] = (),
    *,
    alone: bool = False,
    levels: Iterable[int] = (),
) -> PreTrainedTokenizerBase:
    """A copy of a tokenizer with one more token an item, behind all that it has, and one an item with each answer.

    Args:
        told: answers, each of which gives every item one more token; may be empty.
        alone: the items' tokens stand in place of their texts, rather than beside them.
        levels: of estimates, each of which gets a token too.

    Raises:
        InputError: it has tokens for items already.
    """
    if item_tokens(tokenizer):
        raise InputError(
            f"{tokenizer.name_or_path}: its tokenizer has tokens for items already; name the model without them"
        )
    longer, items = copy.deepcopy(tokenizer), list(items)
    texts = [
        *(item_token(item, alone=alone) for item in items),
        *(told_token(item, answer) for answer in told for item in items),
        *map(estimate_token, levels),
    ]
    longer.add_tokens([AddedToken(text, normalized=False) for text in texts])
    return longer


def with_item_tokens_of(other: PreTrainedTokenizerBase, tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """A copy of a tokenizer with the tokens of items that `other` has; the tokenizer itself where that has none.

    Raises:
        InputError: as `with_item_tokens`.
    """
    if not (items := item_tokens(other)):
        return tokenizer
    told = dict.fromkeys(answer for _, answer in told_tokens(other))
    return with_item_tokens(tokenizer, items, told, alone=stand_alone(other), levels=estimate_tokens(other))


def add_vectors(model: PreTrainedModel, tokens: int) -> None:
    """Lengthen the input embeddings, in place, to so many tokens; the new vectors are zero.

    The output layer stays as it is, for an item's token is read and never an answer: probabilities are those over the
    tokens that the model came with. So its weights are no longer those of the input embeddings.
    """
    embeddings = _embeddings(model)
    old = embeddings.weight
    if (more := tokens - len(old)) <= 0:
        return
    zeros = torch.zeros(more, old.shape[1], dtype=old.dtype, device=old.device)
    embeddings.weight = nn.Parameter(torch.cat([old.detach(), zeros]), requires_grad=old.requires_grad)
    embeddings.num_embeddings = tokens
    model.config.tie_word_embeddings = False


def start_vectors(model: PreTrainedModel, vectors: Mapping[int, torch.Tensor]) -> None:
    """Set the vectors of tokens, in place: by token, (width,) each, scaled to the size of the model's other vectors."""
    weight = _embeddings(model).weight
    ids = list(vectors)
    new = torch.stack([vectors[id_] for id_ in ids]).to(weight)
    others = weight.detach()[: min(ids)].float()
    with torch.no_grad():
        weight[ids] = (new.float() * (others.std() / new.float().std().clamp(min=1e-12))).to(weight)


def start_told_vectors(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Set the vector of each item that was told with an answer, in place: the sum of the item's and the answer's."""
    weight, items = _embeddings(model).weight, item_tokens(tokenizer)
    for (item, answer), id_ in told_tokens(tokenizer).items():
        of_answer = tokenizer(f" {answer}", add_special_tokens=False)["input_ids"][-1]
        with torch.no_grad():
            weight[id_] = weight[items[item]] + weight[of_answer]


def start_estimate_vectors(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, seed: int) -> None:
    """Set the vectors of estimates, in place: from the highest to the lowest on a line, in a direction drawn by lot."""
    if not (tokens := estimate_tokens(tokenizer)):
        return
    weight, highest = _embeddings(model).weight, max(tokens)
    drawn = torch.randn(weight.shape[1], generator=torch.Generator().manual_seed(seed))
    steep = ESTIMATES_STEEP * weight.detach()[: min(tokens.values())].float().std().cpu()
    with torch.no_grad():
        for level, id_ in tokens.items():
            weight[id_] = (drawn * steep * level / highest).to(weight)


def train_item_tokens(config: LoraConfig, tokenizer: PreTrainedTokenizerBase) -> LoraConfig:
    """`config` of an adapter that learns the vectors of the tokenizer's item tokens as well.

    See PEFT's `trainable_token_indices`.
    """
    config.trainable_token_indices = vectors_of_items(tokenizer) or None
    return config


def set_item_rate(optimizer: torch.optim.Optimizer, model: nn.Module, rate: float) -> None:
    """Let the vectors of item tokens be learnt at a rate of their own; call it before a schedule is made.

    They start from what is known of the items already, where the rest of an adapter starts from nothing.
    """
    vectors = {id(weights) for name, weights in model.named_parameters() if "trainable_tokens_delta" in name}
    for group in list(optimizer.param_groups):
        moved = [weights for weights in group["params"] if id(weights) in vectors]
        if moved:
            group["params"] = [weights for weights in group["params"] if id(weights) not in vectors]
            optimizer.add_param_group(group | {"params": moved, "lr": rate})


def make_room(model: PreTrainedModel, config: PeftConfig) -> None:
    """Lengthen a model's input embeddings, in place, to the tokens whose vectors an adapter brings along."""
    ids = getattr(config, "trainable_token_indices", None)
    if isinstance(ids, list) and ids:
        add_vectors(model, max(ids) + 1)


def _embeddings(model: PreTrainedModel) -> nn.Embedding:
    """The input embeddings themselves, without the wrapper that an adapter with item tokens puts around them."""
    layer = model.get_input_embeddings()
    return layer if isinstance(layer, nn.Embedding) else layer.token_adapter.base_layer

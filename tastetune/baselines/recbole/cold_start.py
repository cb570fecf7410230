"""What a model knows of an id it was never trained on: the mean of what it learnt of the others."""

from collections.abc import Iterator

import torch
from torch import nn

from tastetune.baselines.recbole.atomic_files import HISTORIES
from tastetune.baselines.recbole.shim import AbstractRecommender, Dataset, Interaction


def trained_ids(dataset: Dataset, rows: Interaction) -> dict[str, torch.Tensor]:
    """For every id-like field of `rows`, bool (number of ids): which of them occur there."""
    seen = {}
    for field in rows:
        if field in dataset.field2id_token:
            seen[field] = torch.zeros(dataset.num(field), dtype=torch.bool)
            seen[field][rows[field].flatten()] = True
            seen[field][0] = False  # padding
    # A target and a history's item share one table of embeddings.
    for history in seen.keys() & set(HISTORIES):
        seen["item_id"] = seen["item_id"] | seen[history]
    return seen


@torch.no_grad()
def fill_untrained(model: AbstractRecommender, dataset: Dataset, seen: dict[str, torch.Tensor]) -> None:
    """Set the embeddings of ids that occur in no training row to the mean of those that do, table by table.

    Such a row would otherwise keep its random initial values, and its answers would be noise. Nothing trained changes.
    """
    for field, weight in embedding_tables(model, dataset):
        trained = seen[field].to(weight.device)
        untrained = ~trained
        untrained[0] = False  # padding
        if trained.any():
            weight[untrained] = weight[trained].mean(0)


def embedding_tables(model: AbstractRecommender, dataset: Dataset) -> Iterator[tuple[str, torch.Tensor]]:
    """Every table of embeddings in the model as (field, weights of shape (number of the field's ids, width)).

    Own and general models hold one `nn.Embedding` a field, named after it (`item_bias`, `user_mf_embedding`). RecBole's
    context models hold one table for all their fields, end to end in the order of `token_field_names`, and one for
    each sequence field; in its sequential ones (DIN) both are kept apart for users and items.
    """
    for module in model.modules():
        for name, child in module.named_children():
            field = name.split("_")[0] + "_id"
            if isinstance(child, nn.Embedding) and field in ("user_id", "item_id"):
                yield field, child.weight.data
        if not hasattr(module, "token_field_names") or not hasattr(module, "token_embedding_table"):
            continue
        names, shared = module.token_field_names, module.token_embedding_table
        for kind in names if isinstance(names, dict) else [None]:
            fields, table = (names, shared) if kind is None else (names[kind], shared[kind])
            sizes = [dataset.num(field) for field in fields]
            yield from zip(fields, table.embedding.weight.data.split(sizes), strict=True)
        if isinstance(names, list) and module.token_seq_field_names:
            for field, table in zip(module.token_seq_field_names, module.token_seq_embedding_table, strict=True):
                yield field, table.weight.data

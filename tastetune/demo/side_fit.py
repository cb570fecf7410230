"""Recommenders fitted for what answers people who are not among their users."""

from itertools import count

import numpy as np

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.baselines.item_side import ItemSide
from tastetune.baselines.likes import read_labelled_rows
from tastetune.baselines.recbole.atomic_files import numbering
from tastetune.baselines.recbole.cold_start import trained_ids
from tastetune.baselines.recbole.configs import BaselineConfig
from tastetune.baselines.recbole.fitting import fit
from tastetune.baselines.recbole.labelled_data import LabelledData, read_labelled_data
from tastetune.baselines.recbole.likes import choose_epochs
from tastetune.baselines.recbole.own_models.labelled import SVD, PointwiseSASRec
from tastetune.baselines.sequence_side import SequenceSide
from tastetune.baselines.sides import Side
from tastetune.errors import InputError

ANSWERED = "test"
"""The split before which everything is fitted on."""


def side_of(config: BaselineConfig) -> type[Side]:
    """What answers for a config's model.

    Raises:
        InputError: nothing does.
    """
    if issubclass(config.model, SVD):
        return ItemSide
    if issubclass(config.model, PointwiseSASRec) and "item_id_list" in config.columns:
        return SequenceSide
    raise InputError(
        f"{config.path}: is a {config.model.__name__}, and only an SVD, or a SASRec whose history is item_id_list, "
        "answers people it was not fitted on"
    )


def fitted_side(config: BaselineConfig, dataset: BuiltDataset, epochs: int | None = None) -> Side:
    """A config's model, fitted on all ratings before the test split, without its users.

    Args:
        epochs: as many as a run has found best; chosen on validation if None.

    Raises:
        InputError: see `side_of`, or the model refuses its settings.
    """
    kind, data = side_of(config), read_labelled_data(config, dataset, ANSWERED)
    splits = "+".join(part for part in ("train", "validation") if part in data.parts)
    data = data.with_values(choose_epochs(data) if epochs is None else {"epochs": epochs})
    model = fit(data, splits, data.config.values["epochs"]).model
    numbers = _numbers(data, dataset, splits)
    items, places = np.array(list(numbers), dtype=str), np.array(list(numbers.values()))
    return (_item_side if kind is ItemSide else _sequence_side)(model, data, dataset, items, places)


def _item_side(model: SVD, data: LabelledData, dataset: BuiltDataset, items: np.ndarray, places: np.ndarray) -> Side:
    return ItemSide(
        items=items,
        factors=model.item_factors.weight.detach().cpu().double().numpy()[places],
        biases=model.item_bias.weight.detach().cpu().double().numpy()[places, 0],
        mean=model.mean.item(),
        spread=model.spread.item(),
        reg_weight=float(data.config.values["reg_weight"]),
    )


def _sequence_side(
    model: PointwiseSASRec, data: LabelledData, dataset: BuiltDataset, items: np.ndarray, places: np.ndarray
) -> Side:
    weights = {name: value.cpu().numpy() for name, value in model.state_dict().items()}
    rows = {"item_embedding.weight": places}
    if model.feedback_embedding is not None:
        numbers = next(iter(data.parts.values())).field2token_id["feedback_list"]
        rows["feedback_embedding.weight"] = np.array([numbers.get(said, 0) for said in ("dislike", "like")])
    values = data.config.values
    return SequenceSide(
        items=items,
        weights=weights | {name: weights[name][at] for name, at in rows.items()},
        heads=values["n_heads"],
        activation=values["hidden_act"],
        eps=values["layer_norm_eps"],
        like_from=dataset.like_from,
    )


def _numbers(data: LabelledData, dataset: BuiltDataset, splits: str) -> dict[str, int]:
    """RecBole's number of each item that the model has read in the rows of `splits`, by its id."""
    rows = data.joined(splits)
    read, tokens = trained_ids(rows, rows.inter_feat)["item_id"], rows.field2token_id["item_id"]
    ids = numbering(read_labelled_rows(dataset, ANSWERED, ["item_id", "history"]), "item_id", "history").to_pylist()
    numbers = {item: tokens.get(str(number)) for item, number in zip(ids, count(1), strict=False)}
    return {item: number for item, number in numbers.items() if number is not None and read[number]}

"""An `SVD` fitted for its items' parameters alone, to answer people who are not among its users."""

import numpy as np

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.baselines.item_side import ItemSide
from tastetune.baselines.recbole.configs import BaselineConfig
from tastetune.baselines.recbole.fitting import fit
from tastetune.baselines.recbole.labelled_data import LabelledData, read_labelled_data
from tastetune.baselines.recbole.likes import choose_epochs
from tastetune.baselines.recbole.own_models.labelled import SVD
from tastetune.errors import InputError

ANSWERED = "test"
"""The split before which everything is fitted on."""


def fitted_items(config: BaselineConfig, dataset: BuiltDataset, epochs: int | None = None) -> ItemSide:
    """The item side of `SVD`, fitted on all ratings before the test split.

    Args:
        epochs: as many as a run has found best; chosen on validation if None.

    Raises:
        InputError: another model's config, or the model refuses its settings.
    """
    if not issubclass(config.model, SVD):
        raise InputError(
            f"{config.path}: is a {config.model.__name__}, and only an SVD is asked about people it was not fitted on"
        )
    data = read_labelled_data(config, dataset, ANSWERED)
    splits = "+".join(part for part in ("train", "validation") if part in data.parts)
    data = data.with_values(choose_epochs(data) if epochs is None else {"epochs": epochs})
    model = fit(data, splits, data.config.values["epochs"]).model
    numbers = _numbers(data, dataset, splits)
    places = np.array(list(numbers.values()))
    return ItemSide(
        items=np.array(list(numbers), dtype=str),
        factors=model.item_factors.weight.detach().cpu().double().numpy()[places],
        biases=model.item_bias.weight.detach().cpu().double().numpy()[places, 0],
        mean=model.mean.item(),
        spread=model.spread.item(),
        reg_weight=float(config.values["reg_weight"]),
    )


def _numbers(data: LabelledData, dataset: BuiltDataset, splits: str) -> dict[str, int]:
    """RecBole's number of each item in the rows of `splits`."""
    numbers: dict[str, int] = {}
    for part in splits.split("+"):
        rows = data.parts[part].inter_feat
        items = dataset.read(dataset.task, part, ["item_id"])["item_id"].take(rows["row_id"].long().numpy())
        numbers.update(zip(items.to_pylist(), rows["item_id"].tolist(), strict=True))
    return numbers

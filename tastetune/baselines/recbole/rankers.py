"""RecBole's recommenders of whole catalogues: fitted on a log, scoring every item for its users."""

import copy
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from tqdm import tqdm

from tastetune.baselines.recbole.atomic_files import NAME, TYPES
from tastetune.baselines.recbole.configs import BaselineConfig
from tastetune.baselines.recbole.fitting import naming_the_config, without_future_warnings
from tastetune.baselines.recbole.shim import (
    AbstractRecommender,
    Dataset,
    Interaction,
    Sampler,
    TrainDataLoader,
    Trainer,
    init_seed,
    is_closed_form,
    is_pairwise,
    make_config,
)

COLUMNS = ["user_id", "item_id", "rating"]

NEGATIVES = {
    "distribution": "uniform",
    "sample_num": 1,
    "alpha": 1.0,
    "dynamic": False,
    "candidate_num": 0,
}
"""For a model that learns from pairs: beside each item of a user one drawn evenly from those the user has not."""


def read_log_data(config: BaselineConfig, table: pa.Table) -> Dataset:
    """A table of `COLUMNS` as RecBole's dataset, with its numbering of users and items."""
    with tempfile.TemporaryDirectory(prefix="tastetune-") as folder:
        _write(Path(folder) / NAME, table)
        settings = _values(config) | {"data_path": folder, "dataset": NAME, "load_col": {"inter": COLUMNS}}
        settings["train_neg_sample_args"] = NEGATIVES if is_pairwise(config.model) else None
        recbole_config = make_config(config.model, settings)
        with without_future_warnings():
            data = Dataset(recbole_config)
    data._change_feat_format()  # what build() does first; there is nothing to split here
    return data


def fit_ranker(
    config: BaselineConfig, data: Dataset, after_epoch: Callable[[int, AbstractRecommender], bool] | None = None
) -> AbstractRecommender:
    """The model of `config`, fitted on all of `data`, the same for the same seed.

    Args:
        after_epoch: called with the number of epochs trained and the model; True ends the training. A model in closed
            form has one epoch.

    Raises:
        InputError: the model refuses its settings, or its loss is no longer a number.
    """
    recbole_config = copy.copy(data.config)
    recbole_config.final_config_dict = recbole_config.final_config_dict | _values(config)
    init_seed(recbole_config["seed"], recbole_config["reproducibility"])
    with naming_the_config(config):
        model = config.model(recbole_config, data).to(recbole_config["device"])
        if is_closed_form(config.model):
            if after_epoch:
                after_epoch(1, model)
            return model.eval()
        sampler = None
        if is_pairwise(config.model):
            sampler = Sampler(["train"], [data], NEGATIVES["distribution"]).set_phase("train")
        trainer, loader = Trainer(recbole_config, model), TrainDataLoader(recbole_config, data, sampler, shuffle=True)
        epochs = range(config.values["epochs"])
        for epoch in tqdm(epochs, desc=f"{config.name}: fit", unit=" epochs", leave=after_epoch is None):
            trainer._train_epoch(loader, epoch)  # raises ValueError at a loss that is no number
            if after_epoch and after_epoch(epoch + 1, model):
                break
    return model.eval()


@torch.no_grad()
def catalogue_scores(model: AbstractRecommender, data: Dataset, users: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Sorted item ids, and what each of the `users` scores for them, float64 (users, items)."""
    model.eval()
    items = data.field2id_token["item_id"][1:]  # the first one is padding
    numbers = torch.tensor([data.token2id("user_id", user) for user in users])
    device = next(model.parameters()).device
    scored = [model.full_sort_predict(Interaction({"user_id": part}).to(device)) for part in numbers.split(256)]
    scores = torch.cat([part.reshape(-1, data.item_num).double().cpu() for part in scored]).numpy()[:, 1:]
    order = np.argsort(items)
    return np.array(items[order], dtype=str), scores[:, order]


def _values(config: BaselineConfig) -> dict:
    """The config's values, but for the columns: here they are always the same."""
    return {key: value for key, value in config.values.items() if key not in ("model", "load_col")}


def _write(folder: Path, table: pa.Table) -> None:
    folder.mkdir()
    header = {name: f"{name}:{TYPES[name]}" for name in COLUMNS}
    frame = pd.DataFrame({name: table[name].to_numpy() for name in COLUMNS}).rename(columns=header)
    frame.to_csv(folder / f"{NAME}.inter", sep="\t", index=False)

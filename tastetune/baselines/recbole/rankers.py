"""RecBole's recommenders of whole catalogues: fitted on a log, scoring every item for its users."""

import copy
import tempfile
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from urllib.parse import quote, unquote

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
from tastetune.errors import InputError

COLUMNS = ["user_id", "item_id", "rating"]
SEQUENCES = ("user_id", "item_id_list", "item_id")

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
    settings = _values(config) | {"load_col": {"inter": COLUMNS}}
    settings["train_neg_sample_args"] = NEGATIVES if is_pairwise(config.model) else None
    ids = {name: list(map(_as_token, table[name].to_pylist())) for name in ("user_id", "item_id")}
    return _read(config, pd.DataFrame(ids | {"rating": table["rating"].to_numpy()}), settings)


def read_sequence_data(config: BaselineConfig, table: pa.Table) -> Dataset:
    """A log as RecBole's dataset of stretches of sequences, each with the item behind it, which begins the next.

    Args:
        table: `user_id` and `item_id`, each user's rows together and in order.

    Raises:
        InputError: nobody has two items, so nothing comes next.
    """
    most, rows = config.values["MAX_ITEM_LIST_LENGTH"], []
    ids = zip(table["user_id"].to_pylist(), map(_as_token, table["item_id"].to_pylist()), strict=True)
    for number, (_, pairs) in enumerate(groupby(ids, key=itemgetter(0))):
        items = [item for _, item in pairs]
        stretches = [items[start : start + most + 1] for start in range(0, len(items) - 1, most)]
        rows += [(str(number), " ".join(stretch[:-1]), stretch[-1]) for stretch in stretches]
    if not rows:
        raise InputError(f"{config.path}: nobody in the log has two items, so nothing comes next; give a larger log")
    longest = max(stretch.count(" ") + 1 for _, stretch, _ in rows)
    settings = _values(config) | {"MAX_ITEM_LIST_LENGTH": longest, "LIST_SUFFIX": "_list"}
    settings |= {"load_col": {"inter": list(SEQUENCES)}, "alias_of_item_id": ["item_id_list"]}
    return _read(config, pd.DataFrame(rows, columns=list(SEQUENCES)), settings)


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
    numbers = torch.tensor([data.token2id("user_id", _as_token(user)) for user in users])
    device = next(model.parameters()).device
    scored = [model.full_sort_predict(Interaction({"user_id": part}).to(device)) for part in numbers.split(256)]
    scores = torch.cat([part.reshape(-1, data.item_num).double().cpu() for part in scored]).numpy()[:, 1:]
    items, order = _sorted_items(data)
    return items, scores[:, order]


@torch.no_grad()
def next_item_scores(
    model: AbstractRecommender, data: Dataset, pasts: list[list[str]], most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sorted item ids, and what scores behind each of the `pasts`, float64 (pasts, items).

    Args:
        pasts: item ids, oldest first; of those that the model knows the last `most` are read.
    """
    model.eval()
    known = data.field2token_id["item_id"]
    rows = [[known[token] for token in map(_as_token, past) if token in known][-most:] for past in pasts]
    device, scored = next(model.parameters()).device, []
    for start in range(0, len(rows), 256):
        part = [torch.tensor(row or [0]) for row in rows[start : start + 256]]
        sequences = torch.nn.utils.rnn.pad_sequence(part, batch_first=True)
        scored.append(model.full_sort_predict(Interaction({"item_id_list": sequences}).to(device)).double().cpu())
    items, order = _sorted_items(data)
    return items, torch.cat(scored).numpy()[:, 1:][:, order]


def _sorted_items(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The ids of items, sorted, and the place of each among RecBole's, whose first one is padding."""
    items = np.array([unquote(token[1:]) for token in data.field2id_token["item_id"][1:]], dtype=str)
    order = np.argsort(items)
    return items[order], order


def _values(config: BaselineConfig) -> dict:
    """The config's values, but for the columns: here they are always the same."""
    return {key: value for key, value in config.values.items() if key not in ("model", "load_col")}


def _read(config: BaselineConfig, frame: pd.DataFrame, settings: dict) -> Dataset:
    """Rows as RecBole's dataset, through an atomic file that is gone on return."""
    with tempfile.TemporaryDirectory(prefix="tastetune-") as name:
        folder = Path(name) / NAME
        folder.mkdir()
        header = {name: f"{name}:{TYPES[name]}" for name in frame.columns}
        frame.rename(columns=header).to_csv(folder / f"{NAME}.inter", sep="\t", index=False)
        recbole_config = make_config(config.model, settings | {"data_path": str(folder.parent), "dataset": NAME})
        with without_future_warnings():
            data = Dataset(recbole_config)
    data._change_feat_format()  # what build() does first; there is nothing to split here
    return data


def _as_token(name: str) -> str:
    """An id as RecBole's file holds it: no space or tab, which separate tokens, and no NA, which is read as none."""
    return "=" + quote(name, safe="")

"""RecBole's recommenders on the recommend-ten task: fitted on the log, and on the favourites of those who are asked.

So a model knows of the people it answers what a language model is told of them, their favourites, and no more. Where a
model learns from ratings, a favourite counts as the highest rating of the log.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from tqdm import tqdm

from tastetune.baselines.atomic import NAME, TYPES
from tastetune.baselines.compat import (
    AbstractRecommender,
    Dataset,
    InputType,
    Interaction,
    Sampler,
    TrainDataLoader,
    Trainer,
    init_seed,
    make_config,
)
from tastetune.baselines.configs import FIXED, BaselineConfig, read_config
from tastetune.baselines.fitting import mendable, without_future_warnings
from tastetune.dataset import BuiltDataset
from tastetune.errors import InputError
from tastetune.list_baselines import meta, read_log, top
from tastetune.list_predictions import write_lists
from tastetune.list_rows import ListRows, read_list_rows

COLUMNS = ["user_id", "item_id", "rating"]
ASKED = "asked:"
"""Before the number of a row who is asked; nobody in the log bears such a name."""

NEGATIVES = {
    "distribution": "uniform",
    "sample_num": 1,
    "alpha": 1.0,
    "dynamic": False,
    "candidate_num": 0,
}
"""For a model that learns from pairs: beside each item of a user one drawn evenly from those the user has not."""


def read_list_config(path: str | Path, overrides: dict | None = None) -> BaselineConfig:
    """As `tastetune.baselines.configs.read_config`, for models that score a whole catalogue.

    Raises:
        InputError: as there, or the model cannot.
    """
    config = read_config(path, overrides, pairwise=True)
    inherited = (
        AbstractRecommender.full_sort_predict,
        *(base.full_sort_predict for base in config.model.__mro__[1:] if base.__name__ == "GeneralRecommender"),
    )
    if "SEQUENTIAL" in str(config.model.type) or config.model.full_sort_predict in inherited:
        raise InputError(f"{path}: {config.model.__name__} does not rank a catalogue; choose ItemKNN, EASE, BPR or SVD")
    return config


def write_list_baseline(config: BaselineConfig, dataset: BuiltDataset, split: str, output: Path) -> Path:
    """Fit the model of `config`, answer the users of `split`, and write the predictions file `output`.

    Raises:
        InputError: a split that no model answers, no interactions, or settings that the model refuses.
    """
    rows, log = read_list_rows(dataset, split), read_log(dataset, split)
    known = dataset.read("interactions", log.splits, COLUMNS)
    began = time.perf_counter()
    model, data = _fitted(config, pa.concat_tables([known, _favourites(rows, known)]))
    cost = {"examples": len(data), "seconds": time.perf_counter() - began}
    about = meta(
        rows,
        model=output.stem,
        kind="recbole",
        seed=config.values["seed"],
        settings=config.values | {"fit_on": f"{log.splits} and the favourites of {split}"},
        training=cost,
    )
    items, scores = _scores(model, data, len(rows.example_ids))
    write_lists(output, about, top(scores, items, rows, dataset.info["settings"]["task"]["n"]))
    return output


def _favourites(rows: ListRows, known: pa.Table) -> pa.Table:
    highest = float(np.max(known["rating"].to_numpy()))
    pairs = [(f"{ASKED}{row}", item, highest) for row, liked in enumerate(rows.liked) for item in liked]
    return pa.table(dict(zip(COLUMNS, zip(*pairs, strict=True), strict=True)), schema=known.schema)


def _fitted(config: BaselineConfig, table: pa.Table) -> tuple[AbstractRecommender, Dataset]:
    """The model, and RecBole's dataset with its numbering of users and items."""
    values = {key: value for key, value in config.values.items() if key not in ("model", "load_col")}
    pairwise = config.model.input_type == InputType.PAIRWISE
    with tempfile.TemporaryDirectory(prefix="tastetune-") as folder:
        _write(Path(folder) / NAME, table)
        fixed = FIXED | {"data_path": folder, "benchmark_filename": None, "alias_of_item_id": None, "dataset": NAME}
        fixed |= {"load_col": {"inter": COLUMNS}, "train_neg_sample_args": NEGATIVES if pairwise else None}
        recbole = make_config(config.model, values | fixed)
        with without_future_warnings():
            data = Dataset(recbole)
    init_seed(recbole["seed"], recbole["reproducibility"])
    data._change_feat_format()  # what build() does first; there is nothing to split here
    with mendable(config):
        model = config.model(recbole, data).to(recbole["device"])
        if "TRADITIONAL" not in str(config.model.type):
            sampler = Sampler(["train"], [data], NEGATIVES["distribution"]).set_phase("train") if pairwise else None
            _train(config, Trainer(recbole, model), TrainDataLoader(recbole, data, sampler, shuffle=True))
    return model.eval(), data


def _train(config: BaselineConfig, trainer: Trainer, loader: TrainDataLoader) -> None:
    epochs = config.values["epochs"]
    for epoch in tqdm(range(epochs), desc=f"{config.name}: fit", unit=" epochs"):
        trainer._train_epoch(loader, epoch)  # raises ValueError at a loss that is no number


def _write(folder: Path, table: pa.Table) -> None:
    folder.mkdir()
    header = {name: f"{name}:{TYPES[name]}" for name in COLUMNS}
    frame = pd.DataFrame({name: table[name].to_numpy() for name in COLUMNS}).rename(columns=header)
    frame.to_csv(folder / f"{NAME}.inter", sep="\t", index=False)


@torch.no_grad()
def _scores(model: AbstractRecommender, data: Dataset, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Sorted item ids and what each row's user scores for them, float64 (rows, items)."""
    items = data.field2id_token["item_id"][1:]  # the first one is padding
    users = torch.tensor([data.token2id("user_id", f"{ASKED}{row}") for row in range(n_rows)])
    device = next(model.parameters()).device
    found = [model.full_sort_predict(Interaction({"user_id": part}).to(device)) for part in users.split(256)]
    scores = torch.cat([part.reshape(-1, data.item_num).double().cpu() for part in found]).numpy()[:, 1:]
    order = np.argsort(items)
    return np.array(items[order], dtype=str), scores[:, order]

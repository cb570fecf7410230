"""The rows of a built dataset as RecBole holds them: exactly those, split as they are."""

import copy
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.baselines.recbole.atomic import write_atomic
from tastetune.baselines.recbole.configs import BaselineConfig, recbole_settings
from tastetune.baselines.recbole.shim import (
    Config,
    Dataset,
    ModelType,
    SequentialDataset,
    cat_interactions,
    make_config,
    without_future_warnings,
)
from tastetune.errors import InputError

COLUMNS = ["example_id", "user_id", "item_id", "label", "rating", "history", "history_ratings"]


@dataclass(frozen=True)
class Prepared:
    """Rows as RecBole holds them: its datasets by split, with one numbering of users and items."""

    settings: BaselineConfig
    config: Config
    parts: dict[str, Dataset]
    example_ids: dict[str, list[str]]

    def rows(self, splits: str) -> Dataset:
        """The rows of a split, or of several joined by `+`, everybody's side by side from their first to their last.

        For a model that does not shuffle (`shuffle: False`) an epoch so ends in what everybody rated last.
        """
        parts = [self.parts[name] for name in splits.split("+")]
        rows = parts[0].inter_feat if len(parts) == 1 else cat_interactions([part.inter_feat for part in parts])
        return parts[0].copy(rows[side_by_side(rows["user_id"].numpy())])

    def can_choose(self) -> bool:
        """Whether validation holds rows of both labels, so that ROC-AUC on it is defined."""
        return "validation" in self.parts and len(self.parts["validation"].inter_feat["label"].unique()) == 2

    def changed(self, values: dict) -> "Prepared":
        """The same rows for other `values`, which must not be ones that the rows were read by."""
        config = copy.copy(self.config)
        config.final_config_dict = self.config.final_config_dict | values
        return replace(self, settings=replace(self.settings, values=self.settings.values | values), config=config)


def side_by_side(users: np.ndarray) -> np.ndarray:
    """An order in which every user's rows keep their own order and are spread evenly, int (n,)."""
    users = pd.Series(users)
    place, count = users.groupby(users).cumcount(), users.groupby(users).transform("size")
    return np.argsort((place + 0.5) / count, kind="stable")


def prepare(settings: BaselineConfig, dataset: BuiltDataset, split: str) -> Prepared:
    """Hand the rows of train, validation and `split` to RecBole, through atomic files that are gone on return.

    Raises:
        InputError: no row to train on or to answer.
    """
    splits = list(dict.fromkeys(["train", "validation", split]))
    tables = {name: dataset.read("like_dislike", name, COLUMNS) for name in splits}
    for name in ("train", split):
        if not len(tables[name]):
            raise InputError(f"{dataset.path('like_dislike', name)}: no rows; build the dataset from a longer log")
    filled = {name: table for name, table in tables.items() if len(table)}
    length = settings.values["MAX_ITEM_LIST_LENGTH"]
    with tempfile.TemporaryDirectory(prefix="tastetune-") as folder:
        columns = [*settings.columns, "row_id"]
        longest = write_atomic(Path(folder), filled, columns, length, dataset.like_from)
        config = make_config(settings.model, recbole_settings(settings, Path(folder), list(filled), longest))
        kind = SequentialDataset if config["MODEL_TYPE"] == ModelType.SEQUENTIAL else Dataset
        with without_future_warnings():
            parts = dict(zip(filled, kind(config).build(), strict=True))
    return Prepared(settings, config, parts, {name: tables[name]["example_id"].to_pylist() for name in filled})

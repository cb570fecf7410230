"""The labelled rows of a built dataset as RecBole holds them: exactly those, split as they are."""

import copy
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.baselines.likes import read_labelled_rows
from tastetune.baselines.recbole.atomic_files import HISTORIES, ITEM_LISTS, NAME, write_atomic_files
from tastetune.baselines.recbole.configs import BaselineConfig
from tastetune.baselines.recbole.shim import (
    Config,
    Dataset,
    SequentialDataset,
    cat_interactions,
    is_sequential,
    make_config,
    without_future_warnings,
)

COLUMNS = ["example_id", "user_id", "item_id", "label", "rating", "history", "history_ratings"]


@dataclass(frozen=True)
class LabelledData:
    """Labelled rows as RecBole holds them: its datasets by split, with one numbering of users and items.

    Attributes:
        config: the settings of the model that reads them.
        recbole_config: the same as RecBole takes them.
        parts: RecBole's datasets by split; a split without rows is left out.
        example_ids: of each split's rows, in their order.
    """

    config: BaselineConfig
    recbole_config: Config
    parts: dict[str, Dataset]
    example_ids: dict[str, list[str]]

    def joined(self, splits: str) -> Dataset:
        """The rows of a split, or of several joined by `+`, everybody's side by side from their first to their last.

        For a model that does not shuffle (`shuffle: False`) an epoch so ends in what everybody rated last.
        """
        parts = [self.parts[name] for name in splits.split("+")]
        rows = parts[0].inter_feat if len(parts) == 1 else cat_interactions([part.inter_feat for part in parts])
        return parts[0].copy(rows[side_by_side(rows["user_id"].numpy())])

    def can_choose(self) -> bool:
        """Whether validation holds rows of both labels, so that ROC-AUC on it is defined."""
        return "validation" in self.parts and len(self.parts["validation"].inter_feat["label"].unique()) == 2

    def with_values(self, values: Mapping) -> "LabelledData":
        """The same rows for a config with other `values`, which must not be ones that the rows were read by."""
        config, recbole_config = self.config.with_values(values), copy.copy(self.recbole_config)
        changed = {key: config.values[key] for key in config.values if key in values}
        recbole_config.final_config_dict = self.recbole_config.final_config_dict | changed
        return replace(self, config=config, recbole_config=recbole_config)


def side_by_side(users: np.ndarray) -> np.ndarray:
    """An order in which every user's rows keep their own order and are spread evenly, int (n,)."""
    users = pd.Series(users)
    place, count = users.groupby(users).cumcount(), users.groupby(users).transform("size")
    return np.argsort(((place + 0.5) / count).to_numpy(), kind="stable")


def read_labelled_data(config: BaselineConfig, dataset: BuiltDataset, split: str) -> LabelledData:
    """Hand the rows of train, validation and `split` to RecBole, through atomic files that are gone on return.

    Raises:
        InputError: no row to train on or to answer.
    """
    tables = read_labelled_rows(dataset, split, COLUMNS)
    filled = {name: table for name, table in tables.items() if len(table)}
    length = config.values["MAX_ITEM_LIST_LENGTH"]
    with tempfile.TemporaryDirectory(prefix="tastetune-") as name:
        folder = Path(name)
        longest = write_atomic_files(folder, filled, [*config.columns, "row_id"], length, dataset.like_from)
        recbole_config = make_config(config.model, _settings(config, folder, list(filled), longest))
        kind = SequentialDataset if is_sequential(config.model) else Dataset
        with without_future_warnings():
            parts = dict(zip(filled, kind(recbole_config).build(), strict=True))
    example_ids = {name: table["example_id"].to_pylist() for name, table in filled.items()}
    return LabelledData(config, recbole_config, parts, example_ids)


def _settings(config: BaselineConfig, folder: Path, splits: list[str], longest: int) -> dict:
    """The config's values, and what RecBole must be told of the atomic files under `folder`.

    Args:
        splits: those whose files are to be read.
        longest: of the histories, which the width of position embeddings and masks must equal.
    """
    settings = {key: value for key, value in config.values.items() if key != "model"}
    settings |= {"data_path": str(folder), "dataset": NAME, "benchmark_filename": splits}
    settings |= {"load_col": {"inter": [*config.columns, "row_id"]}, "MAX_ITEM_LIST_LENGTH": longest}
    # Without the alias, the ids of histories would be numbered apart from the targets', silently.
    settings["alias_of_item_id"] = [column for column in ITEM_LISTS if column in config.columns]
    for history in HISTORIES:
        if history in config.columns:
            settings["LIST_SUFFIX"] = history.removeprefix("item_id")
    return settings

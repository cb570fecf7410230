"""RecBole's dataset, trainer and loaders around one model, on exactly the rows that a built dataset holds."""

import contextlib
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from tastetune.answers import like_from
from tastetune.baselines.atomic import write_atomic
from tastetune.baselines.compat import (
    AbstractRecommender,
    Config,
    Dataset,
    ModelType,
    NegSampleEvalDataLoader,
    SequentialDataset,
    TrainDataLoader,
    Trainer,
    cat_interactions,
    init_seed,
    make_config,
)
from tastetune.baselines.configs import BaselineConfig, recbole_settings
from tastetune.baselines.unseen import fill_unseen, seen_ids
from tastetune.dataset import BuiltDataset
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


def side_by_side(users: np.ndarray) -> np.ndarray:
    """An order in which every user's rows keep their own order and are spread evenly, int (n,)."""
    users = pd.Series(users)
    place, count = users.groupby(users).cumcount(), users.groupby(users).transform("size")
    return np.argsort((place + 0.5) / count, kind="stable")


@dataclass(frozen=True)
class Fitted:
    """A fitted model and what fitting took.

    Attributes:
        examples: rows seen, each once an epoch.
        seconds: of training.
        validation: ROC-AUC after each epoch that was evaluated, by epoch from 1.
    """

    model: AbstractRecommender
    examples: int
    seconds: float
    validation: dict[int, float]


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
        longest = write_atomic(Path(folder), filled, columns, length, like_from(dataset))
        config = make_config(settings.model, recbole_settings(settings, Path(folder), list(filled), longest))
        kind = SequentialDataset if config["MODEL_TYPE"] == ModelType.SEQUENTIAL else Dataset
        with without_future_warnings():
            parts = dict(zip(filled, kind(config).build(), strict=True))
    return Prepared(settings, config, parts, {name: tables[name]["example_id"].to_pylist() for name in filled})


class _Trainer(Trainer):
    """RecBole's trainer, which times its epochs and calls `after_epoch` (number from 1, seconds so far) after each."""

    def __init__(self, config: Config, model: AbstractRecommender, after_epoch: Callable[[int, float], None]):
        super().__init__(config, model)
        self.after_epoch, self.seconds = after_epoch, 0.0

    def _train_epoch(self, train_data, epoch_idx, loss_func=None, show_progress=False):
        began = time.perf_counter()
        loss = super()._train_epoch(train_data, epoch_idx, loss_func, show_progress)
        self.seconds += time.perf_counter() - began
        self.after_epoch(epoch_idx + 1, self.seconds)
        return loss


def fit(
    prepared: Prepared,
    splits: str,
    epochs: int,
    *,
    evaluate: bool = False,
    on_epoch: Callable[[int, float, AbstractRecommender], None] | None = None,
) -> Fitted:
    """Train a new model on `splits` (`train`, `train+validation`) for `epochs`, the same for the same seed.

    Args:
        evaluate: measure ROC-AUC on validation every `eval_step` epochs, and stop early as the config says.
        on_epoch: called after each epoch with its number from 1, the seconds of training so far, and the model.

    Raises:
        InputError: the model refuses its settings, or its loss is no longer a number.
    """
    config, settings, validation = prepared.config, prepared.settings, {}
    rows = prepared.rows(splits)
    config["epochs"] = epochs
    init_seed(config["seed"], config["reproducibility"])
    with mendable(settings), tqdm(total=epochs, desc=f"{settings.name}: fit on {splits}", unit=" epochs") as bar:
        model = settings.model(config, rows).to(config["device"])
        seen = seen_ids(rows, rows.inter_feat)

        def after_epoch(epoch: int, seconds: float) -> None:
            fill_unseen(model, rows, seen)
            bar.update()
            if on_epoch:
                on_epoch(epoch, seconds, model)

        trainer = _Trainer(config, model, after_epoch)
        loader = TrainDataLoader(config, rows, None, shuffle=config["shuffle"])
        held_out = NegSampleEvalDataLoader(config, prepared.parts["validation"], None) if evaluate else None
        trainer.fit(
            loader,
            held_out,
            verbose=False,
            saved=False,
            callback_fn=lambda epoch, auc: validation.update({epoch + 1: auc}),
        )
    return Fitted(model, len(trainer.train_loss_dict) * len(rows), trainer.seconds, validation)


@contextlib.contextmanager
def without_future_warnings():
    """RecBole's use of pandas and torch draws a page of them; constraints.txt pins versions that still accept it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


@contextlib.contextmanager
def mendable(settings: BaselineConfig):
    """Turn what a model or trainer says of bad settings into a message that names the file."""
    try:
        with without_future_warnings():
            yield
    except (ValueError, NotImplementedError, AssertionError, KeyError) as error:
        if isinstance(error, InputError):
            raise
        remedy = "lower learning_rate" if "nan" in str(error) else "change them"
        raise InputError(f"{settings.path}: {settings.name} fails with these settings ({error}); {remedy}") from error


@torch.no_grad()
def predict(prepared: Prepared, model: AbstractRecommender, split: str) -> np.ndarray:
    """Scores, float64 (rows of `split`), in the rows' order."""
    model.eval()
    rows, scores = [], []
    for batch, *_ in NegSampleEvalDataLoader(prepared.config, prepared.parts[split], None):
        rows.append(batch["row_id"].numpy())
        scores.append(model.predict(batch.to(prepared.config["device"])).cpu().numpy())
    placed = np.full(len(prepared.example_ids[split]), np.nan)
    placed[np.concatenate(rows).astype(np.int64)] = np.concatenate(scores)
    return placed


def flops_an_example(prepared: Prepared, model: AbstractRecommender) -> float:
    """Floating-point operations of one training example, forward and backward; matrix products only are counted."""
    model.eval()  # the same products, and no running statistic changes
    batch = next(iter(TrainDataLoader(prepared.config, prepared.parts["train"], None)))
    with FlopCounterMode(display=False) as counter:
        model.calculate_loss(batch.to(prepared.config["device"])).backward()
    model.zero_grad()
    return counter.get_total_flops() / len(batch)

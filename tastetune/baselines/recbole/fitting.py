"""RecBole's trainer and loaders around one model of labelled rows."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from tastetune.baselines.recbole.cold_start import fill_untrained, trained_ids
from tastetune.baselines.recbole.configs import BaselineConfig
from tastetune.baselines.recbole.labelled_data import LabelledData
from tastetune.baselines.recbole.shim import (
    AbstractRecommender,
    Config,
    NegSampleEvalDataLoader,
    TrainDataLoader,
    Trainer,
    init_seed,
    without_future_warnings,
)
from tastetune.errors import InputError


@dataclass(frozen=True)
class Fitted:
    """A fitted model and what fitting took.

    Attributes:
        epochs: trained.
        seconds: of training.
        validation: ROC-AUC after each epoch that was evaluated, by epoch from 1.
    """

    model: AbstractRecommender
    epochs: int
    seconds: float
    validation: dict[int, float]


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
    data: LabelledData,
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
    config, rows, validation = data.recbole_config, data.joined(splits), {}
    config["epochs"] = epochs
    init_seed(config["seed"], config["reproducibility"])
    title = f"{data.config.name}: fit on {splits}"
    with naming_the_config(data.config), tqdm(total=epochs, desc=title, unit=" epochs", leave=not evaluate) as bar:
        model = data.config.model(config, rows).to(config["device"])
        trained = trained_ids(rows, rows.inter_feat)

        def after_epoch(epoch: int, seconds: float) -> None:
            fill_untrained(model, rows, trained)
            bar.update()
            if on_epoch:
                on_epoch(epoch, seconds, model)

        trainer = _Trainer(config, model, after_epoch)
        loader = TrainDataLoader(config, rows, None, shuffle=config["shuffle"])
        held_out = NegSampleEvalDataLoader(config, data.parts["validation"], None) if evaluate else None
        trainer.fit(
            loader,
            held_out,
            verbose=False,
            saved=False,
            callback_fn=lambda epoch, auc: validation.update({epoch + 1: auc}),
        )
    return Fitted(model, len(trainer.train_loss_dict), trainer.seconds, validation)


@contextlib.contextmanager
def naming_the_config(config: BaselineConfig):
    """Turn what a model or trainer says of bad settings into a message that names the file."""
    try:
        with without_future_warnings():
            yield
    except InputError:
        raise
    except (ValueError, RuntimeError, AssertionError, KeyError, MemoryError) as error:
        what = " ".join(str(error).split()) or type(error).__name__
        remedy = "lower learning_rate" if "nan" in what else "change them"
        raise InputError(f"{config.path}: {config.name} fails with these settings ({what}); {remedy}") from error


@torch.no_grad()
def predict(data: LabelledData, model: AbstractRecommender, split: str) -> np.ndarray:
    """Scores, float64 (rows of `split`), in the rows' order."""
    model.eval()
    rows, scores = [], []
    for batch, *_ in NegSampleEvalDataLoader(data.recbole_config, data.parts[split], None):
        rows.append(batch["row_id"].numpy())
        scores.append(model.predict(batch.to(data.recbole_config["device"])).cpu().numpy())
    placed = np.full(len(data.example_ids[split]), np.nan)
    placed[np.concatenate(rows).astype(np.int64)] = np.concatenate(scores)
    return placed


def flops_an_example(data: LabelledData, model: AbstractRecommender) -> float:
    """Floating-point operations of one training example, forward and backward; matrix products only are counted."""
    model.eval()  # the same products, and no running statistic changes
    batch = next(iter(TrainDataLoader(data.recbole_config, data.parts["train"], None)))
    with FlopCounterMode(display=False) as counter:
        model.calculate_loss(batch.to(data.recbole_config["device"])).backward()
    model.zero_grad()
    return counter.get_total_flops() / len(batch)

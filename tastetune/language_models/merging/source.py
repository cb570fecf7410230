"""What is merged: an adapter, its base model as its run loaded it, and rows on which the two are compared."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from trl import ModelConfig

from tastetune.artifacts.dataset import BuiltDataset, open_titled
from tastetune.artifacts.digests import ADAPTER_PATTERNS, weights_digest
from tastetune.artifacts.run import CHECKPOINT, RunRecord, read_record
from tastetune.config.run_folder import RunFolder
from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError
from tastetune.language_models.adapters import read_adapter_config
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.language_model import LOADED_BY, LanguageModel, set_windows
from tastetune.tasks import Rows, task_of

ROWS_COMPARED = 200

OF_TODAY = ("model_name_or_path", "model_revision", "base_weights", "attn_implementation")
"""Of the settings that a base model was loaded by, those that this machine decides."""


@dataclass(frozen=True)
class MergeSource:
    """What is merged.

    Attributes:
        adapter: a folder or Hub id.
        record: of the run that trained it.
        base: its base model, as its run loaded it.
        rows: those that are asked of both.
        asking: how they are asked.
    """

    adapter: str
    record: RunRecord
    base: ModelConfig
    rows: Rows
    asking: Asking

    @property
    def origin(self) -> dict[str, str | None]:
        """By what a merged model is told from others: digests of the weights that it was made of."""
        return {
            "adapter_weights": weights_digest(self.adapter, patterns=ADAPTER_PATTERNS),
            "base_weights": weights_digest(str(self.base.model_name_or_path), self.base.model_revision),
        }

    def answers(self, model: LanguageModel):
        """The answers of a model to the rows, as a table of scores or of lists."""
        return ANSWERERS[self.rows.task.config].answer(model, self.rows, self.asking).table


def merge_source(adapter: str, base: str | None = None, dataset: str | None = None, split: str = "test") -> MergeSource:
    """What the adapter's own files say of all this, unless it is named.

    Args:
        base: its base model, where that lies elsewhere than its run says.
        dataset: folder or Hub id of the dataset whose rows are asked; `data` in its run's folder if none.

    Raises:
        InputError: no adapter lies there, or no dataset.
    """
    config, record = read_adapter_config(adapter), read_record(adapter)
    named = base or config.base_model_name_or_path
    if not named:
        raise InputError(f"{adapter}: names no base model; name it with --model_name_or_path")
    opened = _dataset(adapter, dataset)
    task = task_of(opened, record.settings.get("dataset_config"))
    rows = task.rows(opened, split)
    n = len(rows.table)
    spread = np.unique(np.linspace(0, n - 1, min(n, ROWS_COMPARED)).astype(int))
    answerer = ANSWERERS[task.config]
    windows = set_windows(WindowLimits(tokens=record.settings.get("max_length")), record.settings)
    asking = Asking(answerer.in_training or answerer.modes[0], windows=windows)
    return MergeSource(adapter, record, _as_trained(named, record.settings), rows.at(spread), asking)


def _as_trained(base: str, settings: dict) -> ModelConfig:
    """The base model's arguments in its run's settings, so that it is loaded as for training."""
    loaded = {key: settings[key] for key in LOADED_BY if key in settings and key not in OF_TODAY}
    revision = settings.get("model_revision") if settings.get("model_name_or_path") == base else None
    return ModelConfig(base, model_revision=revision or "main", **loaded)


def _dataset(adapter: str, dataset: str | None) -> BuiltDataset:
    if dataset is None:
        folder = Path(adapter).resolve()
        run = folder.parents[1] if folder.name.startswith(f"{CHECKPOINT}-") else folder.parent
        dataset = str(RunFolder(run).data)
        if not Path(dataset).is_dir():
            raise InputError(
                f"{adapter}: no dataset lies in its run's folder ({dataset}), and the merged model's answers are "
                "compared with the adapter's on rows of one; name it with --dataset_name"
            )
    return open_titled(dataset)

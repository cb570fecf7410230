"""A training run's record beside the model that it made: its settings, what it cost, and which rows it has seen."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.digests import weights_digest
from tastetune.artifacts.json_files import cut, faults, read_json
from tastetune.artifacts.trained_rows import ROWS, read_row_keys
from tastetune.errors import InputError

RUN, COST = "run.json", "cost.json"
"""In a run's folder: the settings it was started with; in it and in each checkpoint: what training had cost."""

CHECKPOINT = "checkpoint"
"""What the trainer calls its checkpoints' folders, before the step."""

MERGED = "merged_from"
"""In a merged model's settings and configuration: what it was made of."""

TRAINED_ROWS, UNKNOWN = "trained_rows", "unknown"
"""In the settings of predictions by an adapter without a run's record."""

OTHERS = "training_arguments"
"""In a run's settings: every other field of the trainer's configuration but the harmless ones."""

HARMLESS_BEGINNINGS = (
    *("log_", "logging_", "save_", "hub_", "trackio_"),  # what is said of a run, and what is kept of it
    *("ddp_", "fsdp", "torch_compile", "dataloader_", "eval_"),  # on what it runs, and what is recorded elsewhere
)
DECISIVE_IN_SPITE = ("dataloader_drop_last", "eval_packing")
HARMLESS = {
    *("output_dir", "run_name", "project", "report_to", "disable_tqdm", "debug", "skip_memory_metrics", "push_to_hub"),
    *("do_train", "do_eval", "do_predict", "resume_from_checkpoint", "enable_jit_checkpoint", "log_completions"),
    *("num_completions_to_print", "include_num_input_tokens_seen", "include_for_metrics", "batch_eval_metrics"),
    # How a step's examples are spread over devices and passes: its total is recorded
    *("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps", "local_rank"),
    *("generation_batch_size", "steps_per_generation", "use_cpu", "deepspeed", "parallelism_config"),
    # Memory for time
    *("gradient_checkpointing", "gradient_checkpointing_kwargs", "activation_checkpointing", "dataset_num_proc"),
    *("activation_checkpointing_kwargs", "activation_offloading", "torch_empty_cache_steps", "use_cache"),
    *("load_best_model_at_end", "metric_for_best_model", "greater_is_better", "prediction_loss_only"),  # as "eval_"
}
"""Fields of a trainer's configuration that decide nothing of what a run learns, or stand in its settings anyway."""


def total_batch_size(args) -> int:
    """Examples that one optimizer step sees, over all processes."""
    return args.per_device_train_batch_size * args.gradient_accumulation_steps * args.world_size


def run_settings(dataset: BuiltDataset, data_args, args, model_args) -> dict:
    """Everything that decides what a run learns, as JSON: a checkpoint may only be resumed under the same."""
    task = data_args.dataset_config or dataset.task
    decisive = ["max_steps", "num_train_epochs", "max_length", "packing", "completion_only_loss", "seed", "data_seed"]
    decisive += ["learning_rate", "weight_decay", "warmup_steps", "lr_scheduler_type", "optim"]
    return {
        "dataset": dataset.name,
        "dataset_revision": data_args.dataset_revision,
        "fingerprint": dataset.fingerprint,
        "dataset_config": task,
        "dataset_train_split": data_args.dataset_train_split,
        **{key: getattr(args, key) for key in decisive if hasattr(args, key)},
        "total_train_batch_size": total_batch_size(args),
        **data_args.decisive(task),
        **{key: value for key, value in asdict(model_args).items() if value is not None},
        **_base(model_args),
        OTHERS: {key: value for key, value in args.to_dict().items() if not (key in decisive or _is_harmless(key))},
    }


def _is_harmless(key: str) -> bool:
    return key in HARMLESS or (key.startswith(HARMLESS_BEGINNINGS) and key not in DECISIVE_IN_SPITE)


def _base(model_args) -> dict[str, str | None]:
    """By what the base model's weights are told apart; of a model that is made anew there is nothing to say."""
    if not hasattr(model_args, "model_name_or_path"):
        return {}
    return {"base_weights": weights_digest(model_args.model_name_or_path, model_args.model_revision)}


@dataclass(frozen=True)
class RunRecord:
    """What lies beside a model, in its folder or on the Hub, of the run that made it.

    Attributes:
        source: the model's folder or Hub id.
        settings: what the run was started with, see `run_settings`; empty where no run of these scripts made the model.
        cost: what training had cost; empty where that is not known.
        rows: keys of the rows that it was trained on, see `tastetune.artifacts.trained_rows`; None where none are kept.
    """

    source: str
    settings: dict
    cost: dict
    rows: np.ndarray | None

    @property
    def is_fine_tuned(self) -> bool:
        """Whether the run went on from a base model and trained all its weights, or was merged into them."""
        named = "model_name_or_path" in self.settings
        return named and (MERGED in self.settings or self.settings.get("use_peft") is False)

    def splits(self, fingerprint: str) -> list[str]:
        """The splits of the dataset with this fingerprint that the run names, and the run that it went on from.

        Raises:
            InputError: they are no text.
        """
        own = self.settings.get("fingerprint", fingerprint)
        sources = {"dataset_train_split": own, "sft_train_split": self.settings.get("sft_fingerprint", own)}
        named = [self._named(key) for key, of in sources.items() if of == fingerprint]
        return [part for part in dict.fromkeys(part for parts in named for part in parts) if part]

    def _named(self, key: str) -> list[str]:
        splits = self.settings.get(key)
        if isinstance(splits, str | None):
            return str(splits or "").split("+")
        raise InputError(f"{self.source}: {RUN} has {key} {cut(splits)}, expected splits joined by +; train it anew")


def read_record(source: str | Path, revision: str | None = None) -> RunRecord:
    """The record of the run that made a model or adapter: of a folder, which may be a checkpoint, or of a Hub id.

    Raises:
        InputError: a file of the record is damaged, or no folder lies there and its repository cannot be asked, so that
            there might be a record.
    """
    settings, rows, cost = (_file(source, name, revision) for name in (RUN, ROWS, COST))
    return RunRecord(
        str(source),
        _read(settings, dict[str, Any]) if settings else {},
        _read(cost, dict[str, int | float | str | None]) if cost else {},
        read_row_keys(rows) if rows else None,
    )


def _file(source: str | Path, name: str, revision: str | None) -> Path | None:
    """A file of the record, None where there is none. A checkpoint is described by the run that it lies in, too."""
    folder = Path(source)
    if not folder.exists():
        from tastetune.artifacts.hub_errors import fetched_file

        return fetched_file(str(source), name, revision)
    folders = [folder]
    if name != COST and folder.resolve().name.startswith(f"{CHECKPOINT}-"):
        folders.append(folder.resolve().parent)
    return next((path for path in (folder / name for folder in folders) if path.is_file()), None)


def whole_checkpoints(folder: str | Path) -> dict[int, Path]:
    """The checkpoints in a run's folder that were written to their end, by step, from first to last.

    The trainer writes its state last, so one without a readable state was cut off. A folder `checkpoint-best` that
    somebody put there is none of the run's.
    """
    checkpoints = {}
    for path in Path(folder).glob(f"{CHECKPOINT}-*"):
        step = path.name.rpartition("-")[2]
        if step.isdecimal() and _is_json(path / "trainer_state.json"):
            checkpoints[int(step)] = path
    return dict(sorted(checkpoints.items()))


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return True


def read_cost(folder: str | Path) -> dict:
    """What `CostRecorder` wrote into `folder`; empty where it wrote nothing.

    Raises:
        InputError: it is there and cannot be read.
    """
    path = Path(folder) / COST
    return _read(path, dict[str, int | float | str | None]) if path.is_file() else {}


def _read(path: Path, shape: Any) -> dict:
    content = read_json(path, "train the adapter anew, with --force, or fetch it anew")
    for fault in faults(shape, content):
        raise InputError(f"{path}: {fault}; train the adapter anew, with --force, or fetch it anew")
    return content


def refuse_other_base(record: RunRecord, weights: str | None) -> None:
    """Refuse to put an adapter onto a base model that it was not trained on.

    Args:
        weights: the base model's digest, see `tastetune.artifacts.digests.weights_digest`.

    Raises:
        InputError: the run records another.
    """
    trained_on = record.settings.get("base_weights")
    if trained_on is not None and trained_on != weights:
        raise InputError(
            f"{record.source} was trained on a base model with other weights than these (its run names "
            f"{record.settings.get('model_name_or_path')!r}, weights {trained_on[:12]}; here they are "
            f"{(weights or 'not readable')[:12]}): name the base model that it was trained on, or a whole copy of it"
        )

"""A training run's record beside its adapter: its settings, what it cost, and which rows it has seen."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.json_files import cut, faults, read_json
from tastetune.errors import InputError

RUN, COST = "run.json", "cost.json"
"""In a run's folder: the settings it was started with; in it and in each checkpoint: what training had cost."""

CHECKPOINT = "checkpoint"
"""What the trainer calls its checkpoints' folders, before the step."""


OTHERS = "training_arguments"
"""In a run's settings: every other field of the trainer's configuration but the harmless ones."""

HARMLESS_BEGINNINGS = (
    *("log_", "logging_", "save_", "hub_", "trackio_"),  # what is said of a run, and what is kept of it
    *("ddp_", "fsdp", "torch_compile", "dataloader_"),  # on what it runs
    "eval_",  # recorded with what evaluations decide on, where there are any
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
    *("gradient_checkpointing", "gradient_checkpointing_kwargs", "activation_checkpointing"),
    *("activation_checkpointing_kwargs", "activation_offloading", "torch_empty_cache_steps", "use_cache"),
    *("dataset_num_proc", "prediction_loss_only"),
    # Recorded with what evaluations decide on
    *("load_best_model_at_end", "metric_for_best_model", "greater_is_better"),
}
"""Fields of a trainer's configuration that decide nothing of what a run learns, or stand in its settings anyway."""


def total_batch_size(args) -> int:
    """Examples that one optimizer step sees, over all processes."""
    return args.per_device_train_batch_size * args.gradient_accumulation_steps * args.world_size


def run_settings(dataset: BuiltDataset, data_args, args, model_args) -> dict:
    """Everything that decides what a run learns, as JSON: a checkpoint may only be resumed under the same."""
    decisive = ["max_steps", "num_train_epochs", "max_length", "packing", "completion_only_loss", "seed", "data_seed"]
    decisive += ["learning_rate", "weight_decay", "warmup_steps", "lr_scheduler_type", "optim"]
    return {
        "dataset": dataset.name,
        "dataset_revision": data_args.dataset_revision,
        "fingerprint": dataset.fingerprint,
        "dataset_config": data_args.dataset_config or dataset.task,
        "dataset_train_split": data_args.dataset_train_split,
        **{key: getattr(args, key) for key in decisive if hasattr(args, key)},
        "total_train_batch_size": total_batch_size(args),
        **{key: value for key, value in asdict(model_args).items() if value is not None},
        OTHERS: {key: value for key, value in args.to_dict().items() if not (key in decisive or _is_harmless(key))},
    }


def _is_harmless(key: str) -> bool:
    return key in HARMLESS or (key.startswith(HARMLESS_BEGINNINGS) and key not in DECISIVE_IN_SPITE)


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
    except (OSError, ValueError):
        return False
    return True


def read_cost(folder: str | Path | None) -> dict:
    """What `CostRecorder` wrote into `folder`; empty where it wrote nothing.

    Raises:
        InputError: it is there and cannot be read.
    """
    path = Path(folder or "") / COST
    return _read(path, dict[str, int | float | str | None]) if folder and path.is_file() else {}


def read_settings(adapter: str | Path | None) -> dict:
    """The settings that `resume_point` recorded for the run of an adapter or checkpoint; empty where there are none.

    Raises:
        InputError: they are there and cannot be read.
    """
    if adapter:
        for folder in (Path(adapter), Path(adapter).parent):
            if (folder / RUN).is_file():
                return _read(folder / RUN, dict[str, Any])
    return {}


def _read(path: Path, shape: Any) -> dict:
    content = read_json(path, "train the adapter anew, with --force, or fetch it anew")
    for fault in faults(shape, content):
        raise InputError(f"{path}: {fault}; train the adapter anew, with --force, or fetch it anew")
    return content


def trained_on(adapter: str | Path) -> list[str]:
    """The splits that an adapter has seen, those of the adapter that it went on from included.

    Raises:
        InputError: its run does not say so in words.
    """
    settings, seen = read_settings(adapter), []
    for key in ("dataset_train_split", "sft_train_split"):
        if not isinstance(splits := settings.get(key, ""), str):
            raise InputError(f"{adapter}: {RUN} has {key} {cut(splits)}, expected splits joined by +; train it anew")
        seen += splits.split("+")
    return [part for part in dict.fromkeys(seen) if part]


def refuse_seen(adapter: str | Path, split: str) -> None:
    """Refuse to answer rows that the adapter was trained on, or the adapter that it went on from.

    Raises:
        InputError: its run's training splits include one of `split`.
    """
    known = trained_on(adapter)
    seen = [part for part in split.split("+") if part in known]
    if seen:
        raise InputError(
            f"{adapter} was trained on {'+'.join(known)}, so its answers to {seen[0]} show what it remembers; "
            "to choose anything on validation, train with --dataset_train_split train"
        )

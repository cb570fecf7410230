"""A training run's folder: what it was started with, whether it is done, where it is resumed, and what it cost."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import PartialState
from huggingface_hub import HfApi
from huggingface_hub.utils import validate_repo_id
from transformers import TrainingArguments
from trl import ModelConfig

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.digests import ADAPTER_PATTERNS, weights_digest
from tastetune.artifacts.hub_errors import hub_errors
from tastetune.artifacts.json_files import cut, first_difference, read_json
from tastetune.artifacts.redaction import shareable
from tastetune.artifacts.run import (
    CHECKPOINT,
    COST,
    OTHERS,
    RUN,
    read_cost,
    read_record,
    refuse_other_base,
    whole_checkpoints,
)
from tastetune.artifacts.trained_rows import ROWS, row_keys, write_row_keys
from tastetune.errors import InputError
from tastetune.files import is_unfinished, unfinished, write_text
from tastetune.hub.llama import check_name, llama_version
from tastetune.hub.push import push_folder
from tastetune.language_models.adapters import read_adapter_config
from tastetune.locks import held
from tastetune.training.configs import refuse_unobeyed

WEIGHTS = ("adapter_model.safetensors", "model.safetensors")
"""What a run writes last: the adapter's weights, or the model's where all of it was trained."""


def is_done(folder: str | Path, settings: dict) -> bool:
    """Whether `folder` holds a run of the same settings that was trained to its end."""
    folder = Path(folder)
    if is_unfinished(folder / RUN) or not read_cost(folder) or not any((folder / name).is_file() for name in WEIGHTS):
        return False
    return _read_record(folder) == _as_recorded(settings)


@contextmanager
def held_run(
    args: TrainingArguments, settings: dict, *, rows: np.ndarray | None = None, force: bool = False
) -> Iterator[str | None]:
    """Hold a run's folder while the block trains in it, and yield the checkpoint to go on from, None to begin.

    Args:
        settings: see `tastetune.artifacts.run.run_settings`; recorded in a fresh folder.
        rows: keys of the rows that are trained on, see `trained_rows`; recorded beside the settings.
        force: delete first what a former run wrote.

    Raises:
        InputError: another process trains there, or the folder holds a run of other settings.
    """
    is_main = PartialState().is_main_process
    with held(args.output_dir) if is_main else nullcontext():
        with args.main_process_first(local=False):
            if force and is_main:
                delete_run(args.output_dir)
            checkpoint = resume_point(args.output_dir, settings)
            if rows is not None and is_main:
                write_row_keys(Path(args.output_dir) / ROWS, rows)
        with unfinished(Path(args.output_dir) / RUN) if is_main else nullcontext():
            yield checkpoint


def delete_run(folder: str | Path) -> None:
    """Delete what makes a folder a run: record, costs, weights and checkpoints; whatever else lies there stays."""
    folder = Path(folder)
    for path in folder.glob(f"{CHECKPOINT}-*"):
        if path.is_dir() and path.name.rpartition("-")[2].isdecimal():
            (path / "trainer_state.json").unlink(missing_ok=True)  # first: without it nothing goes on from the rest
            shutil.rmtree(path)
    # The record last: as long as anything is left of a run, it says of which settings
    for name in (COST, "adapter_config.json", "training_args.bin", *WEIGHTS, ROWS, RUN):
        (folder / name).unlink(missing_ok=True)


def resume_point(folder: str | Path, settings: dict) -> str | None:
    """The last whole checkpoint of a run with the same settings in `folder`, None where none is.

    Records `settings` in a fresh folder. A checkpoint whose writing was cut off is passed over: the trainer's state
    is written last, and then what training had cost, so one without them is not whole.

    Raises:
        InputError: the folder holds a run of other settings.
    """
    folder, settings = Path(folder), _as_recorded(settings)
    checkpoints, before = whole_checkpoints(folder), _read_record(folder)
    if before and (checkpoints or (folder / "adapter_config.json").is_file()):
        old, new = (record | record.get(OTHERS, {}) | {OTHERS: None} for record in (before, settings))
        if (key := first_difference(old, new)) is not None:
            raise InputError(
                f"{folder} holds a run with {key} {old.get(key)!r}, this one has {new.get(key)!r}; "
                "choose another --output_dir, or start anew in that folder with --force"
            )
    write_text(folder / RUN, json.dumps(settings, indent=2) + "\n")
    with_cost = [step for step, path in checkpoints.items() if (path / COST).is_file()]
    return str(checkpoints[max(with_cost)]) if with_cost else None


def trained_rows(
    dataset: BuiltDataset, split: str, *, config: str | None = None, before: str | None = None
) -> np.ndarray:
    """Keys of the rows that a run trains on, those that it need not come to included.

    Args:
        config: of which config; None for the dataset's task.
        before: the adapter that the run goes on from, which has seen rows already.
    """
    keys, seen = row_keys(dataset, config or dataset.task, split), read_record(before).rows if before else None
    return keys if seen is None else np.union1d(keys, seen)


def _as_recorded(settings: dict) -> dict:
    """Settings as they stand in the record: without secrets, and without this machine's folders."""
    return shareable(json.loads(json.dumps(settings)))


def _read_record(folder: Path) -> dict:
    """The settings that a run was started with; empty where there is no record."""
    record, remedy = folder / RUN, "start anew in that folder with --force"
    content = read_json(record, remedy) if record.is_file() else {}
    if not isinstance(content, dict):
        raise InputError(f"{record}: its content is {cut(content)}, expected an object; {remedy}")
    return content


def check_push(args: TrainingArguments, base_model: str) -> None:
    """Refuse before training what `push_run` would be refused after it.

    Raises:
        InputError: the base model is a folder here, the repository cannot be called so, or nobody is logged in.
    """
    repo = args.hub_model_id or Path(args.output_dir).name
    if Path(base_model).exists():
        raise InputError(
            f"push_to_hub: the base model {base_model!r} is a folder of this machine, so nobody else could load the "
            "adapter; push the base model first and name its Hub id, or leave push_to_hub out"
        )
    if version := llama_version(base_model):
        check_name(repo, version)
    with hub_errors(repo, "model", None):
        validate_repo_id(repo)
        HfApi().whoami()


def push_run(args: TrainingArguments) -> None:
    """Push a run's folder, private unless the recipe says otherwise; the main process does.

    Raises:
        InputError: see `tastetune.hub.push.push_folder`.
    """
    if PartialState().is_main_process:
        repo = args.hub_model_id or Path(args.output_dir).name
        print(f"pushed: {push_folder(args.output_dir, repo, private=args.hub_private_repo is not False)}")


def adapter_settings(adapter: str | None, model_args: ModelConfig) -> dict[str, Any]:
    """What a run that goes on from an adapter records of it: its name, shape and weights, and what it was trained on.

    Raises:
        InputError: none is named, there is none of that name, or it was trained on another base model.
    """
    if not adapter:
        raise InputError("sft_adapter is missing; name the adapter to start from, which scripts/sft.py wrote")
    config = read_adapter_config(adapter, f"sft_adapter {adapter!r}")
    record = read_record(adapter)
    refuse_other_base(record, weights_digest(model_args.model_name_or_path, model_args.model_revision))
    fingerprint = record.settings.get("fingerprint")
    splits = record.splits(fingerprint) if fingerprint else [record.settings.get("dataset_train_split", "")]
    return {
        "sft_adapter": adapter,
        "sft_weights": weights_digest(adapter, patterns=ADAPTER_PATTERNS),
        "sft_fingerprint": fingerprint,
        "sft_train_split": "+".join(splits),
        "use_peft": True,
        "lora_r": config.r,
        "lora_alpha": config.lora_alpha,
        "lora_dropout": config.lora_dropout,
    }


def refuse_push_and_evaluation(args: TrainingArguments) -> None:
    """Refuse what scripts/sft.py alone does, and what no script does.

    Raises:
        InputError: a key is set that is not obeyed; `push_to_hub` is, by which TRL would make a public repository, with
            `training_args.bin` and a token in that; or `eval_strategy` is, for which there are no rows.
    """
    refuse_unobeyed(args)
    if args.push_to_hub:
        raise InputError("push_to_hub: train first, then push the folder with scripts/push.py")
    if args.eval_strategy != "no":
        raise InputError(
            f"eval_strategy is {args.eval_strategy.value!r}, and only scripts/sft.py evaluates while it trains; leave "
            "it out, and score the checkpoints afterwards"
        )

"""A training run's folder: what it was started with, whether it is done, where it is resumed, and what it cost."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from accelerate import PartialState
from peft import PeftConfig
from transformers import TrainerCallback, TrainingArguments

from tastetune.artifacts.run import CHECKPOINT, COST, RUN, read_cost, total_batch_size, trained_on, whole_checkpoints
from tastetune.errors import InputError
from tastetune.files import is_unfinished, unfinished, write_text
from tastetune.hub.push import push_folder
from tastetune.locks import held

WEIGHTS = ("adapter_model.safetensors", "model.safetensors")
"""What a run writes last: the adapter's weights, or the model's where all of it was trained."""


def is_done(folder: str | Path, settings: dict) -> bool:
    """Whether `folder` holds a run of the same settings that was trained to its end."""
    folder = Path(folder)
    if is_unfinished(folder / RUN) or not read_cost(folder) or not any((folder / name).is_file() for name in WEIGHTS):
        return False
    return _read_record(folder) == json.loads(json.dumps(settings))


@contextmanager
def held_run(args: TrainingArguments, settings: dict, *, force: bool = False) -> Iterator[str | None]:
    """Hold a run's folder while the block trains in it, and yield the checkpoint to go on from, None to begin.

    Args:
        settings: see `tastetune.artifacts.run.run_settings`; recorded in a fresh folder.
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
    for name in (COST, "adapter_config.json", "training_args.bin", *WEIGHTS, RUN):
        (folder / name).unlink(missing_ok=True)


def resume_point(folder: str | Path, settings: dict) -> str | None:
    """The last whole checkpoint of a run with the same settings in `folder`, None where none is.

    Records `settings` in a fresh folder. A checkpoint whose writing was cut off is passed over: the trainer's state
    is written last, and then what training had cost, so one without them is not whole.

    Raises:
        InputError: the folder holds a run of other settings.
    """
    folder, settings = Path(folder), json.loads(json.dumps(settings))
    checkpoints, before = whole_checkpoints(folder), _read_record(folder)
    if before and (checkpoints or (folder / "adapter_config.json").is_file()):
        for key, value in settings.items():
            if before.get(key) != value:
                raise InputError(
                    f"{folder} holds a run with {key} {before.get(key)!r}, this one has {value!r}; "
                    "choose another --output_dir, or start anew in that folder with --force"
                )
    write_text(folder / RUN, json.dumps(settings, indent=2) + "\n")
    with_cost = [step for step, path in checkpoints.items() if (path / COST).is_file()]
    return str(checkpoints[max(with_cost)]) if with_cost else None


def _read_record(folder: Path) -> dict:
    """The settings that a run was started with; empty where there is no record."""
    record = folder / RUN
    try:
        return json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    except ValueError as error:
        raise InputError(f"{record}: no whole JSON ({error}); start anew in that folder with --force") from error


def push_run(args: TrainingArguments) -> None:
    """Push a run's folder, private unless the recipe says otherwise; the main process does.

    Raises:
        InputError: see `tastetune.hub.push.push_folder`.
    """
    if PartialState().is_main_process:
        repo = args.hub_model_id or Path(args.output_dir).name
        print(f"pushed: {push_folder(args.output_dir, repo, private=args.hub_private_repo is not False)}")


class CostRecorder(TrainerCallback):
    """Writes into each checkpoint how many examples, seconds and floating-point operations it took, by what command.

    Seconds count training alone and add up over resumed runs; operations are the trainer's own estimate.
    """

    def __init__(self, resumed_from: str | None):
        self.before = read_cost(resumed_from).get("seconds", 0.0) if resumed_from else 0.0

    def on_train_begin(self, args, state, control, **kwargs):
        self.start = time.perf_counter()

    def on_save(self, args, state, control, **kwargs):
        if state.is_world_process_zero:
            self.write(args, state, Path(args.output_dir) / f"{CHECKPOINT}-{state.global_step}")

    def on_train_end(self, args, state, control, **kwargs):
        if state.is_world_process_zero:
            self.write(args, state, Path(args.output_dir))

    def write(self, args, state, folder: Path) -> None:
        cost = {
            "steps": state.global_step,
            "examples": state.global_step * total_batch_size(args),
            "seconds": round(self.before + time.perf_counter() - self.start, 1),
            "flops": state.total_flos or None,  # the trainer estimates none where it writes answers itself
            "command": " ".join(["accelerate launch", *sys.argv]),
        }
        write_text(folder / COST, json.dumps(cost) + "\n")


def adapter_settings(adapter: str | None) -> dict[str, Any]:
    """What a run that goes on from an adapter records of it: its name, its shape, and what it was trained on.

    Raises:
        InputError: none is named, or there is none of that name.
    """
    if not adapter:
        raise InputError("sft_adapter is missing; name the adapter to start from, which scripts/sft.py wrote")
    try:
        config = PeftConfig.from_pretrained(adapter)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"sft_adapter {adapter!r}: no adapter lies there, nor could one be fetched ({reason}); train it with "
            "scripts/sft.py, or name the folder that it wrote"
        ) from error
    shape = {"lora_r": config.r, "lora_alpha": config.lora_alpha, "lora_dropout": config.lora_dropout}
    return {"sft_adapter": adapter, "sft_train_split": "+".join(trained_on(adapter)), "use_peft": True, **shape}


def refuse_push_and_evaluation(args: TrainingArguments) -> None:
    """Refuse what scripts/sft.py alone does.

    Raises:
        InputError: `push_to_hub` is set, by which TRL would make a public repository, with `training_args.bin` and a
            token in that; or `eval_strategy` is, for which there are no rows.
    """
    if args.push_to_hub:
        raise InputError("push_to_hub: train first, then push the folder with scripts/push.py")
    if args.eval_strategy != "no":
        raise InputError(
            f"eval_strategy is {args.eval_strategy.value!r}, and only scripts/sft.py evaluates while it trains; leave "
            "it out, and score the checkpoints afterwards"
        )

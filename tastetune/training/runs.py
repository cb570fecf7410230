"""A training run's folder: what it was started with, where it can be resumed, what it cost, and what it has seen."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from peft import PeftConfig
from transformers import TrainerCallback, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from tastetune.artifacts.run import COST, RUN, read_cost, total_batch_size, trained_on
from tastetune.errors import InputError
from tastetune.files import write_text


def resume_point(folder: str | Path, settings: dict) -> str | None:
    """The last whole checkpoint of a run with the same settings in `folder`, None where none is.

    Records `settings` in a fresh folder. A checkpoint whose writing was cut off is passed over: the trainer's
    state is written last, so one without it is not whole.

    Raises:
        InputError: the folder holds a run of other settings.
    """
    folder = Path(folder)
    record = folder / RUN
    checkpoints = sorted(folder.glob(f"{PREFIX_CHECKPOINT_DIR}-*"), key=lambda p: int(p.name.rpartition("-")[2]))
    whole = [path for path in checkpoints if _is_whole(path)]
    if record.is_file() and (whole or (folder / "adapter_config.json").is_file()):
        before = json.loads(record.read_text(encoding="utf-8"))
        for key, value in settings.items():
            if before.get(key) != value:
                raise InputError(
                    f"{folder} holds a run with {key} {before.get(key)!r}, this one has {value!r}; "
                    "choose another --output_dir, or delete that folder to start anew"
                )
    write_text(record, json.dumps(settings, indent=2) + "\n")
    return str(whole[-1]) if whole else None


def _is_whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return False
    return True


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
            self.write(args, state, Path(args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}")

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


def starting_point(adapter: str | None) -> dict[str, Any]:
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


def refuse_push(args: TrainingArguments) -> None:
    """Refuse to let TRL push: its repository would be public, with `training_args.bin` and a token in that.

    Raises:
        InputError: `push_to_hub` is set.
    """
    if args.push_to_hub:
        raise InputError("push_to_hub: train first, then push the folder with scripts/push.py")

"""Values that only a library can judge, given to it before anything costs: its complaint becomes one line.

What is made here is thrown away: an optimizer of one number, a model without weights.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.tuners_utils import BaseTunerLayer
from transformers import (
    AutoModelForCausalLM,
    PreTrainedConfig,
    PreTrainedModel,
    Trainer,
    TrainingArguments,
    get_scheduler,
)
from transformers.integrations import (
    get_reporting_integration_callbacks,
    is_tensorboard_available,
    is_trackio_available,
    is_wandb_available,
)
from trl import ModelConfig, get_peft_config

from tastetune.artifacts.run import RUN
from tastetune.errors import InputError
from tastetune.language_models.adapters import check_places, read_adapter_config
from tastetune.language_models.item_tokens.tokens import make_room
from tastetune.language_models.model_files import explained
from tastetune.locks import refuse_unwritable

COMPLAINTS = (ValueError, TypeError, ImportError, RuntimeError, AttributeError, KeyError, AssertionError)
"""What libraries raise at a value that they do not take."""

OPTIMIZER_KEYS = {
    r"beta.*index 1": "adam_beta2",
    r"beta": "adam_beta1",
    r"eps": "adam_epsilon",
    r"learning.rate|\blr\b": "learning_rate",
    r"weight.decay": "weight_decay",
}
"""The key that an optimizer's complaint is about, by a pattern of its words; of others it is `optim`."""


@contextmanager
def judged(keys: Mapping[str, Any], places: Mapping[str, str], which: Callable[[str], str] | None = None) -> Iterator:
    """Run the block; what it raises at a value becomes an InputError that names key, value and where it stands.

    Args:
        keys: the values in question by key, the likeliest first.
        places: where keys stand, see `tastetune.config.recipe.key_places`.
        which: from the complaint to the key it is about; the first that the recipe sets if None.
    """
    try:
        yield
    except COMPLAINTS as error:
        if isinstance(error, InputError):
            raise
        words = " ".join(str(error).split()) or type(error).__name__
        key = which(words) if which else next((key for key in keys if key in places), next(iter(keys)))
        value = getattr(keys[key], "value", keys[key])
        raise InputError(f"{places.get(key, key)} is {value!r}: {words}") from error


def check_optimizer(args: TrainingArguments, steps: int, places: Mapping[str, str]) -> str:
    """Make the optimizer and the schedule of its learning rate; what they are, in words.

    Args:
        steps: how many the run will take.
    """
    names = ("optim", "optim_args", "learning_rate", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon")
    values = {name: getattr(args, name) for name in names}
    optimizer: torch.optim.Optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))])
    if not args.optim_target_modules:  # which takes the model itself

        def which(words: str) -> str:
            return next((key for pattern, key in OPTIMIZER_KEYS.items() if re.search(pattern, words, re.I)), "optim")

        with judged(values, places, which):
            kind, settings = Trainer.get_optimizer_cls_and_kwargs(args)
            optimizer = kind([torch.nn.Parameter(torch.zeros(1))], **settings)
    schedule = {name: getattr(args, name) for name in ("lr_scheduler_kwargs", "lr_scheduler_type", "warmup_steps")}
    with judged(schedule, places):
        get_scheduler(
            args.lr_scheduler_type,
            optimizer=optimizer,
            num_warmup_steps=args.get_warmup_steps(steps),
            num_training_steps=steps,
            scheduler_specific_kwargs=args.lr_scheduler_kwargs,
        )
    return f"{type(optimizer).__name__}, {args.lr_scheduler_type.value}, {steps:,} steps"


TRACKERS = {
    "trackio": (is_trackio_available, "pip install 'tastetune[trackio]'"),
    "tensorboard": (is_tensorboard_available, "pip install tensorboard"),
    "wandb": (is_wandb_available, "pip install wandb"),
}
"""What `report_to` may name: whether its library is there, and what installs it. Others complain for themselves."""

AWAY = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")
"""Variables of the environment by which trackio would send a run to another machine."""


def check_trackers(args: TrainingArguments, places: Mapping[str, str]) -> str:
    """Make what reports the run elsewhere; which trackers, in words.

    Raises:
        InputError: a tracker that does not exist or is not installed, or trackio where it would not stay here.
    """
    names = [args.report_to] if isinstance(args.report_to, str) else args.report_to
    place = places.get("report_to", "report_to")
    for name in names:
        is_available, command = TRACKERS.get(name, (lambda: True, ""))
        if not is_available():
            raise InputError(f"{place} is {name!r}, which is not installed; run {command}")
    if "trackio" in names and (away := [name for name in AWAY if os.environ.get(name)]):
        raise InputError(
            f"{place} is 'trackio', which keeps a run on this machine, and {away[0]} in the environment would send it "
            "away; unset that variable"
        )
    with judged({"report_to": args.report_to}, places):
        for tracker in get_reporting_integration_callbacks(args.report_to):
            tracker()
    return ", ".join(names or ["none"])


def check_model(
    model_args: ModelConfig,
    config: PreTrainedConfig,
    places: Mapping[str, str],
    adapter: str | None = None,
    *,
    items: int = 0,
) -> str:
    """Make the model without weights, and the adapter around it; how large they are, in words.

    Args:
        adapter: the folder or Hub id of the adapter that training goes on from; None for a fresh one.
        items: whose vectors a fresh adapter learns as well.

    Raises:
        InputError: an attention, a dtype or the adapter's settings that the libraries do not take, an adapter that
            would not be trained, or one that does not fit the model.
    """
    name = model_args.dtype
    with judged({"dtype": name}, places):
        dtype = None if name in ("auto", None) else getattr(torch, name)
        if dtype is not None and not dtype.is_floating_point:
            raise ValueError("weights need a floating-point type: float32, bfloat16 or float16")
    with judged({"attn_implementation": model_args.attn_implementation, "dtype": name}, places), torch.device("meta"):
        model = AutoModelForCausalLM.from_config(
            config, attn_implementation=model_args.attn_implementation, dtype=dtype, trust_remote_code=False
        )
    size = sum(p.numel() for p in model.parameters())
    if adapter:
        return f"{size:,} weights, behind an adapter of {_fitting(model, adapter):,}"
    if not model_args.use_peft:
        if model_args.load_in_4bit or model_args.load_in_8bit:
            raise InputError(
                "use_peft is off, and the weights of a quantised model cannot be trained; set use_peft: true"
            )
        return f"{size:,} weights, all trained"
    keys = ("lora_target_modules", "lora_r", "lora_alpha", "lora_dropout", "lora_modules_to_save", "lora_task_type")
    with judged({key: getattr(model_args, key) for key in keys}, places), torch.device("meta"):
        adapted = get_peft_model(model, get_peft_config(model_args))
    vectors = f" and the vectors of {items:,} items" if items else ""
    return f"{size:,} weights, an adapter of {_trained(adapted, places):,}{vectors}"


def _fitting(model: PreTrainedModel, adapter: str) -> int:
    """How many weights an adapter that was trained before has, if it fits."""
    config = read_adapter_config(adapter)
    config.base_model_name_or_path = None  # which PEFT would warn of where a copy of it is named
    remedy = "it does not fit the base model: name the one that it was trained on"
    with explained(adapter, remedy), torch.device("meta"):
        make_room(model, config)
        adapted = get_peft_model(model, config)
    check_places(adapted, adapter, "default")
    return sum(weight.numel() for weight in get_peft_model_state_dict(adapted, save_embedding_layers=False).values())


def _trained(model: PeftModel, places: Mapping[str, str]) -> int:
    """How many weights an adapter trains."""
    if isinstance(model.get_output_embeddings(), BaseTunerLayer):
        place = places.get("lora_target_modules", "lora_target_modules")
        raise InputError(f"{place} names the output layer, whose adapter the trainer passes by; leave that layer out")
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def check_arguments(args: TrainingArguments, places: Mapping[str, str]) -> None:
    """What a script that trains without a recipe's checks looks at before it costs anything.

    Raises:
        InputError: the output folder cannot be written, or a tracker, the optimizer or the schedule cannot be made.
    """
    refuse_unwritable(Path(args.output_dir) / RUN)
    check_trackers(args, places)
    check_optimizer(args, max(args.max_steps, 1), places)

"""TRL's configurations where a recipe's keys mean a little more: the best model's metric, a step of whole groups."""

from dataclasses import dataclass, field, fields

from transformers import TrainingArguments
from trl import GRPOConfig, SFTConfig

from tastetune.artifacts.run import total_batch_size
from tastetune.errors import InputError
from tastetune.training.data import set_total_batch_size

UNOBEYED = {
    "trust_remote_code": "code that comes with a model is never run here",
    "model_init_kwargs": "write dtype, attn_implementation, load_in_4bit and the like as keys of their own",
    "resume_from_checkpoint": "a run goes on from its last whole checkpoint by itself; --force begins anew",
    "save_only_model": "a run that was interrupted could not go on the same without its optimizer's state",
    "auto_find_batch_size": "a step would see another number of examples; lower per_device_train_batch_size",
    "chat_template_path": "the model is asked by its own chat template; write that into the model's folder",
    "eos_token": "the model is asked with its own tokenizer; change that in the model's folder",
    "pad_token": "the model is asked with its own tokenizer; change that in the model's folder",
    "dataset_kwargs": "rows are always prepared by the trainer",
    "hub_token": "log in with `hf auth login`, so that no token is written into a run's files",
    "hub_revision": "push the folder with scripts/push.py --revision",
    "hub_always_push": "a run is pushed once, at its end",
    "trackio_space_id": "trackio keeps a run on this machine; send it with trackio's own `trackio sync`",
    "trackio_static_space_id": "trackio keeps a run on this machine; send it with trackio's own `trackio sync`",
    "trackio_bucket_id": "trackio keeps a run on this machine; send it with trackio's own `trackio sync`",
}
"""Keys of the libraries that nothing here reads, or that break what the scripts promise, and what to do instead."""


def refuse_unobeyed(args: TrainingArguments) -> None:
    """Refuse keys that would be taken and not obeyed.

    Raises:
        InputError: one of `UNOBEYED` is set.
    """
    for field_ in fields(args):
        value = getattr(args, field_.name)
        if field_.name in UNOBEYED and value != field_.default and value:
            shown = "set" if field_.name.endswith("_token") else repr(value)
            raise InputError(f"{field_.name} is {shown}, which is not obeyed: {UNOBEYED[field_.name]}; leave it out")


@dataclass
class FineTuningConfig(SFTConfig):
    """`SFTConfig` that remembers whether a metric for the best model was named, and counts the tokens that are read.

    Where no metric is named, the library takes the loss; here the task's own is to be taken, which is known once the
    dataset is open, see `tastetune.training.validation`.
    """

    def __post_init__(self):
        if self.include_num_input_tokens_seen in (False, "no"):
            self.include_num_input_tokens_seen = "non_padding"
        self.names_metric = self.metric_for_best_model is not None
        super().__post_init__()


@dataclass
class TotalBatchGRPOConfig(GRPOConfig):
    """`GRPOConfig` whose step sees `total_train_batch_size` answers: whole groups, one a prompt, written anew.

    TRL derives from one process's batch how many answers are written at once, before the batch over all processes and
    accumulated passes is known.
    """

    total_train_batch_size: int | None = field(
        default=None,
        metadata={"help": "Answers a step over all processes; sets gradient_accumulation_steps accordingly."},
    )

    def __post_init__(self):
        group, total = self.num_generations, self.total_train_batch_size
        if group < 2:
            raise InputError(f"num_generations is {group}; an answer is compared with others to its prompt: at least 2")
        for name in ("generation_batch_size", "steps_per_generation"):
            if getattr(self, name) is not None:
                raise InputError(f"{name} follows from total_train_batch_size; leave it out")
        self.steps_per_generation = group  # passes TRL's check whatever the batch, until the batch is known
        super().__post_init__()
        set_total_batch_size(self, total)
        self.steps_per_generation = self.gradient_accumulation_steps
        self.generation_batch_size = total_batch_size(self)
        if self.generation_batch_size % group:
            raise InputError(
                f"{'a step' if total is None else 'total_train_batch_size'} is {self.generation_batch_size} answers, "
                f"and num_generations {group} does not divide it: a step sees whole groups; change either"
            )

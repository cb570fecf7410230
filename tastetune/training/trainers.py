"""TRL's trainers: a loss made bearable on a CPU, adapters kept precise, batches counted as everywhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy
from trl import GRPOConfig, SFTTrainer

from tastetune.artifacts.run import total_batch_size
from tastetune.errors import InputError
from tastetune.training.data import set_total_batch_size


class CompactSFTTrainer(SFTTrainer):
    """`SFTTrainer` that in a single CPU process runs the LM head over labelled positions only.

    TRL does so itself wherever Triton runs, and elsewhere scores every position and masks the result: the same
    loss, but for a prompt of 160 tokens with a one-word answer nearly all of the head's work is thrown away.
    """

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        if return_outputs or self.args.device.type != "cpu" or self.args.world_size > 1:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        causal = self.accelerator.unwrap_model(model)
        causal = causal.get_base_model() if isinstance(causal, PeftModel) else causal
        labels = inputs["labels"][:, 1:]
        with self.accelerator.autocast():
            hidden = causal.base_model(
                input_ids=inputs["input_ids"], attention_mask=inputs.get("attention_mask"), use_cache=False
            ).last_hidden_state[:, :-1]
            labelled = labels != -100
            logits = causal.get_output_embeddings()(hidden[labelled])
        summed = cross_entropy(logits.float(), labels[labelled], reduction="sum")
        count = labelled.sum() if num_items_in_batch is None else num_items_in_batch
        return summed / torch.as_tensor(count).clamp(min=1)


def keep_adapter_in_float32(model: torch.nn.Module) -> None:
    """Undo TRL's cast of a QLoRA adapter to bfloat16; call it before training starts.

    With 8 bits of precision, a step of 5e-5 to a weight of 0.05 rounds to nothing and the adapter's A matrices
    stand still. A checkpoint is resumed in float32 besides, so a run that was interrupted would go on as another.
    """
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


@contextmanager
def adapter_kept(model: torch.nn.Module) -> Iterator[None]:
    """Give a trainable adapter back, in float32, the weights that it came with, once a trainer is made around it.

    TRL casts a QLoRA adapter to bfloat16, so that a model would start beside its reference, the copy made before.
    """
    before = {name: p.detach().float().clone() for name, p in model.named_parameters() if p.requires_grad}
    yield
    for name, weights in before.items():
        model.get_parameter(name).data = weights


@dataclass
class GroupConfig(GRPOConfig):
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

"""TRL's configurations where a recipe's keys mean a little more: the best model's metric, a step of whole groups."""

from dataclasses import dataclass, field

from trl import GRPOConfig, SFTConfig

from tastetune.artifacts.run import total_batch_size
from tastetune.errors import InputError
from tastetune.training.data import set_total_batch_size


@dataclass
class FineTuningConfig(SFTConfig):
    """`SFTConfig` that remembers whether a metric for the best model was named.

    Where none is, the library takes the loss; here the task's own metric is to be taken, which is known once the
    dataset is open, see `tastetune.training.validation`.
    """

    def __post_init__(self):
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

"""Training that fails without an error, made one: numbers that are none, nothing to learn, weights that stand still."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate.utils import gather_object
from datasets import Dataset
from safetensors import SafetensorError
from transformers import Trainer, TrainerCallback

from tastetune.errors import InputError
from tastetune.language_models.made_models import why_not_written
from tastetune.training.rewards import GoldShare

LOGGED = ("loss", "eval_loss")

SAME_LOSSES = 3
"""From so many logged losses on, all of them alike to the last digit, a loss does not move."""


class FailureWatch(TrainerCallback):
    """Stops a run at the first gradient or loss that is no finite number, and a finished one that learnt nothing.

    An error leaves no adapter behind: the scripts save one when training has ended. In float16 gradients overflow by
    design, and the trainer passes such a step over.

    Args:
        must_move: whether weights and loss that stand still are an error; a run of rewards may earn none.
    """

    def __init__(self, *, must_move: bool = True):
        self.must_move = must_move

    def on_train_begin(self, args, state, control, *, model, **kwargs):
        args.logging_nan_inf_filter = False  # which writes the mean of former losses in place of one that is none
        self.before = _sums(model)

    def on_pre_optimizer_step(self, args, state, control, *, model, **kwargs):
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        if not args.fp16 and gradients and not bool(torch.stack([g.isfinite().all() for g in gradients]).all()):
            raise _not_finite("the gradient", state.global_step + 1, args)

    def on_log(self, args, state, control, logs=None, **kwargs):
        for name in LOGGED:
            if not math.isfinite((logs or {}).get(name, 0.0)):
                raise _not_finite(name, state.global_step, args)

    def on_train_end(self, args, state, control, *, model, **kwargs):
        after = _sums(model)
        if not all(map(math.isfinite, after)):
            raise _not_finite("a weight", state.global_step, args)
        if self.must_move:
            self._refuse_still(args, state, after)

    def _refuse_still(self, args, state, after: list[float]) -> None:
        if after and after == self.before:  # under ZeRO-3 weights lie elsewhere between the steps
            raise InputError(
                f"no weight has changed in {state.global_step} steps; raise learning_rate ({args.learning_rate}), "
                "lower warmup_steps, or load the model in a finer dtype"
            )
        losses = [line["loss"] for line in state.log_history if "loss" in line]
        if len(losses) >= SAME_LOSSES and len(set(losses)) == 1:
            raise InputError(
                f"the loss is {losses[0]} in all {len(losses)} lines of the log, so nothing was learnt; raise "
                "learning_rate, and look at what the rows ask"
            )


def _sums(model: torch.nn.Module) -> list[float]:
    """The sum of each tensor that is trained."""
    return [p.detach().double().sum().item() for p in model.parameters() if p.requires_grad and p.numel()]


def _not_finite(what: str, step: int, args) -> InputError:
    return InputError(
        f"{what} is no finite number at step {step}: training has diverged, and no adapter is written; lower "
        f"learning_rate ({args.learning_rate}), set max_grad_norm to 1 ({args.max_grad_norm} now) or compute in a "
        "wider dtype, and start anew with --force"
    )


def refuse_unlabelled(trainer: Trainer, rows: Dataset) -> None:
    """Refuse rows of which nothing is left to learn once the trainer has tokenised them.

    Raises:
        InputError: the trainer dropped rows, or there is one without a token that counts in the loss.
    """
    tokenised = trainer.train_dataset
    empty = sum(not any(label != -100 for label in row) for batch in tokenised.iter(1000) for row in batch["labels"])
    if not trainer.args.packing:
        empty += len(rows) - len(tokenised)
    if empty:
        raise InputError(
            f"{empty} of {len(rows)} rows have no token left that counts in the loss, so they would teach nothing; "
            "raise max_length, leave completion_only_loss and assistant_only_loss out, and look at the chat template"
        )


def warn_if_unrewarded(reward: GoldShare, trainer: Trainer) -> None:
    """Say so if no list that was written in training, on any process or before a resumption, earned anything."""
    logged = any(line.get("reward", 0) > 0 for line in trainer.state.log_history)
    if not any(gather_object([reward.earned > 0])) and not logged:
        trainer.accelerator.print(
            f"warning: none of the lists written in {trainer.state.global_step} steps earned anything, so nothing was "
            "learnt and the adapter is the one it started from; fine-tune longer first, or raise num_generations and "
            "temperature"
        )


@contextmanager
def explained_disk_errors(folder: str) -> Iterator[None]:
    """Turn what the libraries raise when they cannot write weights into one sentence.

    Raises:
        InputError: the disk is full or refuses; checkpoints that were written before are whole.
    """
    try:
        yield
    except (SafetensorError, RuntimeError, OSError) as error:
        if (reason := why_not_written(error)) is None:
            raise
        raise InputError(
            f"{folder}: the weights could not be written ({reason}); make room or name another --output_dir, and "
            "start again: the run goes on from its last whole checkpoint"
        ) from error

"""TRL's trainers: a loss made bearable on a CPU, answers scored while training, adapters kept precise."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy
from transformers.trainer_utils import EvalLoopOutput
from trl import SFTTrainer

from tastetune.artifacts.run import total_batch_size
from tastetune.config.recipe import parse_recipe
from tastetune.language_models.heads import has_plain_head
from tastetune.language_models.item_tokens.tokens import set_item_rate
from tastetune.training.costs import CostRecorder
from tastetune.training.data import count_examples
from tastetune.training.failures import FailureWatch, refuse_unlabelled
from tastetune.training.preparation import FineTuning
from tastetune.training.preparation.dropout import drop_while_trained
from tastetune.training.validation import Validation, early_stopping

PLAIN_INPUTS = {"input_ids", "attention_mask", "labels"}


class CompactSFTTrainer(SFTTrainer):
    """`SFTTrainer` that in a single CPU process runs the LM head over labelled positions only.

    TRL does so itself wherever Triton runs, and elsewhere scores every position and masks the result: the same
    loss, but for a prompt of 160 tokens with a one-word answer nearly all of the head's work is thrown away. Where a
    key or the model makes another loss of it, TRL's own is taken.

    Attributes:
        is_compact: whether the keys and the model allow it.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        keep_four_bit_layout(self.model)
        self.is_compact = self._keys_are_plain() and has_plain_head(self.model)

    def _keys_are_plain(self) -> bool:
        args = self.args
        if args.device.type != "cpu" or args.world_size > 1 or args.torch_compile or args.use_liger_kernel:
            return False
        if self.aux_loss_enabled or self.compute_loss_func is not None or self.padding_free:
            return False
        return args.loss_type == "nll" and not args.label_smoothing_factor

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        if return_outputs or not self.is_compact or not inputs.keys() <= PLAIN_INPUTS:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        causal = self.accelerator.unwrap_model(model)
        causal = causal.get_base_model() if isinstance(causal, PeftModel) else causal
        labels, mask = inputs["labels"][:, 1:], inputs.get("attention_mask")
        if mask is not None and not (mask.diff(dim=1) > 0).any():
            mask = None  # what is filled up behind its end needs none, for no token looks ahead
        with self.accelerator.autocast():
            hidden = causal.base_model(
                input_ids=inputs["input_ids"], attention_mask=mask, use_cache=False
            ).last_hidden_state[:, :-1]
            labelled = labels != -100
            logits = causal.get_output_embeddings()(hidden[labelled])
        summed = cross_entropy(logits.float(), labels[labelled], reduction="sum")
        count = labelled.sum() if num_items_in_batch is None else num_items_in_batch
        return summed / torch.as_tensor(count).clamp(min=1)


class ValidatedSFTTrainer(CompactSFTTrainer):
    """`CompactSFTTrainer` whose evaluations also score the model's answers to the validation rows.

    So `eval_roc_auc` stands in the log beside `eval_loss`, and chooses the best checkpoint and the moment to stop.
    """

    def __init__(
        self, *args: Any, validation: Validation | None, item_learning_rate: float | None = None, **kwargs: Any
    ):
        super().__init__(*args, eval_dataset=validation.rows if validation else None, **kwargs)
        self.validation = validation
        self.item_learning_rate = item_learning_rate

    def create_optimizer(self, *args: Any, **kwargs: Any) -> torch.optim.Optimizer:
        is_new = self.optimizer is None
        optimizer = super().create_optimizer(*args, **kwargs)
        if is_new and self.item_learning_rate is not None:
            set_item_rate(optimizer, self.model, self.item_learning_rate)
        return optimizer

    def evaluation_loop(self, *args: Any, metric_key_prefix: str = "eval", **kwargs: Any) -> EvalLoopOutput:
        output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **kwargs)
        at_once = self.args.per_device_eval_batch_size * (self.args.max_length or 1024)
        metrics = self.validation.metrics(self.model.eval(), self.processing_class, at_once)
        output.metrics.update({f"{metric_key_prefix}_{name}": value for name, value in metrics.items()})
        return output


def fine_tuning_trainer(
    run: FineTuning, validation: Validation | None, checkpoint: str | None = None
) -> ValidatedSFTTrainer:
    """The trainer of a run of scripts/sft.py: the base model behind a fresh adapter.

    Args:
        validation: what it answers while it is trained, None for nothing.
        checkpoint: what it will go on from.

    Raises:
        InputError: see `FineTuning.fresh_model`, `drop_while_trained` and `refuse_unlabelled`.
    """
    trainer = ValidatedSFTTrainer(
        model=run.fresh_model(),
        args=run.training,
        train_dataset=run.rows,
        validation=validation,
        item_learning_rate=run.data.item_learning_rate,
        processing_class=run.tokenizer,
        peft_config=run.fresh_adapter(),
        callbacks=[CostRecorder(checkpoint, count_examples(run.rows)), FailureWatch(), *early_stopping(run.watch)],
    )
    keep_adapter_in_float32(trainer.model)
    drop_while_trained(trainer.model, run.data)
    refuse_unlabelled(trainer, run.rows)
    return trainer


def short_run(kind: type[SFTTrainer], recipe: str, keys: Mapping[str, object]) -> tuple[SFTTrainer, float]:
    """A trainer of a recipe with some keys changed, and how many answers it learns when it trains.

    Args:
        keys: `max_steps` among them.
    """
    flags = [f"--{key}={value}" for key, value in keys.items()]
    prepared = FineTuning(*parse_recipe(recipe, FineTuning.arguments, [recipe, *flags], output=FineTuning.output), {})
    prepared.set_batch()
    trainer = kind(
        model=prepared.fresh_model(),
        args=prepared.training,
        train_dataset=prepared.rows,
        processing_class=prepared.tokenizer,
        peft_config=prepared.fresh_adapter(),
    )
    keep_adapter_in_float32(trainer.model)
    answers = count_examples(prepared.rows) / len(prepared.rows)
    return trainer, prepared.steps * total_batch_size(prepared.training) * answers


def keep_four_bit_layout(model: torch.nn.Module) -> None:
    """Stop bitsandbytes from repacking 4-bit weights when a model answers on a CPU; call it where training goes on.

    On a CPU that computes in bfloat16 the first answer puts the weights into a layout without a backward pass, and
    training after that would learn nothing of what lies below.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


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

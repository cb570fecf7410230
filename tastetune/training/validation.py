"""How a model in training is watched: it answers rows of the validation split, scored by the task's own metric."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from datasets import Dataset
from transformers import EarlyStoppingCallback, PreTrainedModel, PreTrainedTokenizerBase

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Meta, Predictions
from tastetune.config.arguments import DataArguments
from tastetune.config.validation import ValidationArguments
from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError
from tastetune.language_models.answerer import Asking, SpellsRows
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.language_model import LanguageModel
from tastetune.tasks import Rows, task_of
from tastetune.training.configs import FineTuningConfig
from tastetune.training.data import in_template

SPLIT = "validation"

LOSS = "loss"

IN_SLICES = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED")
"""What `accelerate launch` sets where each process holds a slice of the model."""


@dataclass(frozen=True)
class Validation:
    """Rows of the validation split that a model in training answers.

    Attributes:
        rows: `prompt` and `completion`, or tokens, for the loss.
        questions: the same rows as the task asks them; None where the loss alone is told, for answers that must be
            written out token by token cost too much.
        settings: what decided on evaluations, for the run's record.
        windows: how much of a user's stream is read together, where rows are asked in one.
    """

    rows: Dataset
    questions: Rows | None
    settings: dict[str, Any]
    windows: WindowLimits = field(default_factory=WindowLimits)

    def metrics(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, max_batch_tokens: int
    ) -> dict[str, float]:
        """The task's first metric of the model's answers, the same on every process; none where there are none."""
        if self.questions is None:
            return {}
        rows, answerer = self.questions, ANSWERERS[self.questions.task.config]
        asking = Asking(str(answerer.in_training), max_batch_tokens=max_batch_tokens, windows=self.windows)
        answered = answerer.answer(LanguageModel(model, tokenizer), rows, asking)
        origin = {"dataset": rows.dataset.name, "fingerprint": rows.dataset.fingerprint, "split": rows.split}
        about: dict[str, Any] = answerer.origin(rows, asking) | origin | {"config": rows.task.rows_config}
        answers = rows.task.answers(rows, Predictions(Meta("in training", "adapter", **about), answered.table))
        metric = rows.task.headline[0]
        measured = rows.task.measure(answers, np.ones((1, rows.n_users)), names=[metric])
        return {metric: float(measured.replicates[metric][0])}


def read_validation(
    dataset: BuiltDataset,
    data_args: DataArguments,
    args: FineTuningConfig,
    validation_args: ValidationArguments,
    spelt: Callable[[Rows], Dataset] | None = None,
) -> Validation | None:
    """What the model is asked at each evaluation, see `draw_validation`; None if the recipe asks for no evaluation.

    Raises:
        InputError: as `draw_validation`, or the recipe's keys contradict each other.
    """
    if args.eval_strategy == "no":
        _refuse_choice_without_evaluation(args, validation_args)
        return None
    return draw_validation(dataset, data_args, args, validation_args, spelt)


def draw_validation(
    dataset: BuiltDataset,
    data_args: DataArguments,
    args: FineTuningConfig,
    validation_args: ValidationArguments,
    spelt: Callable[[Rows], Dataset] | None = None,
) -> Validation:
    """Rows of the validation split, drawn by seed, that a model in training is asked.

    Sets the metric that chooses the best model, where the recipe names none: ROC-AUC, or the loss of a task whose
    answers are not scored while training.

    Args:
        spelt: makes rows tokens, for a task that is not trained on prompts and completions.

    Raises:
        InputError: the recipe also trains on the validation split, it is not there or empty, or the rows drawn hold
            likes alone or dislikes alone.
    """
    trained_on, task = data_args.dataset_train_split, task_of(dataset, data_args.dataset_config)
    if SPLIT in trained_on.split("+"):
        raise InputError(
            f"eval_strategy is {args.eval_strategy.value!r} and dataset_train_split {trained_on!r}: rows that the "
            'model is trained on cannot choose it; set dataset_train_split: train, or eval_strategy: "no"'
        )
    if args.fsdp or args.deepspeed or any(os.environ.get(name, "").lower() == "true" for name in IN_SLICES):
        raise InputError(
            "a model cut into slices (FSDP, DeepSpeed) does not answer while it is trained, as eval_strategy and tune "
            'ask; launch with recipes/accelerate/ddp.yaml, or set eval_strategy: "no" and leave tune out'
        )
    whole = task.rows(dataset, SPLIT)
    places = np.random.default_rng(args.seed).permutation(len(whole.table))[: validation_args.eval_rows]
    questions = whole.at(np.sort(places)) if ANSWERERS[task.config].in_training else None
    if questions:
        _refuse_one_label(questions)
    if spelt and questions and isinstance(ANSWERERS[task.config], SpellsRows):
        rows = spelt(questions)
    else:
        rows = in_template(Dataset(task.training_table(dataset, SPLIT).take(np.sort(places))))
    _set_metric(args, [task.headline[0], LOSS] if questions else [LOSS])
    settings = {key: getattr(args, key) for key in ("eval_strategy", "eval_steps", "metric_for_best_model")}
    settings |= {key: getattr(args, key) for key in ("greater_is_better", "load_best_model_at_end")}
    settings |= {"eval_rows": len(places), "early_stopping_patience": validation_args.early_stopping_patience}
    return Validation(rows, questions, settings, data_args.window_limits(args.max_length))


def early_stopping(validation_args: ValidationArguments) -> list[EarlyStoppingCallback]:
    """The callback that stops training early, if the recipe asks for it."""
    patience = validation_args.early_stopping_patience
    return [] if patience is None else [EarlyStoppingCallback(patience)]


def _refuse_choice_without_evaluation(args: FineTuningConfig, validation_args: ValidationArguments) -> None:
    chooses = {
        "early_stopping_patience": validation_args.early_stopping_patience is not None,
        "load_best_model_at_end": args.load_best_model_at_end,
        "save_strategy: best": args.save_strategy == "best",
    }
    for key, is_set in chooses.items():
        if is_set:
            raise InputError(f'{key} chooses by evaluations, and eval_strategy is "no"; set eval_strategy: steps')


def _refuse_one_label(rows: Rows) -> None:
    labels = set(rows.table["label"].to_pylist())
    if len(labels) == 1:
        raise InputError(
            f"{rows.dataset.source}: the {len(rows.table)} rows drawn of {SPLIT!r} hold "
            f"{'likes' if labels == {1} else 'dislikes'} alone, so there is no ROC-AUC; raise eval_rows"
        )


def _set_metric(args: FineTuningConfig, metrics: list[str]) -> None:
    """The metric that chooses, of the `metrics` that evaluations report; the first if the recipe names none."""
    if not args.names_metric:
        args.metric_for_best_model = metrics[0]
        args.greater_is_better = metrics[0] != LOSS
    if args.metric_for_best_model.removeprefix("eval_") not in metrics:
        raise InputError(
            f"metric_for_best_model is {args.metric_for_best_model!r}; evaluations report {' and '.join(metrics)}"
        )

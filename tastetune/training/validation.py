"""How a model in training is watched: it answers rows of the validation split, scored by the task's own metric."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasets import Dataset
from transformers import EarlyStoppingCallback, PreTrainedModel, PreTrainedTokenizerBase

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.config.arguments import DataArguments, ValidationArguments
from tastetune.errors import InputError
from tastetune.language_models.probabilities import yes_probabilities
from tastetune.language_models.rating import expected_ratings
from tastetune.metrics.roc_auc import roc_auc
from tastetune.tasks.rating import CONFIG as RATING
from tastetune.training.configs import FineTuningConfig
from tastetune.training.data import in_template, read_rows

SPLIT = "validation"

LIKED = {"like_dislike": "label", RATING: "rating"}
"""Configs whose answers are scored while training, and the column that says what was liked. Of the others, whose
answers must be written out token by token, the loss alone is told."""

ROC_AUC, LOSS = "roc_auc", "loss"


@dataclass(frozen=True)
class Validation:
    """Rows of the validation split that a model in training answers.

    Attributes:
        rows: `prompt` and `completion`.
        config: the dataset's config.
        labels: of each row whether it is a like, 0/1; None where the loss alone is told.
        settings: what decided on evaluations, for the run's record.
    """

    rows: Dataset
    config: str
    labels: np.ndarray | None
    settings: dict[str, Any]

    def metrics(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, max_batch_tokens: int
    ) -> dict[str, float]:
        """Metrics of the model's answers, the same on every process; none where the loss alone is told."""
        if self.labels is None:
            return {}
        scores = answer_scores(model, tokenizer, self.rows["prompt"][:], self.config, max_batch_tokens)
        return {ROC_AUC: float(roc_auc(self.labels, scores))}


def answer_scores(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], config: str, batch_tokens: int
) -> np.ndarray:
    """How much the model thinks each target is liked: P(Yes), or the expected stars; float64 of shape (prompts,)."""
    answer = expected_ratings if config == RATING else yes_probabilities
    return answer(model, tokenizer, prompts, batch_tokens)


def read_validation(
    dataset: BuiltDataset, data_args: DataArguments, args: FineTuningConfig, validation_args: ValidationArguments
) -> Validation | None:
    """What the model is asked at each evaluation; None if the recipe asks for no evaluation.

    Sets the metric that chooses the best model, where the recipe names none: ROC-AUC, or the loss of a task whose
    answers are not scored while training.

    Raises:
        InputError: the recipe also trains on the validation split, its keys contradict each other, or the rows drawn
            hold likes alone or dislikes alone.
    """
    if args.eval_strategy == "no":
        _refuse_choice_without_evaluation(args, validation_args)
        return None
    trained_on, config = data_args.dataset_train_split, data_args.dataset_config
    if SPLIT in trained_on.split("+"):
        raise InputError(
            f"eval_strategy is {args.eval_strategy.value!r} and dataset_train_split {trained_on!r}: rows that the "
            'model is trained on cannot choose it; set dataset_train_split: train, or eval_strategy: "no"'
        )
    if args.fsdp or os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true":
        raise InputError(
            f"eval_strategy is {args.eval_strategy.value!r}, and a model cut into slices (FSDP) does not answer while "
            'it is trained; launch with recipes/accelerate/ddp.yaml, or set eval_strategy: "no"'
        )
    rows = read_rows(dataset, config, SPLIT, ["prompt", "completion", *filter(None, [LIKED.get(config)])])
    places = np.random.default_rng(args.seed).permutation(len(rows))[: validation_args.eval_rows]
    rows = rows.select(np.sort(places))
    labels = _labels(dataset, rows, config)
    _set_metric(args, [LOSS] if labels is None else [ROC_AUC, LOSS])
    settings = {key: getattr(args, key) for key in ("eval_strategy", "eval_steps", "metric_for_best_model")}
    settings |= {key: getattr(args, key) for key in ("greater_is_better", "load_best_model_at_end")}
    settings |= {"eval_rows": len(rows), "early_stopping_patience": validation_args.early_stopping_patience}
    return Validation(in_template(rows.select_columns(["prompt", "completion"])), config, labels, settings)


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


def _labels(dataset: BuiltDataset, rows: Dataset, config: str) -> np.ndarray | None:
    if config not in LIKED:
        return None
    liked = np.array(rows[LIKED[config]][:], np.float64)
    labels = (liked >= (dataset.like_from if config == RATING else 1)).astype(int)
    if math.isnan(roc_auc(labels, labels)):
        raise InputError(
            f"{dataset.source}: the {len(rows)} rows drawn of {SPLIT!r} hold "
            f"{'likes' if labels.any() else 'dislikes'} alone, so there is no ROC-AUC; raise eval_rows"
        )
    return labels


def _set_metric(args: FineTuningConfig, metrics: list[str]) -> None:
    """The metric that chooses, of the `metrics` that evaluations report; the first if the recipe names none."""
    if not args.names_metric:
        args.metric_for_best_model = metrics[0]
        args.greater_is_better = metrics[0] != LOSS
    if args.metric_for_best_model.removeprefix("eval_") not in metrics:
        raise InputError(
            f"metric_for_best_model is {args.metric_for_best_model!r}; evaluations report {' and '.join(metrics)}"
        )

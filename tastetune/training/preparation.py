"""All that a run of scripts/sft.py, dpo.py or grpo.py needs before its model is loaded; each part is made once."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from datasets import Dataset
from transformers import PreTrainedConfig, PreTrainedTokenizerBase, TrainingArguments
from trl import DPOConfig, ModelConfig

from tastetune.artifacts.dataset import BuiltDataset, open_titled
from tastetune.artifacts.run import total_batch_size
from tastetune.config.arguments import AdapterArguments, DataArguments, SftArguments, ValidationArguments
from tastetune.config.recipe import parse_recipe
from tastetune.language_models.answerer import SpellsRows
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.batching import context_length, refuse_beyond_context
from tastetune.language_models.chat import prompt_ids
from tastetune.language_models.loading import load_config, load_tokenizer
from tastetune.tasks import Rows, Task, task_of
from tastetune.training.configs import FineTuningConfig, TotalBatchGRPOConfig
from tastetune.training.data import check_lengths, rows_for_steps, set_total_batch_size, training_rows
from tastetune.training.preferences import read_pairs
from tastetune.training.rewards import GoldShare, read_rewarded_rows
from tastetune.training.runs import adapter_settings, check_push, refuse_push_and_evaluation
from tastetune.training.validation import Validation, read_validation


class Preparation(ABC):
    """What runs of every kind have.

    Attributes:
        data: the recipe's `DataArguments`, of some scripts `SftArguments`.
        places: where the recipe's keys stand, see `tastetune.config.recipe.key_places`.
        arguments, output: what `tastetune.config.recipe.parse_recipe` is given for its recipe.
    """

    data: Any
    training: TrainingArguments
    model: ModelConfig
    places: Mapping[str, str]
    arguments: ClassVar[tuple[type[Any], ...]]
    output: ClassVar[str]

    @cached_property
    def dataset(self) -> BuiltDataset:
        return open_titled(self.data.dataset, self.data.dataset_revision)

    @property
    @abstractmethod
    def rows(self) -> Dataset:
        """What the trainer is given."""

    @cached_property
    def config(self) -> PreTrainedConfig:
        return load_config(self.model)

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        return load_tokenizer(self.model)

    @property
    def steps(self) -> int:
        """How many steps the run will take."""
        if self.training.max_steps > 0:
            return self.training.max_steps
        return max(1, round(self.training.num_train_epochs * len(self.rows) / total_batch_size(self.training)))

    def set_batch(self) -> None:
        """Have a step see `total_train_batch_size` examples; raises as `set_total_batch_size`."""
        set_total_batch_size(self.training, getattr(self.data, "total_train_batch_size", None))

    @abstractmethod
    def check_lengths(self) -> None:
        """Raise InputError if a row is longer than the trainer or the model takes."""

    @abstractmethod
    def check_push(self) -> None:
        """Raise InputError if the run could not be pushed as the recipe says."""


@dataclass
class FineTuning(Preparation):
    """A run of scripts/sft.py."""

    data: SftArguments
    watch: ValidationArguments
    training: FineTuningConfig
    model: ModelConfig
    places: Mapping[str, str]
    arguments = (SftArguments, ValidationArguments, FineTuningConfig, ModelConfig)
    output = "adapter"

    @property
    def task(self) -> Task:
        return task_of(self.dataset, self.data.dataset_config)

    @cached_property
    def rows(self) -> Dataset:
        split = self.data.dataset_train_split
        if isinstance(ANSWERERS[self.task.config], SpellsRows):
            seed = self.training.seed if self.training.data_seed is None else self.training.data_seed
            return rows_for_steps(self.spelt(self.task.rows(self.dataset, split), seed), self.training)
        return training_rows(self.dataset, self.data.dataset_config, split, self.training)

    @cached_property
    def validation(self) -> Validation | None:
        return read_validation(self.dataset, self.data, self.training, self.watch, self.spelt)

    def spelt(self, rows: Rows, seed: int | None = None) -> Dataset:
        """`rows` as tokens to train on, with the loss on their answers; see `SpellsRows`."""
        windows = self.data.window_limits(self.training.max_length)
        answerer = ANSWERERS[rows.task.config]
        assert isinstance(answerer, SpellsRows)
        return answerer.training_rows(self.tokenizer, rows, windows, context=context_length(self.config), seed=seed)

    def check_lengths(self) -> None:
        context = context_length(self.config)
        for part in (self.rows, self.validation.rows) if self.validation else (self.rows,):
            check_lengths(part, self.tokenizer, self.training.max_length, context=context)

    def check_push(self) -> None:
        if self.training.push_to_hub:
            check_push(self.training, self.model.model_name_or_path)


class FurtherTraining(Preparation):
    """A run that goes on from an adapter."""

    adapter: AdapterArguments

    @cached_property
    def origin(self) -> dict[str, Any]:
        """What the run records of the adapter; raises as `adapter_settings`."""
        return adapter_settings(self.adapter.sft_adapter, self.model)

    def check_push(self) -> None:
        refuse_push_and_evaluation(self.training)


@dataclass
class Preferences(FurtherTraining):
    """A run of scripts/dpo.py."""

    data: SftArguments
    adapter: AdapterArguments
    training: DPOConfig
    model: ModelConfig
    places: Mapping[str, str]
    arguments = (SftArguments, AdapterArguments, DPOConfig, ModelConfig)
    output = "dpo"

    @cached_property
    def pairs(self) -> tuple[Dataset, dict[str, int]]:
        """All pairs, and how many rows are in one and in none."""
        return read_pairs(self.dataset, self.data.dataset_config, self.data.dataset_train_split)

    @cached_property
    def rows(self) -> Dataset:
        return rows_for_steps(self.pairs[0], self.training)

    def check_lengths(self) -> None:
        for answer in ("chosen", "rejected"):
            context = context_length(self.config)
            check_lengths(self.rows, self.tokenizer, self.training.max_length, answer, context=context)


@dataclass
class Rewards(FurtherTraining):
    """A run of scripts/grpo.py."""

    data: DataArguments
    adapter: AdapterArguments
    training: TotalBatchGRPOConfig
    model: ModelConfig
    places: Mapping[str, str]
    arguments = (DataArguments, AdapterArguments, TotalBatchGRPOConfig, ModelConfig)
    output = "grpo"

    @property
    def at_once(self) -> int:
        """For how many users a step writes lists."""
        return self.training.generation_batch_size // self.training.num_generations

    @cached_property
    def rewarded(self) -> tuple[Dataset, GoldShare]:
        """Whom to write for, and what a list earns."""
        return read_rewarded_rows(self.dataset, self.data.dataset_config, self.data.dataset_train_split, self.at_once)

    @cached_property
    def rows(self) -> Dataset:
        return self.rewarded[0]

    def set_batch(self) -> None:
        """The configuration has seen to it."""

    def check_lengths(self) -> None:
        prompts = prompt_ids(self.tokenizer, self.rows["prompt"][:])
        refuse_beyond_context(self.config, prompts, self.training.max_completion_length)


def prepared(usage: str, places: Mapping[str, str]) -> Preparation:
    """The preparation of the recipe that the command line names; raises as `parse_recipe`.

    For which script a recipe is, its keys say: `num_generations` is one of GRPO's alone, `beta` of DPO's too.
    """
    kind = Rewards if "num_generations" in places else Preferences if "beta" in places else FineTuning
    return kind(*parse_recipe(usage, kind.arguments, output=kind.output), places)

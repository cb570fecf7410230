"""All that a run of scripts/dpo.py or grpo.py, which go on from an adapter, needs before its model is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from datasets import Dataset
from trl import DPOConfig, ModelConfig

from tastetune.config.arguments import AdapterArguments, BatchArguments, DataArguments
from tastetune.language_models.batching import context_length, refuse_beyond_context
from tastetune.language_models.chat import prompt_ids
from tastetune.training.configs import TotalBatchGRPOConfig
from tastetune.training.data import check_lengths, rows_for_steps
from tastetune.training.preferences import read_pairs
from tastetune.training.preparation.base import Preparation
from tastetune.training.rewards import GoldShare, read_rewarded_rows
from tastetune.training.runs import adapter_settings, refuse_push_and_evaluation


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

    data: BatchArguments
    adapter: AdapterArguments
    training: DPOConfig
    model: ModelConfig
    places: Mapping[str, str]
    arguments = (BatchArguments, AdapterArguments, DPOConfig, ModelConfig)
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

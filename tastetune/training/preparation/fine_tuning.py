"""All that a run of scripts/sft.py needs before its model is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa
from datasets import Dataset
from peft import PeftConfig
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import ModelConfig, get_peft_config

from tastetune.config.arguments import SftArguments
from tastetune.config.validation import ValidationArguments
from tastetune.errors import InputError
from tastetune.language_models.answerer import SpellsRows
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.batching import context_length
from tastetune.language_models.item_tokens.estimates import LEVELS
from tastetune.language_models.item_tokens.starting import start_item_tokens
from tastetune.language_models.item_tokens.tokens import train_item_tokens, with_item_tokens
from tastetune.language_models.item_tokens.vectors import rated_items
from tastetune.language_models.loading import load_model, load_tokenizer
from tastetune.tasks import Rows, Task, task_of
from tastetune.tasks.stream import StreamTask
from tastetune.tasks.streams.lists import StreamListTask
from tastetune.training.configs import FineTuningConfig
from tastetune.training.data import check_lengths, rows_for_steps, training_rows, without_eos
from tastetune.training.preparation.base import Preparation
from tastetune.training.runs import check_push
from tastetune.training.validation import Validation, read_validation


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

    @property
    def has_item_tokens(self) -> bool:
        return self.data.stream_item_tokens != "none"

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's, with a token for each item that has a training rating where the recipe asks for them."""
        tokenizer = load_tokenizer(self.model)
        if not self.has_item_tokens:
            if self.data.item_learning_rate is not None:
                raise InputError("item_learning_rate: there are no item tokens to learn; set stream_item_tokens too")
            if self.data.stream_told_tokens:
                raise InputError("stream_told_tokens: there are no item tokens beside them; set stream_item_tokens too")
            if not self.data.stream_item_text:
                raise InputError(
                    "stream_item_text: no item has a token in place of its text; set stream_item_tokens too"
                )
            if self.data.stream_estimates:
                raise InputError("stream_estimates: there are no item tokens beside them; set stream_item_tokens too")
            return tokenizer
        if not isinstance(ANSWERERS[self.task.config], SpellsRows):
            raise InputError(f"stream_item_tokens: {self.task.config} is no stream; set dataset_config: stream")
        if not self.model.use_peft:
            raise InputError("stream_item_tokens: their vectors are kept in an adapter; set use_peft: true")
        task = self.task
        assert isinstance(task, StreamTask | StreamListTask)
        if self.data.stream_estimates and not isinstance(task, StreamTask):
            raise InputError(f"stream_estimates: {task.config} asks for every item, without any; leave the key out")
        told = task.writer(self.dataset).answers if self.data.stream_told_tokens else ()
        levels = range(-LEVELS, LEVELS + 1) if self.data.stream_estimates else ()
        alone = not self.data.stream_item_text
        return with_item_tokens(tokenizer, rated_items(self._ratings), told, alone=alone, levels=levels)

    def fresh_model(self) -> PreTrainedModel:
        """The base model; raises as `tastetune.language_models.loading.load_model`."""
        model = load_model(self.model)
        if self.has_item_tokens:
            start = self.data.stream_item_tokens
            start_item_tokens(model, self.tokenizer, self._ratings, start, self.training.seed)
        return model

    def fresh_adapter(self) -> PeftConfig | None:
        """What the adapter is to be; None where the whole model is trained."""
        config = get_peft_config(self.model)
        return train_item_tokens(config, self.tokenizer) if self.has_item_tokens else config

    @property
    def _ratings(self) -> pa.Table:
        return self.dataset.read("interactions", self.data.dataset_train_split)

    @cached_property
    def written(self) -> Dataset:
        """The rows as they are written: prompts and completions, or tokens where the task spells its own."""
        split = self.data.dataset_train_split
        if isinstance(ANSWERERS[self.task.config], SpellsRows):
            seed = self.training.seed if self.training.data_seed is None else self.training.data_seed
            return rows_for_steps(self.spelt(self.task.rows(self.dataset, split), seed), self.training)
        return training_rows(self.dataset, self.data.dataset_config, split, self.training)

    @cached_property
    def rows(self) -> Dataset:
        return self.ended(self.written)

    @cached_property
    def validation(self) -> Validation | None:
        watched = read_validation(self.dataset, self.data, self.training, self.watch, self.spelt)
        return watched and replace(watched, rows=self.ended(watched.rows))

    def ended(self, rows: Dataset) -> Dataset:
        """Prompts and answers as tokens that end with the answer, unless the recipe asks for a text's end as well.

        Chats, which end as their template says, and what is tokens already are left as they are.
        """
        if self.data.append_eos or not isinstance(rows[0].get("prompt"), str):
            return rows
        whole_text = self.training.completion_only_loss is False
        return without_eos(rows, self.tokenizer, whole_text=whole_text)

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

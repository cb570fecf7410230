"""All that a run of scripts/sft.py needs before its model is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from datasets import Dataset
from transformers import PreTrainedConfig, PreTrainedTokenizerBase
from trl import ModelConfig

from tastetune.artifacts.dataset import BuiltDataset, open_dataset
from tastetune.artifacts.run import total_batch_size
from tastetune.config.arguments import SftArguments, ValidationArguments
from tastetune.language_models.answerer import SpellsRows
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.batching import context_length
from tastetune.language_models.loading import load_config, load_tokenizer
from tastetune.tasks import Rows, Task, task_of
from tastetune.training.configs import FineTuningConfig
from tastetune.training.data import rows_for_steps, training_rows
from tastetune.training.validation import Validation, read_validation


@dataclass
class Preparation:
    """Each part is made once, when it is first used.

    Attributes:
        places: where the recipe's keys stand, see `tastetune.config.recipe.key_places`.
    """

    data: SftArguments
    watch: ValidationArguments
    training: FineTuningConfig
    model: ModelConfig
    places: Mapping[str, str]

    @cached_property
    def dataset(self) -> BuiltDataset:
        return open_dataset(self.data.dataset, self.data.dataset_revision)

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

"""All that a run needs before its model is loaded, each part made once, when it is first used."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from datasets import Dataset
from transformers import PreTrainedConfig, PreTrainedTokenizerBase
from trl import ModelConfig

from tastetune.artifacts.dataset import BuiltDataset, open_dataset
from tastetune.artifacts.run import total_batch_size
from tastetune.config.arguments import SftArguments, ValidationArguments
from tastetune.language_models.loading import load_config, load_tokenizer
from tastetune.training.configs import FineTuningConfig
from tastetune.training.data import training_rows
from tastetune.training.validation import Validation, read_validation


@dataclass
class Preparation:
    """A recipe for scripts/sft.py, and what it names.

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

    @cached_property
    def rows(self) -> Dataset:
        return training_rows(self.dataset, self.data.dataset_config, self.data.dataset_train_split, self.training)

    @cached_property
    def validation(self) -> Validation | None:
        return read_validation(self.dataset, self.data, self.training, self.watch)

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

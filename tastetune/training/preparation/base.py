"""What runs of every kind need before their model is loaded; each part is made once."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from datasets import Dataset
from transformers import PreTrainedConfig, PreTrainedTokenizerBase, TrainingArguments
from trl import ModelConfig

from tastetune.artifacts.dataset import BuiltDataset, open_titled
from tastetune.artifacts.run import total_batch_size
from tastetune.language_models.loading import load_config, load_tokenizer
from tastetune.training.data import set_total_batch_size


class Preparation(ABC):
    """What runs of every kind have.

    Attributes:
        data: the recipe's `DataArguments`, of some scripts `BatchArguments`.
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

"""The keys of a fine-tuning recipe that say what the validation split decides."""

from dataclasses import dataclass, field
from typing import Any

from tastetune.config.search_space import check_space
from tastetune.config.values import checked
from tastetune.errors import InputError

TUNABLE: dict[str, type[int] | type[float]] = {
    **dict.fromkeys(("lora_r", "lora_alpha", "max_steps", "stream_window", "stream_min_past"), int),
    **dict.fromkeys(("lora_dropout", "residual_dropout", "embedding_dropout", "attention_dropout"), float),
    **dict.fromkeys(("learning_rate", "item_learning_rate", "weight_decay", "num_train_epochs"), float),
}
"""The keys of a recipe that trials can try, and what their values are."""


@dataclass
class ValidationArguments:
    """How the validation split watches a model in training, beside TRL's `eval_strategy` and its kin, and tunes it.

    Raises:
        InputError: no trials, or `tune_space` is no space of `TUNABLE` keys.
    """

    eval_rows: int = field(
        default=1000,
        metadata={"help": "Validation rows, drawn by seed, that are answered at each evaluation and by each trial."},
    )
    early_stopping_patience: int | None = field(
        default=None, metadata={"help": "Stop after so many evaluations without a better score; needs eval_strategy."}
    )
    tune: int | None = field(
        default=None, metadata={"help": "First choose settings by so many trials on the validation split."}
    )
    tune_space: dict = field(
        default_factory=dict,
        metadata={"help": "What trials try, by key: choices, or {low: ..., high: ..., log: true}."},
    )

    def __post_init__(self):
        if self.tune is not None and self.tune < 1:
            raise InputError(f"tune is {self.tune}; give the number of trials, at least 1, or leave it out")
        self.tune_space = check_space("the recipe", "tune_space", self.tune_space, keys=TUNABLE, check=_tunable)


def _tunable(key: str, value: Any) -> int | float:
    value = checked(key, value, TUNABLE[key], f"tune_space: {key}")
    return TUNABLE[key](value)

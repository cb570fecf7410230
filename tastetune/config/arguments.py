"""The keys of a recipe that are this project's own; all others are fields of the libraries' configurations."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tastetune.config.run_folder import RunFolder
from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError


@dataclass
class DataArguments:
    """Which rows a recipe is about, and where its run lies."""

    run_dir: str | None = field(
        default=None, metadata={"help": "The run's folder: data/, adapter/, predictions/ and scores.json lie in it."}
    )
    dataset_name: str | None = field(
        default=None, metadata={"help": "Built dataset: a folder, or its Hub id; run_dir's data/ if none."}
    )
    dataset_revision: str | None = field(default=None, metadata={"help": "Branch, tag or commit of a Hub dataset."})
    dataset_config: str | None = field(
        default=None, metadata={"help": "What its rows are asked, a task's name; what they were built for if none."}
    )
    dataset_train_split: str = field(
        default="train+validation", metadata={"help": "Splits to train on, joined by '+'; the published part is both."}
    )
    force: bool = field(default=False, metadata={"help": "Do anew what is done already, and replace it."})
    built_by: str | None = field(default=None, metadata={"help": "The command that builds the dataset, to be told."})
    stream_window: int = field(default=40, metadata={"help": "Of a user's stream, the most ratings read together."})
    stream_min_past: int = field(
        default=10, metadata={"help": "Of a user's stream, the ratings that stand before each one asked, at least."}
    )
    stream_item_tokens: Literal["none", "random", "svd", "als"] = field(
        default="none",
        metadata={
            "help": "In a stream, a learnt token an item, whose vector starts at random, or from a "
            "singular value decomposition of the training ratings, or from factors fitted to them (als)."
        },
    )
    stream_item_text: bool = field(
        default=True,
        metadata={"help": "Whether an item that has a token is named by its text too; one without always is."},
    )
    stream_told_tokens: bool = field(
        default=False,
        metadata={
            "help": "With item tokens, also a learnt token an item with each answer, told in the answer's place."
        },
    )
    stream_estimates: bool = field(
        default=False,
        metadata={"help": "With item tokens, also what other users' ratings lead to expect, told before each answer."},
    )

    def window_limits(self, tokens: int | None) -> WindowLimits:
        """The limits of a stream's windows, `tokens` among them; raises InputError where nothing could be asked."""
        return WindowLimits(self.stream_window, self.stream_min_past, tokens)

    def decisive(self, task: str) -> dict[str, Any]:
        """The keys of this project's own that decide what a run learns of a task, beside those that name its rows."""
        # Keys that a task and its kin alone read begin with its first word: those of `stream` and `stream_rating`
        beginning = f"{task.partition('_')[0]}_"
        of_task = {key: value for key, value in vars(self).items() if key.startswith(beginning)}
        usual = {"stream_item_text": True, "stream_estimates": False}  # as where a run's record does not name the key
        return {key: value for key, value in of_task.items() if key not in usual or value != usual[key]}

    @property
    def folder(self) -> RunFolder:
        """The run's folder.

        Raises:
            InputError: the recipe names none.
        """
        if self.run_dir is None:
            raise InputError("run_dir is missing; name the run's folder in the recipe, such as run_dir: outputs/ml1m")
        return RunFolder(Path(self.run_dir))

    @property
    def dataset(self) -> str:
        """The dataset's folder or Hub id.

        Raises:
            InputError: as `folder`.
        """
        return self.dataset_name or str(self.folder.data)

    def refuse_unbuilt(self) -> None:
        """Raise InputError, with the command that builds it, if the dataset is a folder that is not there.

        A name like `org/name` that is no folder may be a Hub id, which is tried when the dataset is opened.
        """
        may_be_hub_id = self.dataset.count("/") == 1 and Path(self.dataset).parent != Path(self.run_dir or "")
        if not may_be_hub_id and not Path(self.dataset).exists():
            command = self.built_by or "run the builder in data_builders/ that fits"
            raise InputError(f"{self.dataset} is not there; build it first: {command}")


@dataclass
class AnswerArguments:
    """Which models answer which rows; what training reads of a recipe, it passes over."""

    split: str = field(default="test", metadata={"help": "The split to answer."})
    shots: list[int] = field(
        default_factory=lambda: [0], metadata={"help": "Worked examples before the base model's prompts, one row each."}
    )
    checkpoints: list[int] = field(
        default_factory=list, metadata={"help": "Steps of the run that answer as well, beside where it ended."}
    )
    modes: list[str] = field(
        default_factory=list,
        metadata={"help": "How answers are read, by the task's modes; its first if none."},
    )
    baselines: list[str] = field(
        default_factory=list,
        metadata={"help": "Baselines beside the trivial ones, files of recbole_configs/."},
    )
    max_batch_tokens: int = field(default=16384, metadata={"help": "Padded tokens in one batch of prompts."})
    stream_history: Literal["built", "train"] = field(
        default="built",
        metadata={
            "help": "What stands before a row of a stream: what the dataset was built for, or with 'train' nothing of "
            "the row's own split."
        },
    )


@dataclass
class BatchArguments(DataArguments):
    """The keys of a recipe with steps of a chosen size."""

    total_train_batch_size: int | None = field(
        default=None,
        metadata={"help": "Examples a step over all processes; sets gradient_accumulation_steps accordingly."},
    )


@dataclass
class SftArguments(BatchArguments):
    """The keys of a fine-tuning recipe that TRL has no field for."""

    residual_dropout: float = field(
        default=0.0, metadata={"help": "Share of the embeddings and of each layer's output that training drops."}
    )
    embedding_dropout: float | None = field(
        default=None, metadata={"help": "Share of the embeddings that training drops; residual_dropout if none."}
    )
    attention_dropout: float = field(
        default=0.0, metadata={"help": "Share of each token's attention weights that training drops."}
    )
    item_learning_rate: float | None = field(
        default=None, metadata={"help": "The rate at which item tokens' vectors are learnt; learning_rate if none."}
    )
    append_eos: bool = field(
        default=False, metadata={"help": "Teach the end of the text behind each prompt's answer too."}
    )

    def decisive(self, task: str) -> dict[str, Any]:
        own = ("residual_dropout", "embedding_dropout", "attention_dropout", "item_learning_rate")
        asked = {key: getattr(self, key) for key in own if getattr(self, key) != getattr(type(self), key)}
        ending = {} if task.startswith("stream") else {"append_eos": self.append_eos}
        return super().decisive(task) | asked | ending


@dataclass
class AdapterArguments:
    """What a run goes on from."""

    sft_adapter: str | None = field(default=None, metadata={"help": "Adapter to start from: a folder or a Hub id."})


@dataclass
class GenerationArguments:
    """How answers are written; nothing is taken from the defaults that a model brings along."""

    do_sample: bool = field(default=False, metadata={"help": "Draw each token; otherwise take the likeliest."})
    temperature: float = field(default=1.0, metadata={"help": "Divides the logits before drawing."})
    top_p: float = field(default=1.0, metadata={"help": "Draw from the likeliest tokens that hold this share."})
    top_k: int = field(default=0, metadata={"help": "Draw from so many of the likeliest tokens; 0: from all."})
    max_new_tokens: int = field(default=384, metadata={"help": "A free answer is cut off after so many tokens."})


@dataclass
class StandInArguments:
    """What the stand-in model of scripts/pretrain.py is made of."""

    vocab_size: int = field(default=4000, metadata={"help": "Tokens that its tokenizer learns."})
    width: int = field(default=128, metadata={"help": "Width of a layer."})
    layers: int = field(default=4, metadata={"help": "Layers."})
    heads: int = field(default=4, metadata={"help": "Attention heads of a layer."})
    ratings_each: int = field(default=40, metadata={"help": "Ratings in one training text, unless it is a stream."})
    superwords: bool = field(
        default=False, metadata={"help": "Tokens may span words, so that a title that is often rated is one."}
    )

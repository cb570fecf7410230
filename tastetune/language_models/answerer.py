"""What every way of asking a language model is: rows in, a table of answers out."""

from dataclasses import asdict, dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from accelerate import PartialState
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from tastetune.config.arguments import AnswerArguments, GenerationArguments
from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError
from tastetune.language_models.language_model import LanguageModel
from tastetune.tasks import Rows


@dataclass(frozen=True)
class Asking:
    """How rows are asked.

    Attributes:
        mode: how an answer is read off the model, one of its answerer's.
        shots: worked examples before each prompt.
        seed: of whatever is drawn.
        max_batch_tokens: padded tokens of the prompts in one batch.
        generation: how tokens are chosen where text is written.
        windows: how much of a user's stream is read together, where rows are asked in one.
        history: what stands before a row of a stream, see `AnswerArguments.stream_history`.
    """

    mode: str
    shots: int = 0
    seed: int = 0
    max_batch_tokens: int = 16384
    generation: GenerationArguments = field(default_factory=GenerationArguments)
    windows: WindowLimits = field(default_factory=WindowLimits)
    history: str = "built"

    @classmethod
    def of(cls, answers: AnswerArguments, generation: GenerationArguments, seed: int) -> "Asking":
        """What the models of a recipe share; the mode, the shots and the windows are each one's own."""
        at_once, history = answers.max_batch_tokens, answers.stream_history
        return cls("", seed=seed, max_batch_tokens=at_once, generation=generation, history=history)

    @property
    def settings(self) -> dict:
        """What of it decides text that is written, as JSON."""
        return {**asdict(self.generation), "mode": self.mode}


class Answered(NamedTuple):
    """Answers to all rows: a table of scores or of lists, and what else is recorded of them, as JSON."""

    table: pa.Table
    notes: dict


class Answerer(Protocol):
    """One task's way of asking.

    Attributes:
        modes: how answers can be read, the default ones first.
        plain: the mode that predictions are not named after; None where every mode is named.
        in_training: the mode in which a model is asked while it is trained; None where that would cost too much.
    """

    modes: tuple[str, ...]
    plain: str | None
    in_training: str | None

    def check(self, asking: Asking) -> None:
        """Raise InputError at what cannot be asked, before a model is loaded."""
        ...

    def origin(self, rows: Rows, asking: Asking) -> dict:
        """What `Meta` says of the asking, by its field: `shots`, `threshold`, `settings`."""
        ...

    def answer(self, model: LanguageModel, rows: Rows, asking: Asking) -> Answered:
        """The answers to all rows, on every process; each answers a part."""
        ...


@runtime_checkable
class SpellsRows(Protocol):
    """An `Answerer` whose task is trained on rows of tokens of its own, not on the task's prompts and completions."""

    def training_rows(
        self,
        tokenizer: PreTrainedTokenizerBase,
        rows: Rows,
        windows: WindowLimits,
        *,
        context: int | None,
        seed: int | None = None,
    ) -> Dataset:
        """Rows of tokens whose loss is on the answers to `rows`.

        Args:
            context: tokens that the model has positions for; None where nothing limits them.
            seed: of what is drawn to train on; None for the rows as they are asked.

        Returns:
            `input_ids` and `labels` of each, and how many `answers` carry loss.

        Raises:
            InputError: the tokenizer cannot spell them, or what belongs together is longer than the limits.
        """
        ...


def check_mode(answerer: Answerer, asking: Asking) -> None:
    """Raise InputError at a mode that the answerer does not have, or a number of shots that cannot be."""
    if asking.mode not in answerer.modes:
        raise InputError(f"mode {asking.mode!r}: expected one of {', '.join(answerer.modes)}")
    if asking.shots < 0:
        raise InputError(f"shots is {asking.shots}; give 0 or more, 3 by custom")


LOW_MASS = 0.1
"""Where all answers together are this improbable on average, the model does not answer, and its scores say little."""


def mass_notes(mass: np.ndarray) -> dict:
    """What is recorded of the probability that all answers have together, (rows,); a low one is warned about."""
    mean, least = float(mass.mean()), float(mass.min())
    if mean < LOW_MASS:
        PartialState().print(
            f"warning: all answers together have a probability of {mean:.2g} on average, so the model hardly answers "
            "the question"
        )
    return {"answer_mass": {"mean": mean, "least": least}}


def past_notes(before: np.ndarray) -> dict:
    """What is recorded of how many earlier ratings of the user each row was shown, (rows,)."""
    return {"past": {"least": int(before.min()), "median": float(np.median(before)), "most": int(before.max())}}


def history_notes(rows: Rows) -> dict:
    """`past_notes` of rows whose prompts show their histories."""
    return past_notes(pc.list_value_length(rows.table["history"]).to_numpy())

"""What every way of asking a language model is: rows in, a table of answers out."""

from dataclasses import asdict, dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from tastetune.config.arguments import GenerationArguments
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
    """

    mode: str
    shots: int = 0
    seed: int = 0
    max_batch_tokens: int = 16384
    generation: GenerationArguments = field(default_factory=GenerationArguments)

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
        print(
            f"warning: all answers together have a probability of {mean:.2g} on average, so the model hardly answers "
            "the question; look at what it writes with --modes generate"
        )
    return {"answer_mass": {"mean": mean, "least": least}}

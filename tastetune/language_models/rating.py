"""Stars: the expected rating under the probabilities of 1, 2, 3, 4 and 5."""

import numpy as np

from tastetune.artifacts.score_table import score_table
from tastetune.errors import InputError
from tastetune.language_models.answerer import Answered, Asking, check_mode, history_notes, mass_notes
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.probabilities import answer_probabilities
from tastetune.tasks import Rows
from tastetune.tasks.rating import STARS, Rating


class RatingAnswerer:
    """Asks for stars. See `tastetune.language_models.answerer.Answerer`."""

    modes: tuple[str, ...] = ("stars",)
    plain: str | None = None
    in_training: str | None = "stars"

    def check(self, asking: Asking) -> None:
        """Raise InputError at another mode, or at worked examples, which this question has none of."""
        check_mode(self, asking)
        if asking.shots:
            raise InputError("stars are read off probabilities, without examples; leave --shots away")

    def origin(self, rows: Rows, asking: Asking) -> dict:
        """Scores are stars, so Yes from the dataset's own threshold on."""
        return {"shots": 0, "threshold": rows.dataset.like_from, "settings": {"mode": asking.mode}}

    def answer(self, model: LanguageModel, rows: Rows, asking: Asking) -> Answered:
        """The expected stars of each row.

        The mean is what minimises the expected squared error, as the likeliest number of stars does not.
        """
        answers = [Rating.completion(star) for star in STARS]
        prompts = rows.task.prompts(rows)
        shares, mass = answer_probabilities(model.model, model.tokenizer, prompts, answers, asking.max_batch_tokens)
        return Answered(
            score_table(rows.example_ids, shares @ np.array(STARS, np.float64)), mass_notes(mass) | history_notes(rows)
        )

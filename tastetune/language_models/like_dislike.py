"""Likes and dislikes: P(Yes) read off the answer tokens, or the answer written out and parsed."""

from tastetune.artifacts.score_table import score_table
from tastetune.language_models.answerer import Answered, Asking, check_mode, history_notes, mass_notes
from tastetune.language_models.generation import generated_answers
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.probabilities import yes_probabilities
from tastetune.tasks import Rows
from tastetune.tasks.few_shot import FewShot
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.prompts import read_rows

SCORES = {1: 1.0, 0: 0.0, None: 0.5}
"""What a written answer scores: Yes, No, and one that is neither."""


class LikeDislikeAnswerer:
    """Asks Yes or No. See `tastetune.language_models.answerer.Answerer`."""

    modes: tuple[str, ...] = ("probability", "generate")
    plain: str | None = "probability"
    in_training: str | None = "probability"

    def check(self, asking: Asking) -> None:
        """Raise InputError at an unknown mode or a negative number of shots."""
        check_mode(self, asking)

    def origin(self, rows: Rows, asking: Asking) -> dict:
        """Scores are probabilities, so Yes from one half on."""
        return {"shots": asking.shots, "threshold": 0.5, "settings": {"mode": asking.mode}}

    def answer(self, model: LanguageModel, rows: Rows, asking: Asking) -> Answered:
        """P(Yes) of each row; of a written answer 1 for Yes, 0 for No, 0.5 where neither can be read."""
        prompts, shown = self.prompts(rows, asking), history_notes(rows)
        if asking.mode == "generate":
            texts = generated_answers(model.model, model.tokenizer, prompts, asking.max_batch_tokens)
            parsed = [LikeDislike.parse(text) for text in texts]
            unparsed = {"unparsed": sum(answer is None for answer in parsed)}
            return Answered(
                score_table(rows.example_ids, [SCORES[answer] for answer in parsed], texts), unparsed | shown
            )
        shares, mass = yes_probabilities(model.model, model.tokenizer, prompts, asking.max_batch_tokens)
        return Answered(score_table(rows.example_ids, shares[:, 1]), mass_notes(mass) | shown)

    def prompts(self, rows: Rows, asking: Asking) -> list[str]:
        """The prompt of each row, behind worked examples of the training split if there are any.

        Raises:
            InputError: too few training rows to draw examples from.
        """
        prompts = rows.task.prompts(rows)
        if not asking.shots:
            return prompts
        wording = rows.dataset.worded(LikeDislike)
        columns = ["user_id", "label", "history", "prompt", "completion"]
        few = FewShot(read_rows(rows.dataset, rows.task.rows_config, "train", columns), asking.shots, asking.seed)
        users = rows.table["user_id"].to_pylist()
        return [wording.few_shot(p, few.examples(user)) for user, p in zip(users, prompts, strict=True)]

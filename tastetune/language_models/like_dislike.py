"""A language model answers a split of likes and dislikes: what it is asked, and how its answers are read."""

from collections.abc import Sequence
from dataclasses import dataclass

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.probabilities import generated_answers, yes_probabilities
from tastetune.language_models.rating import expected_ratings
from tastetune.tasks.answers import CONFIG
from tastetune.tasks.few_shot import FewShot
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.rating import CONFIG as RATING
from tastetune.tasks.rating import read_rating_rows


@dataclass(frozen=True)
class Questions:
    """What a language model is asked of every row of a split.

    Attributes:
        example_ids, prompts: one each a row, in the dataset's order.
        shots: worked examples before each prompt.
        stars: whether 1 to 5 stars are asked for, not Yes or No.
    """

    dataset: BuiltDataset
    split: str
    example_ids: list[str]
    prompts: list[str]
    shots: int
    stars: bool

    @property
    def asked(self) -> dict:
        """What `predictions.Meta` says of the questions, by its field."""
        threshold = self.dataset.like_from if self.stars else 0.5
        return {"config": CONFIG, "split": self.split, "threshold": threshold, "shots": self.shots}


def read_questions(dataset: BuiltDataset, config: str, split: str, shots: int = 0, seed: int = 0) -> Questions:
    """The prompts of `split`.

    Args:
        config: `like_dislike`, or `rating` to ask the same rows for stars.
        shots: worked examples before each prompt, drawn from the training split by `seed`.

    Raises:
        InputError: another config, shots before a question for stars, no such split, an empty one, or too few
            training rows to draw examples from.
    """
    if config not in (CONFIG, RATING):
        raise InputError(
            f"dataset_config is {config!r}; rows of {CONFIG!r} are answered, or asked for stars with {RATING!r}, and "
            "lists are recommended by scripts/recommend.py"
        )
    stars = config == RATING
    if stars and shots:
        raise InputError("stars are read off probabilities, without examples; leave --shots away")
    table = (
        read_rating_rows(dataset, split) if stars else dataset.read(CONFIG, split, ["example_id", "user_id", "prompt"])
    )
    rows = table.to_pydict()
    prompts = rows["prompt"]
    if not prompts:
        raise InputError(f"{dataset.source}: split {split!r} of {CONFIG!r} is empty; there is nothing to predict")
    if shots:
        task = LikeDislike(**dataset.wording)
        few = FewShot(
            dataset.read(CONFIG, "train", ["user_id", "label", "history", "prompt", "completion"]), shots, seed
        )
        prompts = [task.few_shot(p, few.examples(user)) for user, p in zip(rows["user_id"], prompts, strict=True)]
    return Questions(dataset, split, rows["example_id"], prompts, shots, stars)


def respond(
    model: LanguageModel, questions: Questions, max_batch_tokens: int, *, generate: bool = False
) -> tuple[Sequence[float], list[str] | None]:
    """The model's answers, on every process; each answers a part.

    Args:
        max_batch_tokens: padded tokens in one batch.
        generate: let it write its answers out and parse them, instead of reading off probabilities.

    Returns:
        A score for each question: P(Yes), or the expected stars; of a written answer 1 for Yes, 0 for No, 0.5 where
        neither can be read. And the answers as written, None where none were.
    """
    asked = (model.model, model.tokenizer, questions.prompts, max_batch_tokens)
    if questions.stars:
        return expected_ratings(*asked), None
    if generate:
        answers = generated_answers(*asked)
        return [{1: 1.0, 0: 0.0, None: 0.5}[LikeDislike.parse(answer)] for answer in answers], answers
    return yes_probabilities(*asked), None

"""Stars: the expected rating under the probabilities of 1, 2, 3, 4 and 5."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tastetune.artifacts.score_table import score_table
from tastetune.errors import InputError
from tastetune.language_models.answerer import Asking, check_mode
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.probabilities import answer_probabilities
from tastetune.tasks import Rows
from tastetune.tasks.rating import STARS, Rating


class RatingAnswerer:
    """Asks for stars. See `tastetune.language_models.answerer.Answerer`."""

    modes = ("stars",)
    plain = None

    def check(self, asking: Asking) -> None:
        """Raise InputError at another mode, or at worked examples, which this question has none of."""
        check_mode(self, asking)
        if asking.shots:
            raise InputError("stars are read off probabilities, without examples; leave --shots away")

    def origin(self, rows: Rows, asking: Asking) -> dict:
        """Scores are stars, so Yes from the dataset's own threshold on."""
        return {"shots": 0, "threshold": rows.dataset.like_from, "settings": {"mode": asking.mode}}

    def answer(self, model: LanguageModel, rows: Rows, asking: Asking) -> pa.Table:
        """The expected stars of each row."""
        prompts = rows.task.prompts(rows)
        stars = expected_ratings(model.model, model.tokenizer, prompts, asking.max_batch_tokens)
        return score_table(rows.example_ids, stars)


def star_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[list[int]]]:
    """What the completions of 1 to 5 stars begin with alike, maybe nothing, and the one token that tells each apart.

    Llama 3 spells " 4" as a space and a digit; others as one token.

    Raises:
        InputError: some completion needs more tokens than one behind the beginning.
    """
    spelt = [tokenizer(Rating.completion(star), add_special_tokens=False)["input_ids"] for star in STARS]
    begin, tokens = spelt[0][:-1], [ids[-1:] for ids in spelt]
    if any(ids[:-1] != begin for ids in spelt) or len({token for (token,) in tokens}) < len(STARS):
        raise InputError(
            f"the tokenizer of {tokenizer.name_or_path!r} tells ' 1' to ' 5' apart by more than one token, so their "
            "probabilities are not one logit each; use another model"
        )
    return begin, tokens


def expected_ratings(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], max_batch_tokens: int
) -> np.ndarray:
    """The mean of 1 to 5 stars weighed by their probabilities, which are the softmax over the five answers' tokens.

    The mean is what minimises the expected squared error, as the likeliest number of stars does not.

    Args:
        prompts: n texts, see `tastetune.tasks.rating.Rating`.
        max_batch_tokens: padded tokens in one batch.

    Returns:
        float64 of shape (n,).
    """
    begin, tokens = star_tokens(tokenizer)
    ids = [row + begin for row in tokenizer(list(prompts))["input_ids"]]
    return answer_probabilities(model, tokenizer, ids, tokens, max_batch_tokens) @ np.array(STARS, np.float64)

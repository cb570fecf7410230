"""Task 1 with finer answers: how many stars, 1 to 5, will this user give this target item?"""

import re
from dataclasses import dataclass

import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError
from tastetune.tasks.labels import LabelTask
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.prompts import read_rows
from tastetune.tasks.task import Rows

STARS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Rating:
    """Asks for stars what `like` asks for Yes or No; all but the question and the answer stays.

    Attributes:
        like: the task that rendered the dataset's prompts.
    """

    like: LikeDislike

    @property
    def instruction(self) -> str:
        """The first paragraph: the same history, another question."""
        before, _, _ = self.like.instruction.partition("Predict whether")
        return (
            f"{before}Predict how many stars, from 1 to 5, the {self.like.user} will give the target {self.like.item}. "
            "Only output the number of stars."
        )

    def prompt(self, prompt: str) -> str:
        """The row's prompt with this question; `prompt` is the one that `like` rendered.

        Raises:
            InputError: `like` did not render it.
        """
        return f"{self.instruction}\n\n{self.like.body(prompt)}"

    @staticmethod
    def completion(rating: float) -> str:
        """The completion to train on, ` 4` for four stars.

        Raises:
            InputError: not one of 1, 2, 3, 4, 5.
        """
        if rating not in STARS:
            raise InputError(
                f"a rating of {rating}: stars are predicted as 1, 2, 3, 4 or 5; build the dataset from such ratings"
            )
        return f" {int(rating)}"

    @staticmethod
    def parse(answer: str) -> int | None:
        """The stars that a text begins with, None if it begins with none."""
        found = re.match(r"[\s\"'*`:-]*([1-5])\b(?![.,]\d)", answer)
        return None if found is None else int(found[1])


class RatingTask(LabelTask):
    """The rows of `like_dislike`, asked for stars: the same table, another question. No files of its name exist."""

    config = "rating"

    def prompts(self, rows: Rows) -> list[str]:
        """The prompt of each row, with the question for stars."""
        question = Rating(rows.dataset.worded(LikeDislike))
        return [question.prompt(prompt) for prompt in super().prompts(rows)]

    def training_table(self, dataset: BuiltDataset, split: str) -> pa.Table:
        """`prompt` and `completion` of the rows of `split`, to train on.

        Raises:
            InputError: no such split, or a rating that is no answer.
        """
        question = Rating(dataset.worded(LikeDislike))
        rows = read_rows(dataset, self.rows_config, split, ["rating", "prompt"]).to_pydict()
        prompts = [question.prompt(prompt) for prompt in rows["prompt"]]
        return pa.table({"prompt": prompts, "completion": [question.completion(stars) for stars in rows["rating"]]})

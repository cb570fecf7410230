"""Task 1: will this user like this target item? Answer Yes or No."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

from tastetune.artifacts.dataset import LIKE_FROM
from tastetune.errors import InputError
from tastetune.tasks.titles import as_data

YES, NO = " Yes", " No"
"""Completions. The space belongs to the answer: a prompt that ends in one would split the answer's token."""

RESPONSE = "## Response:"

EMPTY = "- (empty)"
"""The line of a history without items."""

STYLES = ("compact", "published")

CLOSING = "## Now, do the same for the following user"
"""In the published style the line between the worked examples and the user's own history."""

UNITS = {"year": 365 * 86_400, "month": 30 * 86_400, "day": 86_400, "hour": 3_600, "minute": 60}
"""Seconds in the units in which a prompt counts time, the longest first."""


@dataclass(frozen=True)
class Item:
    """An item as a prompt shows it."""

    title: str
    genres: Sequence[str] = ()


MADE_UP = tuple(Item(f"The {nth} Made-up Title", ("Drama",)) for nth in ("First", "Second", "Third"))
"""Items that do not exist, to show what a prompt looks like."""


@dataclass(frozen=True)
class LikeDislike:
    """Renders prompts and parses answers of the like-or-dislike task.

    Both styles ask in the same words. The style `published` is laid out as in the published study
    (https://github.com/januverma/llm-recsys, src/run_incontextlearning.py): a heading above the instruction, the bare
    target on a line of its own, and worked examples under headings of their own with a closing line behind them. What
    the study leaves open or does otherwise is as in the style `compact`: one blank line between two sections, an
    answer on the line of its heading, and `- (empty)` for a history without items.

    Attributes:
        genres: name the genres of every item.
        ratings: show history as stars instead of likes and dislikes.
        item, items: the domain's words for one item and for several.
        user, enjoy: the domain's words for the person and the verb of liking ("reader", "enjoy").
        like_from: a rating at or above it is a like.
        style: one of `STYLES`; datasets built before there were two do not say, and are `compact`.
        times: say of each item in the history how long before the target it was rated, see `ago`.

    Raises:
        InputError: a style that does not exist.
    """

    genres: bool = False
    ratings: bool = False
    item: str = "movie"
    items: str = "movies"
    user: str = "user"
    enjoy: str = "like"
    like_from: float = LIKE_FROM
    style: str = "compact"
    times: bool = False

    def __post_init__(self):
        if self.style not in STYLES:
            raise InputError(f"the prompt style {self.style!r} does not exist; choose from {', '.join(STYLES)}")

    @property
    def instruction(self) -> str:
        """The first section, in the words of the published study for the default domain."""
        past = "ratings of" if self.ratings else "likes and dislikes for"
        sentences = (
            f"Below is a {self.user}'s history of {past} {self.items}, followed by a target {self.item}. "
            f"Predict whether the {self.user} will {self.enjoy} the target {self.item} or not. "
            "Only output the prediction as Yes or No."
        )
        return f"## Instruction:\n{sentences}" if self._is_published else sentences

    def prompt(self, history: Sequence[Item], ratings: Sequence[float], target: Item, ages: Sequence[int] = ()) -> str:
        """The prompt of one row; it ends in the response heading, without a space.

        Args:
            history: items rated before, oldest first; may be empty.
            ratings: stars, one for each item of `history`.
            target: the item to predict.
            ages: with `times`, how many seconds before the target each item of `history` was rated.

        Raises:
            InputError: an item of `history` lacks its rating, or its age.
        """
        if len(history) != len(ratings):
            raise InputError(f"a history of {len(history)} items has {len(ratings)} ratings; give one rating an item")
        if self.times and len(history) != len(ages):
            raise InputError(f"a history of {len(history)} items has {len(ages)} ages; give one age an item")
        lines = "\n".join(map(self._history_line, history, ratings, ages if self.times else repeat(0)))
        before, between, behind = self.around_history
        return before + (lines or EMPTY) + between + self.named(target) + behind

    @property
    def around_history(self) -> tuple[str, str, str]:
        """What a prompt has before the lines of its history, between them and the target's name, and behind that."""
        target = f"{self._target}\n{'' if self._is_published else '- '}"
        return f"{self.instruction}\n\n{self._history}\n", f"\n\n{target}", f"\n\n{RESPONSE}"

    def around_rated(self, stars: float) -> tuple[str, str]:
        """What a line of the history has before and behind the item's name; with `times`, ` 3 days ago` follows."""
        if self.ratings:
            return "- ", f" is rated {stars:.1f}{',' if self.times else ''}"
        return f"- {'Liked' if stars >= self.like_from else 'Disliked'} ", ""

    def made_up_prompt(self) -> str:
        """A prompt of titles that do not exist, to show."""
        liked, disliked, target = MADE_UP
        return self.prompt([liked, disliked], [self.like_from, self.like_from - 1], target, [30 * 86_400, 86_400])

    def completion(self, label: int) -> str:
        """The completion to train on: ` Yes` for a like (1), ` No` otherwise (0)."""
        return YES if label else NO

    def few_shot(self, prompt: str, examples: Sequence[tuple[str, str]]) -> str:
        """`prompt` behind worked examples: the instruction once, then each example's rows and answer.

        Args:
            prompt: a prompt of this task.
            examples: (prompt, completion) pairs of this task.
        """
        own, worked = self.body(prompt), [self.body(example) + completion for example, completion in examples]
        if self._is_published and worked:
            own, worked = f"{CLOSING}\n{own}", [self._example(*numbered) for numbered in enumerate(worked, 1)]
        return "\n\n".join([self.instruction, *worked, own])

    def parted(self, prompt: str) -> tuple[str, str]:
        """A prompt up to the target's name, and the rest; the cut is where no token reaches across.

        Args:
            prompt: a prompt of this task.
        """
        heading = f"{self._target}\n{'' if self._is_published else '-'}"
        before, _, after = prompt.rpartition(heading)
        return before + heading, after

    @staticmethod
    def parse(answer: str) -> int | None:
        """1 for yes, 0 for no, None when `answer` does not begin with either word (any case, any quotes)."""
        word = re.match(r"[\s\"'*`.:-]*(yes|no)\b", answer, flags=re.IGNORECASE)
        return None if word is None else int(word[1][0] in "Yy")

    def body(self, prompt: str) -> str:
        """`prompt`, one of this task, without its instruction."""
        head = self.instruction + "\n\n"
        if not prompt.startswith(head):
            raise InputError(
                f"a prompt begins {prompt[: len(head)]!r}, this task's prompts begin {head!r}; "
                "use the prompt settings that the dataset was built with"
            )
        return prompt[len(head) :]

    def named(self, item: Item) -> str:
        """An item's title between quotes, and its genres where the prompts name them."""
        named = f'"{as_data(item.title)}"'
        if self.genres and item.genres:
            named += f' of genre "{as_data("|".join(item.genres))}"'
        return named

    @property
    def _is_published(self) -> bool:
        return self.style == "published"

    @property
    def _history(self) -> str:
        return f"## {self.user.capitalize()}'s history:"

    @property
    def _target(self) -> str:
        return f"## Target {self.item}:"

    def _example(self, number: int, body: str) -> str:
        """A worked example in the published style; no title holds a line break, so what is replaced is a heading."""
        lines = body.removeprefix(self._history).replace(f"\n{self._target}\n", f"\n#{self._target}\n")
        return f"## Example {number}\n### {self.user.capitalize()}'s rating history{lines}"

    def _history_line(self, item: Item, stars: float, age: int) -> str:
        before, behind = self.around_rated(stars)
        return before + self.named(item) + behind + (f" {ago(age)}" if self.times else "")


def ago(seconds: int) -> str:
    """`seconds` in the longest unit that fits, rounded down (`3 days ago`); under a minute `at the same time`."""
    return f"{span} ago" if (span := time_span(seconds)) else "at the same time"


def time_span(seconds: int) -> str | None:
    """`seconds` in the longest unit that fits, rounded down (`3 days`); None under a minute."""
    for unit, length in UNITS.items():
        if number := seconds // length:
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return None

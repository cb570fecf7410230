"""Task 1: will this user like this target item? Answer Yes or No."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tastetune.artifacts.dataset import LIKE_FROM
from tastetune.errors import InputError

YES, NO = " Yes", " No"
"""Completions. The space belongs to the answer: a prompt that ends in one would split the answer's token."""

_REPLACED = str.maketrans('"<>', "'‹›")
_DROPPED = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters other than white space, and those that change the direction of what follows them."""

HISTORY, TARGET, RESPONSE = "## User's history:", "## Target {item}:", "## Response:"


@dataclass(frozen=True)
class Item:
    """An item as a prompt shows it."""

    title: str
    genres: Sequence[str] = ()


@dataclass(frozen=True)
class LikeDislike:
    """Renders prompts and parses answers of the like-or-dislike task.

    Attributes:
        genres: name the genres of every item.
        ratings: show history as stars instead of likes and dislikes.
        item, items: the domain's words for one item and for several.
        user, enjoy: the domain's words for the person and the verb of liking ("reader", "enjoy").
        like_from: a rating at or above it is a like.
    """

    genres: bool = False
    ratings: bool = False
    item: str = "movie"
    items: str = "movies"
    user: str = "user"
    enjoy: str = "like"
    like_from: float = LIKE_FROM

    @property
    def instruction(self) -> str:
        """The first paragraph, in the words of the published study for the default domain."""
        past = "ratings of" if self.ratings else "likes and dislikes for"
        return (
            f"Below is a {self.user}'s history of {past} {self.items}, followed by a target {self.item}. "
            f"Predict whether the {self.user} will {self.enjoy} the target {self.item} or not. "
            "Only output the prediction as Yes or No."
        )

    def prompt(self, history: Sequence[Item], ratings: Sequence[float], target: Item) -> str:
        """The prompt of one row; it ends in the response heading, without a space.

        Args:
            history: items rated before, oldest first; may be empty.
            ratings: stars, one for each item of `history`.
            target: the item to predict.
        """
        if len(history) != len(ratings):
            raise InputError(f"a history of {len(history)} items has {len(ratings)} ratings; give one rating an item")
        lines = [self._history_line(item, stars) for item, stars in zip(history, ratings, strict=True)]
        parts = [
            self.instruction,
            "\n".join([self._heading(HISTORY), *(lines or ["- (empty)"])]),
            f"{self._heading(TARGET)}\n- {self._named(target)}",
            RESPONSE,
        ]
        return "\n\n".join(parts)

    def completion(self, label: int) -> str:
        """The completion to train on: ` Yes` for a like (1), ` No` otherwise (0)."""
        return YES if label else NO

    def few_shot(self, prompt: str, examples: Sequence[tuple[str, str]]) -> str:
        """`prompt` behind worked examples: the instruction once, then each example's rows and answer.

        Args:
            prompt: a prompt of this task.
            examples: (prompt, completion) pairs of this task.
        """
        bodies = [self.body(example) + completion for example, completion in examples]
        return "\n\n".join([self.instruction, *bodies, self.body(prompt)])

    def parted(self, prompt: str) -> tuple[str, str]:
        """A prompt up to the target's name, and the rest; the cut is where no token reaches across.

        Args:
            prompt: a prompt of this task.
        """
        heading = f"{self._heading(TARGET)}\n-"
        before, _, after = prompt.rpartition(heading)
        return before + heading, after

    @staticmethod
    def parse(answer: str) -> int | None:
        """1 for yes, 0 for no, None when `answer` does not begin with either word (any case, any quotes)."""
        found = re.match(r"[\s\"'*`.:-]*(yes|no)\b", answer, flags=re.IGNORECASE)
        return None if found is None else int(found.group(1)[0] in "Yy")

    def body(self, prompt: str) -> str:
        """`prompt`, one of this task, without its instruction."""
        head = self.instruction + "\n\n"
        if not prompt.startswith(head):
            raise InputError(
                f"a prompt begins {prompt[: len(head)]!r}, this task's prompts begin {head!r}; "
                "use the prompt settings that the dataset was built with"
            )
        return prompt[len(head) :]

    def _heading(self, heading: str) -> str:
        return heading.replace("User", self.user.capitalize()).format(item=self.item)

    def _history_line(self, item: Item, stars: float) -> str:
        if self.ratings:
            return f"- {self._named(item)} is rated {stars:.1f}"
        return f"- {'Liked' if stars >= self.like_from else 'Disliked'} {self._named(item)}"

    def _named(self, item: Item) -> str:
        named = f'"{as_data(item.title)}"'
        if self.genres and item.genres:
            named += f' of genre "{as_data("|".join(item.genres))}"'
        return named


@lru_cache(maxsize=65536)
def as_data(text: str) -> str:
    """`text` as it may stand between a prompt's quotes: one line, its own quotes made single.

    A title is data. With neither a line break nor a closing quote it can open no section and forge no answer; with
    single guillemets for angle brackets it spells no special token of a tokenizer (`<|eot_id|>`, `</s>`).
    """
    return " ".join(_DROPPED.sub("", text).translate(_REPLACED).split())

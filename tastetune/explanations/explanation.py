"""One explanation: what a model wrote of its answer to a row, and what it answers without what it named."""

from collections.abc import Mapping
from dataclasses import dataclass

LIKELY = 0.5
"""From this P(like) on the answer is that the item will be liked."""


@dataclass(frozen=True)
class ExplanationSettings:
    """How explanations are asked for and tried.

    Attributes:
        draws: how often as many other ratings as a text names are taken out of the past.
        seed: of the draws.
        max_new_tokens: a text ends after so many tokens.
    """

    draws: int = 5
    seed: int = 0
    max_new_tokens: int = 48


@dataclass(frozen=True)
class Explanation:
    """Why a model expects what it expects of one row.

    Attributes:
        example_id, user_id, target: the row, whose it is, and the item that it asks about.
        past: the items before it, oldest first.
        p_like: the probability of a like, behind all of the past.
        text: what the model wrote, its given beginning included.
        named, elsewhere, invented: see `tastetune.explanations.naming.Named`.
        without_named: P(like) behind the past without the items named; None where none is named, or more than half.
        without_others: P(like) of each draw in which as many others were left out; empty where `without_named` is None.
    """

    example_id: str
    user_id: str
    target: str
    past: tuple[str, ...]
    p_like: float
    text: str
    named: tuple[str, ...]
    elsewhere: tuple[str, ...]
    invented: tuple[str, ...]
    without_named: float | None = None
    without_others: tuple[float, ...] = ()

    @property
    def likes(self) -> bool:
        """Whether the answer is that the item will be liked."""
        return self.p_like >= LIKELY

    def described(self, titles: Mapping[str, str]) -> list[str]:
        """What a person is told of it, in lines: the text, what of it is in the past, and what hangs on that.

        Args:
            titles: the catalogue, by item id.
        """
        kinds = {"in the past": self.named, "in the catalogue alone": self.elsewhere}
        found = {kind: [titles[item] for item in items] for kind, items in kinds.items()} | {"invented": self.invented}
        named = [f"{kind}: {', '.join(map(repr, names))}" for kind, names in found.items() if names]
        return [self.text, f"Titles named {'; '.join(named)}." if named else "No title is named.", self._tried()]

    def _tried(self) -> str:
        first = f"P(like) is {self.p_like:.3f}"
        if self.without_named is None:
            why = "more than half of the past is named" if self.named else "nothing of the past is named"
            return f"{first}; {why}, so nothing was taken out to compare."
        others = sum(self.without_others) / len(self.without_others)
        return f"{first}; without what is named {self.without_named:.3f}, without as many others {others:.3f}."

"""What one person has said on the page, and what the models said to it."""

from dataclasses import dataclass, field, replace

from tastetune.demo.models import Models
from tastetune.demo.moves import Move, move
from tastetune.person.report import Advice

SAID = {True: "liked", False: "disliked"}
"""What a mark says."""


@dataclass(frozen=True)
class Session:
    """One window of a browser.

    Attributes:
        marks: whether the person liked an item, by its id, in the order in which it was said.
        advice: what the models say to the marks; None without marks.
        before: what they said to those before; None where there were none.
        are_names_gone: whether the switch for neutral names is on.
        neutral: what the models say with neutral names; None where the switch is off, or without marks.
        moves: how each mark moved the list, the last one first.
    """

    marks: dict[str, bool] = field(default_factory=dict)
    advice: Advice | None = None
    before: Advice | None = None
    are_names_gone: bool = False
    neutral: Advice | None = None
    moves: tuple[Move, ...] = ()

    def marked(self, models: Models, item: str, liked: bool) -> "Session":
        """After a mark on `item`; a second one on the same item takes the first one's place.

        Raises:
            InputError: see `tastetune.demo.models.Models.ask`.
        """
        marks = {other: said for other, said in self.marks.items() if other != item} | {item: liked}
        return self._asked(models, marks, f"{SAID[liked]} {models.titles.get(item, item)}")

    def keeping(self, models: Models, items: list[str]) -> "Session":
        """With the marks on `items` alone; the others are taken away."""
        marks = {item: said for item, said in self.marks.items() if item in items}
        gone = [models.titles[item] for item in self.marks if item not in marks]
        return self._asked(models, marks, f"took back {', '.join(gone)}") if gone else self

    def named(self, models: Models, are_names_gone: bool) -> "Session":
        """With neutral names for the language model, or with titles again."""
        neutral = models.ask(self.marks, neutral=True) if are_names_gone and self.marks else None
        return replace(self, are_names_gone=are_names_gone, neutral=neutral)

    @property
    def shown(self) -> Advice | None:
        """What is shown: with neutral names where the switch is on."""
        return self.neutral or self.advice

    def _asked(self, models: Models, marks: dict[str, bool], said: str) -> "Session":
        advice = models.ask(marks) if marks else None
        neutral = models.ask(marks, neutral=True) if marks and self.are_names_gone else None
        moved = (move(said, self.advice, advice, models.titles), *self.moves) if advice else ()
        return replace(self, marks=marks, advice=advice, before=self.advice, neutral=neutral, moves=moved)

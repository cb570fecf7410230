"""How lines of a catalogue are cut short: which lines stand above, what is asked for, and when an answer is right."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tastetune.tasks.catalogue import Catalogue, normal
from tastetune.tasks.titles import as_data

SEPARATOR = "::"
"""Between the fields of a line, as MovieLens writes its catalogue."""

_DATED = re.compile(r"(?P<name>.*\S) \((?P<year>\d{4})\)")


@dataclass(frozen=True)
class CatalogueLine:
    """An item as a line of a catalogue file, and how often it is rated in training."""

    item_id: str
    title: str
    genres: tuple[str, ...] = ()
    ratings: int = 0

    @property
    def begun(self) -> str:
        """The line up to its title."""
        return _field(self.item_id) + SEPARATOR

    @property
    def text(self) -> str:
        """The whole line."""
        genres = SEPARATOR + _field("|".join(self.genres)) if self.genres else ""
        return self.begun + _field(self.title) + genres

    @property
    def dated(self) -> tuple[str, str] | None:
        """The title before its year, and the year; None where the title does not end in one."""
        parts = _DATED.fullmatch(as_data(self.title))
        return (parts["name"], parts["year"]) if parts else None

    def renamed(self, name: str) -> str:
        """`name`, with the year of this title behind it."""
        return f"{name} ({self.dated[1]})" if self.dated else name


def title_key(title: str) -> str:
    """What two titles alike have in common: their words, and their year where they end in one."""
    dated = CatalogueLine("", title).dated
    return f"{normal(title)} {dated[1]}" if dated else normal(title)


def _field(text: str) -> str:
    return as_data(text).replace(SEPARATOR, ":")


@dataclass(frozen=True)
class Question:
    """One line cut short.

    Attributes:
        place: of the line in the catalogue.
        prompt: the lines above, and the line up to where it is cut.
        answer: what is right.
        examples: the answers that stand in the lines above.
    """

    place: int
    prompt: str
    answer: str
    examples: tuple[str, ...]


class Form(ABC):
    """A way of asking.

    Attributes:
        name: as files have it.
        asks: for people.
        needs: what a catalogue lacks of which nothing can be asked.
    """

    name: str
    asks: str
    needs = ""

    @abstractmethod
    def questions(
        self, lines: Sequence[CatalogueLine], examples: Sequence[int], targets: Sequence[int]
    ) -> list[Question]:
        """One question a target.

        Args:
            lines: the catalogue.
            examples: places of the lines that were drawn to stand above.
            targets: places of the lines that are asked for.
        """

    def read(self, text: str) -> str:
        """The answer in what was written."""
        return text.partition(SEPARATOR)[0].strip()

    def judge(self, right: str) -> Callable[[str], bool]:
        """What says of an answer whether it names the title `right`, by the rules of `tastetune.tasks.catalogue`."""
        catalogue = Catalogue([""], [right])
        return lambda answer: bool(answer) and catalogue.match(answer) is not None

    def key(self, answer: str) -> str:
        """What right answers are counted by: those that one text would answer alike."""
        return title_key(answer)


class ById(Form):
    """An id, behind lines that were drawn by seed: the id alone tells which title is meant."""

    name, asks = "id", "The title of an id, other lines shown"

    def questions(
        self, lines: Sequence[CatalogueLine], examples: Sequence[int], targets: Sequence[int]
    ) -> list[Question]:
        return [self._question(lines, examples, place) for place in targets]

    @staticmethod
    def _question(lines: Sequence[CatalogueLine], examples: Sequence[int], place: int) -> Question:
        above = [lines[other] for other in examples]
        prompt = "".join(f"{line.text}\n" for line in above) + lines[place].begun
        return Question(place, prompt, lines[place].title, tuple(line.title for line in above))


class NextLine(ById):
    """The lines that stand before it in the catalogue, then its id: the text as a model may have met it."""

    name, asks = "line", "The title of an id, the lines before it shown"

    def questions(
        self, lines: Sequence[CatalogueLine], examples: Sequence[int], targets: Sequence[int]
    ) -> list[Question]:
        return [self._question(lines, range(max(0, place - len(examples)), place), place) for place in targets]


class Year(Form):
    """A title, behind others with their years; titles without a year at their end are neither shown nor asked for."""

    name, asks = "year", "The year of a title"
    needs = "a title that ends in its year, among the lines shown and among those asked for"

    def questions(
        self, lines: Sequence[CatalogueLine], examples: Sequence[int], targets: Sequence[int]
    ) -> list[Question]:
        above = [dated for other in examples if (dated := lines[other].dated)]
        asked = [(place, *dated) for place in targets if (dated := lines[place].dated)] if above else []
        begun = "".join(f"{name} ({year})\n" for name, year in above)
        years = tuple(year for _, year in above)
        return [Question(place, f"{begun}{name} (", year, years) for place, name, year in asked]

    def read(self, text: str) -> str:
        return text.strip()[:4]

    def judge(self, right: str) -> Callable[[str], bool]:
        return right.__eq__

    def key(self, answer: str) -> str:
        return answer


FORMS: tuple[Form, ...] = (NextLine(), ById(), Year())

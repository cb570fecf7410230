"""Task 2: to a person who loves these ten items, recommend ten others."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tastetune.tasks.titles import as_data

_MARKED = re.compile(r"^[\s*_#>]*(?:\d{1,3}[.)]|[-*•–](?=\s))\s*(?P<rest>.*)$")
_QUOTED = re.compile(r"[\"“„«](?P<title>[^\"“”„«»]+)[\"”»]")
_WRAPPED = re.compile(r"[\s*_`\"“„«]*[*_`\"“„«](?P<title>[^*_`\"”»]+)[*_`\"”»]+\s*(?P<year>[(\[]\d{4}[)\]])?")
_DATED = re.compile(r".*?[(\[]\d{4}[)\]]")


@dataclass(frozen=True)
class TopN:
    """Renders chats and parses answers of the recommend-ten task.

    Attributes:
        n: how many items an answer names.
        item, items: the domain's words for one item and for several.
        user, enjoy: the domain's words for the person and the verb of liking ("reader", "enjoy").
    """

    n: int = 10
    item: str = "movie"
    items: str = "movies"
    user: str = "user"
    enjoy: str = "like"

    @property
    def instruction(self) -> str:
        """The system message: the task and the form of an answer."""
        return (
            f"You recommend {self.items}. The {self.user} names favourite {self.items}, best first. "
            f"Recommend {self.n} other {self.items} that the {self.user} will {self.enjoy}, the surest first. "
            f"Answer with {self.n} numbered lines, one title a line, and nothing else."
        )

    def prompt(self, liked: Sequence[str]) -> list[dict[str, str]]:
        """System and user message of one row.

        Args:
            liked: titles, best first.
        """
        favourites = f"My favourite {self.items}:\n{_numbered(liked)}"
        return [{"role": "system", "content": self.instruction}, {"role": "user", "content": favourites}]

    def completion(self, gold: Sequence[str]) -> list[dict[str, str]]:
        """The assistant's message to train on: the first `n` titles of the gold list, or all of a shorter one."""
        return [{"role": "assistant", "content": _numbered(gold[: self.n])}]

    def parse(self, answer: str) -> list[str]:
        """The titles that a generated text names, in its order, `n` at most; repeats stay in.

        What counts as a title, the first that applies:
        1. lines that are numbered (`1.`, `1)`) or bulleted (`-`, `*`, `•`): prose around them is passed over;
        2. what stands between double quotes;
        3. every line that does not end in a colon.
        A title ends with the quote or emphasis that it began with, or else with its year in brackets, so that an
        explanation behind it does no harm; behind a bare title nothing can be told from the title itself.
        """
        lines = [line for line in answer.splitlines() if line.strip()]
        marked = [found["rest"] for line in lines if (found := _MARKED.match(line))]
        quoted = [found["title"] for line in lines for found in _QUOTED.finditer(line)]
        titles = marked or quoted or [line for line in lines if not line.rstrip().endswith(":")]
        return [title for line in titles if (title := _bare(line))][: self.n]


def _numbered(titles: Sequence[str]) -> str:
    return "\n".join(f"{place}. {as_data(title)}" for place, title in enumerate(titles, 1))


def _bare(line: str) -> str:
    """The title at the beginning of `line`, with its year."""
    if wrapped := _WRAPPED.match(line):
        return " ".join(part for part in (wrapped["title"].strip(), wrapped["year"]) if part)
    dated = _DATED.match(line)
    return (dated[0] if dated else line).strip().strip("*_`").strip()

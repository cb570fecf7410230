"""The titles that a text names: those of the past it was written from, others of the catalogue, and invented ones."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tastetune.tasks.catalogue import Catalogue, normal

_QUOTED = re.compile(r'"([^"\n]+)"|“([^“”\n]+)”|«([^«»\n]+)»')
_DATED = re.compile(r"[(\[]\d{4}[)\]]\W*$")
_EDGES = " \t\n.,;:!?*_'’\"“”«»"


class Named(NamedTuple):
    """What a text names, each once and in the text's order.

    Attributes:
        past: items of the past.
        elsewhere: items of the catalogue that are not in the past.
        invented: what stands between quotes as a title does, and is none of the catalogue.
    """

    past: tuple[str, ...]
    elsewhere: tuple[str, ...]
    invented: tuple[str, ...]


class TitleReader:
    """Finds the titles of a catalogue in texts.

    A title is named between double quotes, or outside of them where it is written with a capital or a digit in front
    and either with its year or in two words or more: "Heat" alone is a word like others. Spellings agree as
    `tastetune.tasks.catalogue.Catalogue` says. What stands between quotes, begins with a capital or a digit and is no
    longer than the catalogue's longest title is a title too, an invented one where the catalogue has none like it.
    """

    def __init__(self, titles: Mapping[str, str], ratings: Mapping[str, int] | None = None):
        """Args:
        titles: the catalogue, by item id.
        ratings: how many ratings each item has: of several items of one title the one with the most is meant.
        """
        self.titles = titles
        self._catalogue = Catalogue(list(titles), list(titles.values()), ratings)
        self._longest = max((len(title.split()) for title in titles.values()), default=0)

    def read(self, text: str, past: Sequence[str], target: str) -> Named:
        """The titles that `text` names, but for the target's own.

        Args:
            past: items that the text was written from: of several items of one title one of them is meant.
            target: the item that the text is about.
        """
        known = [self._of([*dict.fromkeys(past)]), self._of([target]), self._catalogue]
        items: dict[str, None] = {}
        invented: dict[str, None] = {}
        rest, end = [], 0
        for quoted in _QUOTED.finditer(text):
            title = next(group for group in quoted.groups() if group).strip(_EDGES)
            if len(title.split()) > self._longest:
                continue  # a quoted sentence, to be looked through
            rest.append(text[end : quoted.start()])
            end = quoted.end()
            if item := _match(known, title):
                items[item] = None
            elif title[:1].isupper() or title[:1].isdigit():
                invented[title] = None
        for part in [*rest, text[end:]]:
            items |= dict.fromkeys(self._unquoted(known, part))
        named = [item for item in items if item != target]
        return Named(
            tuple(item for item in named if item in past),
            tuple(item for item in named if item not in past),
            tuple(invented),
        )

    def _of(self, items: Sequence[str]) -> Catalogue:
        return Catalogue(items, [self.titles[item] for item in items])

    def _unquoted(self, known: Sequence[Catalogue], text: str) -> Iterator[str]:
        """The items named in a text without quotes; of titles that overlap the first, and of those the longest."""
        words, at = list(re.finditer(r"\S+", text)), 0
        while at < len(words):
            first = words[at].group().lstrip(_EDGES)
            ends = (
                range(min(len(words), at + self._longest), at, -1) if first[:1].isupper() or first[:1].isdigit() else ()
            )
            spans = ((end, text[words[at].start() : words[end - 1].end()].strip(_EDGES)) for end in ends)
            at, item = next(
                ((end, item) for end, span in spans if (item := _unmistakable(known, span))), (at + 1, None)
            )
            if item:
                yield item


def _unmistakable(known: Sequence[Catalogue], span: str) -> str | None:
    return _match(known, span) if " " in normal(span) or _DATED.search(span) else None


def _match(known: Sequence[Catalogue], title: str) -> str | None:
    return next((item for catalogue in known if (item := catalogue.match(title))), None) if title else None

"""Finding titles of the catalogue as somebody types."""

from collections.abc import Mapping

from tastetune.person.matching import TitleMatcher
from tastetune.tasks.catalogue import normal

SHOWN = 6
"""Titles that are offered at a time."""


class TitleSearch:
    """Offers titles: first those that begin as the query does, then those with a word that does, then the rest.

    Case, accents, punctuation and articles do not count, see `tastetune.tasks.catalogue.normal`; of titles that fit
    alike those with more ratings come first.
    """

    def __init__(self, matcher: TitleMatcher, ratings: Mapping[str, int]):
        """Args:
        ratings: how many ratings each item has, by its id; 0 for the others.
        """
        self._matcher = matcher
        by_number = sorted(matcher.titles, key=lambda item: (-ratings.get(item, 0), item))
        self._normal = {item: normal(matcher.titles[item]) for item in by_number}

    def popular(self, n: int = SHOWN) -> list[str]:
        """The items with the most ratings, to begin with."""
        return list(self._normal)[:n]

    def find(self, query: str, n: int = SHOWN) -> list[str]:
        """At most `n` items whose titles have all of the query, the best first; of a query without words the popular.

        A year in brackets counts where titles have it: "hamlet (1996)" is one film.
        """
        words = normal(query) if query.strip() else ""
        if not words:
            return self.popular(n)
        exact = self._matcher.named(query)
        found = sorted(
            (item for item, title in self._normal.items() if words in title),
            key=lambda item: (item != exact, not self._normal[item].startswith(words), self._inside(item, words)),
        )
        if exact is not None and exact not in found:
            found = [exact, *found]
        return found[:n]

    def near(self, query: str) -> str | None:
        """The item whose title is written most like a query that finds nothing; None where none is alike."""
        title = self._matcher.near(query)
        return None if title is None else self._matcher.named(title)

    def _inside(self, item: str, words: str) -> bool:
        return f" {words}" not in f" {self._normal[item]}"

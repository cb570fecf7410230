"""Matching a written title to a film of the catalogue, so that every answer is an item or off it; and its genres."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tastetune.tasks.titles import natural_title

_YEAR = re.compile(r"[(\[](\d{4})[)\]]")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "&": " and "})


def normal(title: str) -> str:
    """A title's words alone: no year in brackets, case, accents, punctuation, or article in front or moved behind.

    "Matrix, The (1999)", "the matrix" and "THE MATRIX [1999]" are all `matrix`; "Amélie" is `amelie`; "Schindler's
    List" is `schindlers list`; "Spider-Man" is `spider man`. A title of punctuation or of an article alone stays.
    """
    text = unicodedata.normalize("NFKD", natural_title(_YEAR.sub(" ", title))).casefold().translate(_LETTERS)
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    words = re.sub(r"[\W_]+", " ", re.sub(r"['’‘`´.]", "", text)).split()
    if len(words) > 1 and words[0] in ("the", "a", "an"):
        words = words[1:]
    return " ".join(words) or _YEAR.sub("", title).strip().casefold()


class Catalogue:
    """The films that an answer can name.

    A film is known by its title, by the title without what stands in brackets ("Seven" for "Seven (Se7en) (1995)"), and
    by what stands there; the second and third way only where no other film has such a full title.

    A line names a film when their normal forms agree and their years, where both give one, differ by one at most:
    catalogues count from different premieres. Among several films of one title the nearest year wins, then the one
    with the most ratings, then the first id; so of two films alike in title and year only one can be named.
    """

    def __init__(self, item_ids: Sequence[str], titles: Sequence[str], ratings: Mapping[str, int] | None = None):
        """Args:
        item_ids, titles: the catalogue, each id once.
        ratings: how many ratings each item has; 0 for the others.
        """
        ratings = ratings or {}
        self._full: dict[str, list[tuple[str, int | None]]] = {}
        self._parts: dict[str, list[tuple[str, int | None]]] = {}
        # Most ratings first, so that the first of several films of one title is the one to take.
        for item, title in sorted(
            zip(item_ids, titles, strict=True), key=lambda pair: (-ratings.get(pair[0], 0), pair[0])
        ):
            film = item, _year(title)
            self._full.setdefault(normal(title), []).append(film)
            for part in _parts(title):
                self._parts.setdefault(part, []).append(film)

    @property
    def ambiguous(self) -> int:
        """How many films share their title and year with a film that is matched in their stead."""
        return sum(len(films) - len({year for _, year in films}) for films in self._full.values())

    def match(self, line: str) -> str | None:
        """The item that `line` names, None when it is off the catalogue."""
        key, year = normal(line), _year(line)
        for known in (self._full, self._parts):
            films = [film for film in known.get(key, ()) if _gap(film[1], year) <= 1]
            if films:
                return min(films, key=lambda film: _gap(film[1], year))[0]
        return None


def genre_flags(genres: Sequence[Sequence[str] | None]) -> np.ndarray:
    """Whether each item is of each genre that any of them has, bool (items, genres), given each item's genres."""
    names = sorted({genre for of_item in genres for genre in of_item or ()})
    flags = [[name in (of_item or ()) for name in names] for of_item in genres]
    return np.array(flags, bool).reshape(len(genres), len(names))


def _year(title: str) -> int | None:
    years = _YEAR.findall(title)
    return int(years[-1]) if years else None


def _gap(one: int | None, other: int | None) -> float:
    """Years between two years; half a year where one is unknown, so that an equal year comes before it."""
    return 0.5 if one is None or other is None else abs(one - other)


def _parts(title: str) -> Iterator[str]:
    """Further normal forms: the title without its brackets, and each bracket's content."""
    bare = _YEAR.sub("", title)
    inside = _BRACKETS.findall(bare)
    if inside:
        yield normal(_BRACKETS.sub("", bare))
        yield from (normal(re.sub(r"^a\.?k\.?a\.? ", "", part, flags=re.IGNORECASE)) for part in inside)

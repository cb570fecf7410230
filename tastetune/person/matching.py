"""The titles of a person's list in a dataset's catalogue: as they stand, in their normal form, or not at all."""

from collections.abc import Mapping
from difflib import get_close_matches

import pyarrow as pa

from tastetune.data.exports.export import OwnRating
from tastetune.tasks.catalogue import Catalogue, normal

NEAR = 0.8
"""From this likeness of their normal forms on (`difflib`'s ratio) a title is named as perhaps meant."""


class TitleMatcher:
    """Finds titles in a catalogue."""

    def __init__(self, items: pa.Table, ratings: Mapping[str, int]):
        """Args:
        items: the dataset's `item_id` and `title`.
        ratings: how many ratings each item has: of several items of one title the one with the most is found.
        """
        ids, titles = items["item_id"].to_pylist(), items["title"].to_pylist()
        by_number = sorted(zip(ids, titles, strict=True), key=lambda pair: (ratings.get(pair[0], 0), pair[0]))
        self.titles = dict(zip(ids, titles, strict=True))
        self._exact = {title: item for item, title in by_number}
        self._normal = {normal(title): title for _, title in by_number}
        self._catalogue = Catalogue(ids, titles, ratings)

    def item(self, entry: OwnRating) -> str | None:
        """The item that an entry of a list is; None where the catalogue has none.

        An ISBN that is an item's id decides. With an author or artist the title is looked for together with them, and
        alone only where it is an item's whole title, for many a song is called Intro. A year may be off by one.
        """
        known = [isbn for isbn in entry.isbns if isbn in self.titles]
        if known:
            return known[0]
        if entry.by is None:
            return self.named(f"{entry.title} ({entry.year})" if entry.year else entry.title)
        both = (f"{entry.title} ({entry.by})", f"{entry.by} - {entry.title}", f"{entry.title} - {entry.by}")
        whole = self._normal.get(normal(entry.title))
        return next((self._exact[title] for title in map(self._whole, both) if title), whole and self._exact[whole])

    def named(self, title: str) -> str | None:
        """The item of this title, as it stands or in its normal form; see `tastetune.tasks.catalogue.Catalogue`."""
        return self._exact.get(title) or self._catalogue.match(title)

    def near(self, title: str) -> str | None:
        """The title of the catalogue that is written most alike, if one is alike at all."""
        likest = get_close_matches(normal(title), self._normal, n=1, cutoff=NEAR)
        return self._normal[likest[0]] if likest else None

    def _whole(self, text: str) -> str | None:
        """The catalogue's title whose normal form is that of all of `text`, brackets included."""
        return self._normal.get(normal(text))

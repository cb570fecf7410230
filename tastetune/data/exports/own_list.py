"""A list that a person wrote: a CSV file with a column `title`, and `rating` or `liked` beside it.

    title,rating
    Alien (1979),5
    "Matrix, The",2

`year` and `date` (2024-01-31) may stand beside them. The scale is the smallest usual one that holds all ratings.
"""

import re
from collections.abc import Sequence

from tastetune.data.exports.export import Entries, Export, OwnRating
from tastetune.data.exports.files import ExportFile
from tastetune.data.exports.tables import dated, named, rated, table, year
from tastetune.errors import InputError

LIKED = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": None}
MOST = 100.0


def read(files: Sequence[ExportFile]) -> Entries:
    """The titles, with what was said of each."""
    if len(files) != 1:
        raise InputError(f"{files[0].path}: {len(files)} files; name one list, or say whose export it is by --format")
    entries = []
    for place, row in table(files[0], ()):
        fields = {name.casefold(): value for name, value in row.items()}
        if "title" not in fields:
            raise InputError(
                f"{files[0].place}: no column 'title'; it has {', '.join(row)[:200]}: write a list with the columns "
                "title and rating, or say whose export it is by --format"
            )
        entries.append(
            OwnRating(
                named(place, fields["title"]),
                year(fields.get("year", "")),
                rating=rated(place, fields.get("rating", ""), -MOST, MOST),
                liked=_liked(place, fields.get("liked", "")),
                time=dated(place, fields.get("date", ""), "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S"),
            )
        )
    return entries, {}


def _liked(place: str, text: str) -> bool | None:
    if text.casefold() not in LIKED:
        raise InputError(f"{place}: liked is {text!r}, expected one of 1, 0, yes, no, true, false; mend the line")
    return LIKED[text.casefold()]


EXPORT = Export("list", read, mark=re.compile(rb"(?i)\btitle\b"))

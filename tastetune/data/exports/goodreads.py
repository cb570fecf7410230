"""Goodreads: `goodreads_library_export.csv`.

Ratings are 1 to 5, and 0 stands for none; an ISBN is written `="0441013597"`, so that a spreadsheet keeps its zeros; a
title ends in its series, `Dune (Dune, #1)`; dates are `2024/01/31`.
"""

import re
from collections.abc import Sequence

from tastetune.data.exports.export import Entries, Export, OwnRating
from tastetune.data.exports.files import ExportFile
from tastetune.data.exports.tables import dated, named, rated, table
from tastetune.errors import InputError

COLUMNS = ("Title", "Author", "My Rating", "Exclusive Shelf")
SCALE = (1.0, 5.0)
YET_TO_BE_READ = "books on the shelf to-read, without a rating"

_SERIES = re.compile(r"\s*\([^()]*#[^()]*\)$")


def read(files: Sequence[ExportFile]) -> Entries:
    """The books that were read or rated. A book's year is that of an edition, so none is told."""
    if len(files) != 1:
        raise InputError(f"{files[0].path}: {len(files)} files, and an export of Goodreads is one; name that file")
    entries, waiting = [], 0
    for place, row in table(files[0], COLUMNS):
        rating = rated(place, row["My Rating"], *SCALE, unrated="0")
        if rating is None and row["Exclusive Shelf"] == "to-read":
            waiting += 1
            continue
        entries.append(
            OwnRating(
                named(place, _SERIES.sub("", row["Title"]) or row["Title"]),
                by=row["Author"] or None,
                rating=rating,
                time=dated(place, row.get("Date Read") or row.get("Date Added", ""), "%Y/%m/%d", "%Y-%m-%d"),
                isbns=tuple(isbn for name in ("ISBN", "ISBN13") if (isbn := _isbn(row.get(name, "")))),
            )
        )
    return entries, {YET_TO_BE_READ: waiting}


def _isbn(text: str) -> str:
    """The digits of `="0441013597"`; empty where there are none."""
    return text.removeprefix("=").strip('"')


EXPORT = Export(
    "goodreads",
    read,
    mark=re.compile(rb"My Rating.*Exclusive Shelf"),
    scale=SCALE,
    item="book",
    items="books",
    user="reader",
    verb="enjoy",
)

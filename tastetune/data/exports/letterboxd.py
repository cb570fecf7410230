"""Letterboxd: `letterboxd-NAME-DATE.zip`, or one of its tables.

`ratings.csv` has `Date,Name,Year,Letterboxd URI,Rating`, half stars from 0.5 to 5 and no user column; `watched.csv` the
same without ratings; `diary.csv` and `reviews.csv` a rating at each viewing; `likes/films.csv` the hearts. What lies in
`deleted/` and `orphaned/` the person has taken back, and `watchlist.csv` is yet to be seen.
"""

import re
from collections.abc import Iterator, Sequence

from tastetune.data.exports.export import Entries, Export, OwnRating
from tastetune.data.exports.files import ExportFile
from tastetune.data.exports.tables import dated, named, rated, table, year
from tastetune.errors import InputError

SCALE = (0.5, 5.0)
TABLES = ("watched.csv", "diary.csv", "reviews.csv", "ratings.csv")
"""Ratings are read from the last one that is there: `ratings.csv` holds what the person thinks of each film today."""


def read(files: Sequence[ExportFile]) -> Entries:
    """The films of all tables, watched or rated or given a heart."""
    inside = [file for file in files if not {"deleted", "orphaned"} & set(file.name.parts)]
    tables = [file for name in TABLES for file in inside if file.name.parts[-1].lower() == name]
    hearts = [file for file in inside if file.name.parts[-2:] == ("likes", "films.csv")]
    if not tables and len(files) == 1:
        tables = inside
    if not tables or tables[0].name.name.startswith("watchlist"):
        raise InputError(
            f"{files[0].path}: no table of films that were seen; expected {', '.join(TABLES)}, as in the archive that "
            "Letterboxd sends (Settings, Data, Export your data)"
        )
    entries = [entry for file in tables for entry in _films(file, with_rating=file is tables[-1])]
    return [*entries, *(entry for file in hearts for entry in _films(file, liked=True))], {}


def _films(file: ExportFile, *, with_rating: bool = False, liked: bool | None = None) -> Iterator[OwnRating]:
    plays = int(file.name.name == "diary.csv")
    for place, row in table(file, ("Name", "Year", "Letterboxd URI")):
        yield OwnRating(
            named(place, row["Name"]),
            year(row["Year"]),
            rating=rated(place, row.get("Rating", ""), *SCALE) if with_rating else None,
            liked=liked,
            time=dated(place, row.get("Watched Date") or row.get("Date", ""), "%Y-%m-%d"),
            plays=plays,
        )


EXPORT = Export(
    "letterboxd",
    read,
    mark=re.compile(rb"Letterboxd URI"),
    scale=SCALE,
    inside=re.compile("|".join(map(re.escape, TABLES))),
    item="film",
    items="films",
    user="viewer",
)

"""MyAnimeList: `animelist_NUMBER.xml.gz` or `mangalist_NUMBER.xml.gz`, packed or not.

Scores are 1 to 10, and 0 stands for none; a date that is not told is `0000-00-00`. XML is read by defusedxml, which
refuses entities: a file of a kilobyte could otherwise grow to fill the memory.
"""

import re
from collections.abc import Sequence

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from tastetune.data.exports.export import Entries, Export, OwnRating
from tastetune.data.exports.files import ExportFile
from tastetune.data.exports.tables import AS_DOWNLOADED, dated, named, rated
from tastetune.errors import InputError

SCALE = (1.0, 10.0)
TITLES = {"anime": "series_title", "manga": "manga_title"}
PLANNED = {"Plan to Watch", "Plan to Read", "6"}
YET_TO_BE_SEEN = "titles that are planned, without a score"


def read(files: Sequence[ExportFile]) -> Entries:
    """The titles of the lists that were begun or scored."""
    entries, planned = [], 0
    for file in files:
        for number, element in enumerate(_elements(file), 1):
            place = f"{file.place}, {element.tag} {number}"
            fields = {child.tag: (child.text or "").strip() for child in element}
            rating = rated(place, fields.get("my_score", ""), *SCALE, unrated="0")
            if rating is None and fields.get("my_status") in PLANNED:
                planned += 1
                continue
            dates = (fields.get(name, "") for name in ("my_finish_date", "my_start_date"))
            told = next((date for date in dates if date.strip("0-")), "")
            title = named(place, fields.get(TITLES[element.tag]))
            entries.append(OwnRating(title, rating=rating, time=dated(place, _whole(told), "%Y-%m-%d")))
    return entries, {YET_TO_BE_SEEN: planned}


def _elements(file: ExportFile) -> list:
    try:
        root = fromstring(file.content)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise InputError(f"{file.place}: no XML that can be read ({error}); {AS_DOWNLOADED}") from error
    if root.tag != "myanimelist":
        raise InputError(
            f"{file.place}: its outermost element is {root.tag!r}, expected 'myanimelist'; {AS_DOWNLOADED}"
        )
    return [element for element in root if element.tag in TITLES]


def _whole(date: str) -> str:
    """A date whose day or month is not told (`2019-04-00`) as the first of it."""
    return date.replace("-00", "-01")


EXPORT = Export(
    "myanimelist",
    read,
    mark=re.compile(rb"<myanimelist>"),
    scale=SCALE,
    item="anime",
    items="anime",
    user="viewer",
)

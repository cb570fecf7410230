"""Netflix: `NetflixViewingHistory.csv` of one profile, or `ViewingActivity.csv` out of the account's data.

The first has `Title,Date`: titles without ratings, a line an episode (`Dark: Season 1: Secrets`), dates as they are
written in the account's country. The second has a line a session, a column `Profile Name`, and trailers between the
films.
"""

import re
from collections.abc import Iterator, Sequence

from tastetune.data.exports.export import Entries, Export, OwnRating
from tastetune.data.exports.files import ExportFile
from tastetune.data.exports.tables import AS_DOWNLOADED, dated, lines, named, table
from tastetune.errors import InputError

TRAILERS = "trailers and other clips"
ACTIVITY = "ViewingActivity.csv"

_SEASON = re.compile(
    r": (?:(?:Season|Series|Part|Volume|Book|Chapter|Collection|Staffel|Teil|Saison|Partie|Temporada|Parte|Stagione"
    r"|Seizoen|Sæson|Säsong|Sezon) \d+|Limited Series|Miniserie|Mini-série)\b.*"
)
_NUMBERS = re.compile(r"(\d{1,4})\D(\d{1,2})\D(\d{2,4})\.?")


def read(files: Sequence[ExportFile]) -> Entries:
    """The titles that were watched, the episodes of a series as one."""
    if len(files) > 1:
        files = [file for file in files if file.name.name == ACTIVITY]
    if len(files) != 1:
        raise InputError(f"the export holds no {ACTIVITY}; name the file NetflixViewingHistory.csv, or the archive")
    _, header = next(lines(files[0]), ("", []))
    return _activity(files[0]) if "Profile Name" in header else (list(_history(files[0])), {})


def _history(file: ExportFile) -> Iterator[OwnRating]:
    rows = list(table(file, ("Title", "Date")))
    form = _order([(place, row["Date"]) for place, row in rows])
    for place, row in rows:
        time = dated(place, "-".join(_numbers(place, row["Date"])), form.replace("%Y", "%y"), form)
        yield OwnRating(_show(named(place, row["Title"])), time=time)


def _activity(file: ExportFile) -> Entries:
    entries, profiles, clips = [], {}, 0
    for place, row in table(file, ("Profile Name", "Start Time", "Title")):
        profiles.setdefault(row["Profile Name"], place)
        if row.get("Supplemental Video Type"):
            clips += 1
        else:
            time = dated(place, row["Start Time"], "%Y-%m-%d %H:%M:%S")
            entries.append(OwnRating(_show(named(place, row["Title"])), time=time))
    if len(profiles) > 1:
        raise InputError(
            f"{file.place}: {len(profiles)} profiles ({', '.join(profiles)}), and a list is one person's; keep the "
            "lines of one, or name that profile's own NetflixViewingHistory.csv"
        )
    return entries, {TRAILERS: clips}


def _show(title: str) -> str:
    """A series without its season and episode; a film as it is."""
    return _SEASON.sub("", title)


def _order(dates: list[tuple[str, str]]) -> str:
    """The form of all dates of a file: what a month cannot be is a day; where nothing tells, the month stands first."""
    months = [set(), set()]
    for place, date in dates:
        numbers = _numbers(place, date)
        if len(numbers[0]) == 4:
            return "%Y-%m-%d"
        for number, seen in zip(numbers, months, strict=False):
            seen.add(int(number))
    return "%d-%m-%Y" if max(months[0], default=0) > 12 else "%m-%d-%Y"


def _numbers(place: str, date: str) -> tuple[str, ...]:
    found = _NUMBERS.fullmatch(date)
    if found is None:
        raise InputError(f"{place}: the date is {date!r}, expected one like 1/31/24 or 31.01.2024; {AS_DOWNLOADED}")
    return found.groups()


EXPORT = Export(
    "netflix_history",
    read,
    mark=re.compile(rb'^(?:\xef\xbb\xbf)?(?:"?Title"?,"?Date"?\s|"?Profile Name"?,)'),
    inside=re.compile(re.escape(ACTIVITY)),
    item="title",
    items="titles",
    user="viewer",
)

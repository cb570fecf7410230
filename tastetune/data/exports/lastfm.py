"""Last.fm: scrobbles as CSV, a line a play, from one of the three tools that people take.

Last.fm itself exports nothing. lastfmstats.com writes `Artist;Album;AlbumId;Track;Date#user` with milliseconds,
lastfm.ghan.nl `uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid` with seconds, and Last.fm to CSV
`artist,album,track,date` without a header, dates as `31 Jan 2024 12:05` or `31 Jan 2024, 12:05`.
"""

import re
from collections.abc import Iterator, Sequence

from tastetune.data.exports.export import Entries, Export, OwnRating
from tastetune.data.exports.files import ExportFile
from tastetune.data.exports.tables import dated, lines, named, table
from tastetune.errors import InputError

NOW_PLAYING = "plays without a date, which were not over yet"


def read(files: Sequence[ExportFile]) -> Entries:
    """Every play."""
    entries = [entry for file in files for entry in _plays(file)]
    done = [entry for entry in entries if entry.time is not None]
    return done, {NOW_PLAYING: len(entries) - len(done)}


def _plays(file: ExportFile) -> Iterator[OwnRating]:
    first = file.content[:200].decode("utf-8-sig", errors="replace").partition("\n")[0]
    if first.startswith(("Artist;", '"Artist";')):
        yield from _of_lastfmstats(file)
    elif re.match('"?uts"?,', first):
        for place, row in table(file, ("uts", "artist", "track")):
            yield _play(place, row["artist"], row["track"], _seconds(place, row["uts"]))
    else:
        for place, fields in lines(file):
            if len(fields) != 4:
                raise InputError(
                    f"{place}: {len(fields)} fields, expected artist, album, track and date; take the file as the tool "
                    "wrote it"
                )
            artist, _, track, date = (field.strip() for field in fields)
            time = dated(place, date, "%d %b %Y %H:%M", "%d %b %Y, %H:%M")
            yield _play(place, artist, track, time)


def _of_lastfmstats(file: ExportFile) -> Iterator[OwnRating]:
    for place, row in table(file, ("Artist", "Track"), ";"):
        date = next((value for name, value in row.items() if name.startswith("Date")), "")
        time = _seconds(place, date)
        yield _play(place, row["Artist"], row["Track"], None if time is None else time // 1000)


def _play(place: str, artist: str, track: str, time: int | None) -> OwnRating:
    return OwnRating(named(place, track, "track"), by=named(place, artist, "artist"), time=time)


def _seconds(place: str, text: str) -> int | None:
    """A number of seconds or milliseconds; None for an empty field and for 0."""
    if not re.fullmatch(r"\d{0,15}", text):
        raise InputError(f"{place}: the time is {text!r}, expected a whole number; mend the line")
    return int(text or 0) or None


EXPORT = Export(
    "lastfm",
    read,
    mark=re.compile(rb'^(?:\xef\xbb\xbf)?(?:"?Artist"?;"?Album"?;|"?uts"?,"?utc_time"?,)'),
    item="track",
    items="tracks",
    user="listener",
)

"""Spotify: `my_spotify_data.zip`, or one of its files of plays, a year's or a lifetime's.

A year's, `StreamingHistory_music_0.json`, has `endTime` (UTC, to the minute), `artistName`, `trackName` and `msPlayed`.
A lifetime's, `Streaming_History_Audio_2019-2021_1.json`, has `ts`, `master_metadata_album_artist_name`,
`master_metadata_track_name` (null for a podcast) and `ms_played`.
"""

import re
from collections.abc import Sequence
from typing import Any

from tastetune.data.exports.export import Entries, Export, OwnRating
from tastetune.data.exports.files import ExportFile
from tastetune.data.exports.tables import AS_DOWNLOADED, dated, named, records
from tastetune.errors import InputError

PLAYED_MS = 30_000
"""A play counts from half a minute on, as Spotify itself counts streams."""

SHORT, SPOKEN = "plays of less than half a minute", "plays of podcasts, books and videos"

_PLAYS = re.compile(r"(StreamingHistory|Streaming_History|endsong).*\.json")
_YEAR = ("endTime", "artistName", "trackName", "msPlayed")
_LIFETIME = ("ts", "master_metadata_album_artist_name", "master_metadata_track_name", "ms_played")


def read(files: Sequence[ExportFile]) -> Entries:
    """Every play of a track."""
    if len(files) > 1:
        files = [file for file in files if _PLAYS.fullmatch(file.name.name)]
    if not files:
        raise InputError(
            "the export holds no file of plays, such as StreamingHistory_music_0.json; ask Spotify for the account's "
            "data or the extended streaming history"
        )
    entries, left_out = [], {SHORT: 0, SPOKEN: 0}
    for file in files:
        for number, record in enumerate(records(file), 1):
            entry = _play(f"{file.place}, play {number}", record)
            if isinstance(entry, str):
                left_out[entry] += 1
            else:
                entries.append(entry)
    return entries, left_out


def _play(place: str, record: dict[str, Any]) -> OwnRating | str:
    """A play of a track, or why it is none."""
    when, artist, track, played = _YEAR if "endTime" in record else _LIFETIME
    if not isinstance(record.get(when), str) or not isinstance(record.get(played), int):
        raise InputError(f"{place}: no {when!r} or no {played!r} in it; {AS_DOWNLOADED}")
    if not record.get(track):
        return SPOKEN
    if record[played] < PLAYED_MS:
        return SHORT
    time = dated(place, record[when], "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z")
    return OwnRating(named(place, record[track], "track"), by=named(place, record.get(artist), "artist"), time=time)


EXPORT = Export(
    "spotify",
    read,
    mark=re.compile(rb'"(?:msPlayed|ms_played)"'),
    inside=_PLAYS,
    item="track",
    items="tracks",
    user="listener",
)

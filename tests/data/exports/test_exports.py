"""Each service's export as it comes: what is read of it, what is left out, and what is refused."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_exports import (
    ANIME,
    GOODREADS,
    LETTERBOXD,
    LIFETIME,
    NETFLIX,
    SCROBBLES,
    packed,
    write,
    write_spotify,
    write_zip,
)

from tastetune.data.exports import EXPORTS, read_export
from tastetune.data.exports.export import OwnRating, one_a_title
from tastetune.errors import InputError


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())


def told(own) -> dict[str, tuple]:
    """Rating, heart and date by the title as a catalogue writes it."""
    date = {
        entry.name: entry.time and datetime.fromtimestamp(entry.time, UTC).date().isoformat() for entry in own.ratings
    }
    return {entry.name: (entry.rating, entry.liked, date[entry.name]) for entry in own.ratings}


def test_letterboxd_as_downloaded(tmp_path):
    """Half stars without a user; today's rating wins over the one in the diary; a heart; what is only watched."""
    own = read_export(write_zip(tmp_path / "letterboxd-made-2024-03-02.zip", LETTERBOXD))
    assert own.export.name == "letterboxd"
    assert told(own) == {
        "Harbour, the Movie (2001)": (2.0, None, "2024-02-01"),
        "Orchard (1990)": (None, None, "2024-02-03"),
        "Winter (1988)": (None, True, "2024-02-04"),
        "Night Train (1959)": (4.5, None, "2024-03-01"),
    }
    for name, text in LETTERBOXD.items():
        write(tmp_path / "unpacked" / name, text)
    assert read_export(tmp_path / "unpacked").ratings == own.ratings


def test_one_table_of_letterboxd(tmp_path):
    diary = read_export(write(tmp_path / "diary.csv", LETTERBOXD["diary.csv"]))
    assert told(diary) == {"Night Train (1959)": (1.0, None, "2024-03-01")}
    renamed = read_export(write(tmp_path / "mine.csv", LETTERBOXD["ratings.csv"]), "letterboxd")
    assert [entry.rating for entry in renamed.ratings] == [4.5, 2.0]
    with pytest.raises(InputError, match=r"watchlist\.csv: no table of films that were seen"):
        read_export(write(tmp_path / "watchlist.csv", LETTERBOXD["watchlist.csv"]))


def test_goodreads(tmp_path):
    """0 is unrated, an ISBN stands in `="..."`, a series behind the title, and books to read are no list of taste."""
    own = read_export(write(tmp_path / "goodreads_library_export.csv", GOODREADS))
    assert own.export.name == "goodreads"
    assert told(own) == {
        "Mirror (Ben Sato)": (None, None, "2023-12-25"),
        "The Lantern (Ada Moor)": (5.0, None, "2024-01-31"),
    }
    assert [entry.isbns for entry in own.ratings] == [(), ("0123456789", "9780123456786")]
    assert own.left_out == {"books on the shelf to-read, without a rating": 1}


def test_netflix_history(tmp_path):
    """Titles without ratings; the episodes of a series are one title, and a colon alone makes no series."""
    own = read_export(write(tmp_path / "NetflixViewingHistory.csv", NETFLIX))
    assert [(entry.title, entry.plays) for entry in own.ratings] == [
        ("Mirror: Part of the Whole", 1),
        ("Harbour", 1),
        ("Station", 2),
        ("Night Train", 1),
    ]
    assert [entry.time for entry in own.ratings] == [
        at(2023, 12, 30),
        at(2023, 12, 31),
        at(2024, 1, 30),
        at(2024, 1, 31),
    ]
    assert not own.is_rated


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (("1/2/24", "1/31/24"), (2024, 1, 2)),  # 31 is no month, so the month stands first
        (("2/1/2024", "31/1/2024"), (2024, 1, 2)),
        (("02.01.24", "31.01.24"), (2024, 1, 2)),
        (("2024-01-02", "2024-01-31"), (2024, 1, 2)),
        (("3/4/24", "3/5/24"), (2024, 3, 4)),  # nothing tells: as in the United States
    ],
)
def test_the_order_of_day_and_month_is_that_of_all_dates(tmp_path, dates, first):
    text = "Title,Date\n" + "".join(f'Film {n},"{date}"\n' for n, date in enumerate(dates))
    assert read_export(write(tmp_path / "NetflixViewingHistory.csv", text)).ratings[0].time == at(*first)


def test_netflix_account_data(tmp_path):
    """A trailer is no film, and the lines of two profiles are two persons'."""
    header = "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Device Type\n"
    lines = "Ada,2024-01-31 20:00:00,01:30:00,,Night Train,,TV\nAda,2024-01-31 19:59:00,00:00:30,,Echo,TRAILER,TV\n"
    files = {"CONTENT_INTERACTION/ViewingActivity.csv": header + lines, "PROFILES/Profiles.csv": "Profile Name\nAda\n"}
    own = read_export(write_zip(tmp_path / "netflix-report.zip", files))
    assert [entry.title for entry in own.ratings] == ["Night Train"]
    assert own.left_out == {"trailers and other clips": 1}
    two = header + lines + "Ben,2024-01-31 20:00:00,01:30:00,,Echo,,TV\n"
    with pytest.raises(InputError, match=r"2 profiles \(Ada, Ben\), and a list is one person's; keep the lines of one"):
        read_export(write(tmp_path / "ViewingActivity.csv", two))


def test_myanimelist(tmp_path):
    """Packed as it comes; 0 is no score, a day that is not told is the first, and what is planned was not seen."""
    (tmp_path / "animelist_1.xml.gz").write_bytes(packed(ANIME))
    own = read_export(tmp_path / "animelist_1.xml.gz")
    assert told(own) == {"Umi no Uta": (None, None, None), "Kaze & Hoshi": (9.0, None, "2019-04-01")}
    assert own.left_out == {"titles that are planned, without a score": 1}
    assert own.scale == (1.0, 10.0)


def test_an_entity_that_would_fill_the_memory_is_refused(tmp_path):
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>' + ANIME.partition("\n")[2]
    )
    with pytest.raises(InputError, match=r"no XML that can be read .*take the file as it was downloaded"):
        read_export(write(tmp_path / "animelist.xml", bomb.replace("<![CDATA[Umi no Uta]]>", "&b;")))


@pytest.mark.parametrize("tool", SCROBBLES)
def test_lastfm_by_each_tool(tmp_path, tool):
    own = read_export(write(tmp_path / "scrobbles.csv", SCROBBLES[tool]), "lastfm")
    assert [(entry.by, entry.title, entry.plays, entry.time) for entry in own.ratings] == [
        ("Moor", "Intro", 1, at(2024, 1, 30, 12)),
        ("The Tides", "Ebb", 2, at(2024, 1, 31, 12, 5)),
    ]


def test_spotify_a_year_and_a_lifetime(tmp_path):
    own = read_export(write_spotify(tmp_path / "my_spotify_data.zip"))
    assert [(entry.name, entry.time) for entry in own.ratings] == [("Ebb (The Tides)", at(2024, 1, 31, 12, 5))]
    assert own.left_out == {"plays of less than half a minute": 1, "plays of podcasts, books and videos": 1}
    path = write(tmp_path / "Streaming_History_Audio_2019_0.json", json.dumps(LIFETIME))
    assert [(entry.name, entry.time) for entry in read_export(path).ratings] == [("Ebb (The Tides)", at(2019, 5, 1, 8))]


def test_a_list_of_ones_own(tmp_path):
    own = read_export(write(tmp_path / "mine.csv", "\ufeffTitle,Year,Rating,Liked\nNight Train,1959,8,\nEcho,,,no\n"))
    assert own.export.name == "list"
    assert told(own) == {"Night Train (1959)": (8.0, None, None), "Echo": (None, False, None)}
    assert own.scale == (1.0, 10.0)


@pytest.mark.parametrize(
    ("ratings", "scale"),
    [((0, 1), (0, 1)), ((1, 5), (1, 5)), ((0, 4), (0, 5)), ((0.5, 5), (0, 5)), ((3, 9), (1, 10)), ((-3, 2), (-10, 10))],
)
def test_the_scale_of_ones_own_list_is_the_smallest_that_holds_it(tmp_path, ratings, scale):
    text = "title,rating\n" + "".join(f"Film {n},{rating}\n" for n, rating in enumerate(ratings))
    assert read_export(write(tmp_path / "mine.csv", text)).scale == scale


@pytest.mark.parametrize("name", sorted({*EXPORTS} - {"lastfm"}))
def test_an_export_is_recognised_by_what_it_holds(tmp_path, name):
    made = {
        "letterboxd": LETTERBOXD["ratings.csv"],
        "goodreads": GOODREADS,
        "netflix_history": NETFLIX,
        "myanimelist": ANIME,
        "spotify": json.dumps(LIFETIME),
        "list": "title,rating\nEcho,5\n",
    }
    assert read_export(write(tmp_path / "download.csv", made[name])).export.name == name


REFUSED = {
    "an empty file": ("list", "", r"mine: the file is empty"),
    "a header alone": ("list", "title,rating\n", r"mine: no title in it; name a list or an export with some titles"),
    "nothing but plans": (
        "goodreads",
        GOODREADS.partition("\n")[0] + "\n" + GOODREADS[GOODREADS.index("13,Voyage") :],
        r"no title in it, but 1 books on the shelf to-read",
    ),
    "no column of titles": ("list", "film,stars\nEcho,5\n", r"no column 'title'; it has film, stars"),
    "another service": ("goodreads", NETFLIX, r"no column 'Author'; it has Title, Date.*or name another --format"),
    "a rating off the scale": (
        "letterboxd",
        LETTERBOXD["ratings.csv"].replace("4.5", "9"),
        r"mine, line 2: the rating is '9', expected a number from 0\.5 to 5",
    ),
    "a rating that is none": ("list", "title,rating\nEcho,good\n", r"line 2: the rating is 'good'"),
    "not a number": ("list", "title,rating\nEcho,nan\n", r"line 2: the rating is 'nan'"),
    "a date that is none": (
        "goodreads",
        GOODREADS.replace("2024/01/31", "31 January"),
        r"line 2: the date is '31 January', expected one like 2024/01/31",
    ),
    "a title that is none": ("list", "title,rating\n ,5\n", r"line 2: the title is empty"),
    "a field too many": ("list", "title,rating\nEcho, the Film,5\n", r"line 2: 3 fields, and the header has 2"),
    "a quote that never ends": ("list", 'title,rating\n"Echo,5\n', r"line 2: unexpected end of data"),
    "a cut file": ("spotify", json.dumps(LIFETIME)[:-1], r"no whole JSON"),
    "another list": ("spotify", "[1]", r"expected a list of objects"),
    "another object": ("spotify", '[{"a": 1}]', r"play 1: no 'ts' or no 'ms_played' in it"),
    "half an XML": ("myanimelist", ANIME[:300], r"no XML that can be read"),
    "another XML": ("myanimelist", "<rss/>", r"its outermost element is 'rss', expected 'myanimelist'"),
    "a scrobble without a track": ("lastfm", "Moor,,,30 Jan 2024 12:00\n", r"line 1: the track is empty"),
    "no scrobbles": ("lastfm", "a,b\n", r"line 1: 2 fields, expected artist, album, track and date"),
    "a like that is none": ("list", "title,liked\nEcho,maybe\n", r"liked is 'maybe', expected one of 1, 0, yes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_named(tmp_path, case):
    name, text, message = REFUSED[case]
    with pytest.raises(InputError, match=f"(?s){message}"):
        read_export(write(tmp_path / "mine", text), name)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="no such file; check the path"):
        read_export(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match=r"holds no file that ends in \.csv, \.json or \.xml"):
        read_export(write_zip(tmp_path / "photos.zip", {"photo.jpg": ""}))
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InputError, match=r"empty\.csv: the file is empty; name a list or an export"):
        read_export(tmp_path / "empty.csv")
    (tmp_path / "cut.xml.gz").write_bytes(packed(ANIME)[:-20])
    with pytest.raises(InputError, match=r"cannot be unpacked .*download it anew"):
        read_export(tmp_path / "cut.xml.gz")
    whole = write_zip(tmp_path / "whole.zip", {"ratings.csv": LETTERBOXD["ratings.csv"] * 20}).read_bytes()
    (tmp_path / "damaged.zip").write_bytes(whole[:60] + b"?" * 20 + whole[80:])
    with pytest.raises(InputError, match=r"cannot be unpacked .*download it anew"):
        read_export(tmp_path / "damaged.zip")
    (tmp_path / "cp1252.csv").write_bytes("title,rating\nEcho,5\nAmélie,4\n".encode("cp1252"))
    with pytest.raises(InputError, match=r"cp1252\.csv, line 3: bytes that are not UTF-8"):
        read_export(tmp_path / "cp1252.csv")
    (tmp_path / "notes.txt").write_text("dear diary")
    with pytest.raises(InputError, match=r"of no kind that is recognised; say whose export it is by --format"):
        read_export(tmp_path / "notes.txt")


def test_a_list_from_a_spreadsheet_in_utf_16(tmp_path):
    (tmp_path / "mine.csv").write_bytes("title,rating\nAmélie,4\n".encode("utf-16"))
    assert read_export(tmp_path / "mine.csv", "list").ratings[0].title == "Amélie"


ENTRIES = st.lists(
    st.builds(
        OwnRating,
        title=st.sampled_from(["Echo", "The Echo", "ECHO", "Winter"]),
        rating=st.none() | st.floats(1, 5),
        time=st.none() | st.integers(0, 5),
    ),
    max_size=8,
)


@given(ENTRIES)
def test_entries_of_one_title_are_one(entries):
    """No play is lost, no title stands twice, and time runs forward; what was said last is what counts."""
    merged = one_a_title(entries)
    assert sum(entry.plays for entry in merged) == len(entries)
    assert len({entry.key for entry in merged}) == len(merged) == len({entry.key for entry in entries})
    times = [-1 if entry.time is None else entry.time for entry in merged]
    assert times == sorted(times)
    for entry in merged:
        said = [other for other in entries if other.key == entry.key and other.rating is not None]
        last = max((-1 if other.time is None else other.time for other in said), default=None)
        at_last = [other.rating for other in said if (-1 if other.time is None else other.time) == last]
        assert entry.rating == (at_last[-1] if said else None)

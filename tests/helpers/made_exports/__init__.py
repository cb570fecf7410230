"""Made exports of one person, written as each service writes them."""

import gzip
import io
import json
import zipfile
from pathlib import Path

LETTERBOXD = {
    "ratings.csv": "Date,Name,Year,Letterboxd URI,Rating\n"
    "2024-01-31,Night Train,1959,https://boxd.it/aaaa,4.5\n"
    '2024-02-01,"Harbour, the Movie",2001,https://boxd.it/bbbb,2\n',
    "watched.csv": "Date,Name,Year,Letterboxd URI\n"
    "2024-01-30,Night Train,1959,https://boxd.it/aaaa\n"
    '2024-02-01,"Harbour, the Movie",2001,https://boxd.it/bbbb\n'
    "2024-02-02,Winter,1988,https://boxd.it/cccc\n"
    "2024-02-03,Orchard,1990,https://boxd.it/dddd\n",
    "diary.csv": "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
    "2024-03-02,Night Train,1959,https://boxd.it/eeee,1,Yes,,2024-03-01\n",
    "watchlist.csv": "Date,Name,Year,Letterboxd URI\n2024-02-02,Echo,1999,https://boxd.it/ffff\n",
    "likes/films.csv": "Date,Name,Year,Letterboxd URI\n2024-02-04,Winter,1988,https://boxd.it/cccc\n",
    "deleted/diary.csv": "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
    "2020-03-02,Echo,1999,https://boxd.it/gggg,1,,,2020-03-01\n",
}

GOODREADS = (
    "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Binding,"
    "Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves,"
    "Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies\n"
    '11,"The Lantern (Lantern, #1)",Ada Moor,"Moor, Ada",,"=""0123456789""","=""9780123456786""",5,4.10,Press,'
    "Paperback,300,2005,1972,2024/01/31,2023/12/24,,,read,,,,1,0\n"
    '12,Mirror,Ben Sato,"Sato, Ben",,"=""""","=""""",0,3.50,Press,Hardcover,200,1999,1999,,2023/12/25,,,read,,,,1,0\n'
    '13,Voyage,Cy Lund,"Lund, Cy",,"=""""","=""""",0,3.90,Press,Hardcover,200,2001,2001,,2023/12/26,to-read,'
    "to-read (#1),to-read,,,,0,0\n"
)

NETFLIX = "Title,Date\n" + "".join(
    f'"{title}","{date}"\n'
    for title, date in (
        ("Night Train", "1/31/24"),
        ("Station: Season 2: The Letter", "1/30/24"),
        ("Station: Season 1: Arrival", "1/2/24"),
        ("Harbour: Limited Series: One", "12/31/23"),
        ("Mirror: Part of the Whole", "12/30/23"),
    )
)

ANIME = """<?xml version="1.0" encoding="UTF-8" ?>
<myanimelist>
<myinfo><user_name>made</user_name><user_export_type>1</user_export_type></myinfo>
<anime><series_animedb_id>1</series_animedb_id><series_title><![CDATA[Kaze & Hoshi]]></series_title>
<my_start_date>2019-01-05</my_start_date><my_finish_date>2019-04-00</my_finish_date>
<my_score>9</my_score><my_status>Completed</my_status></anime>
<anime><series_animedb_id>2</series_animedb_id><series_title><![CDATA[Umi no Uta]]></series_title>
<my_start_date>0000-00-00</my_start_date><my_finish_date>0000-00-00</my_finish_date>
<my_score>0</my_score><my_status>Dropped</my_status></anime>
<anime><series_animedb_id>3</series_animedb_id><series_title><![CDATA[Later]]></series_title>
<my_score>0</my_score><my_status>Plan to Watch</my_status></anime>
</myanimelist>
"""

SCROBBLES = {
    "lastfmstats": "\ufeffArtist;Album;AlbumId;Track;Date#made\n"
    "The Tides;Low;;Ebb;1706702700000\nThe Tides;Low;;Ebb;1706702400000\nMoor;;;Intro;1706616000000\n",
    "ghan": '"uts","utc_time","artist","artist_mbid","album","album_mbid","track","track_mbid"\n'
    '"1706702700","31 Jan 2024, 12:05","The Tides","","Low","","Ebb",""\n'
    '"1706702400","31 Jan 2024, 12:00","The Tides","","Low","","Ebb",""\n'
    '"1706616000","30 Jan 2024, 12:00","Moor","","","","Intro",""\n',
    "to csv": "The Tides,Low,Ebb,31 Jan 2024 12:05\nThe Tides,Low,Ebb,31 Jan 2024 12:00\n"
    "Moor,,Intro,30 Jan 2024 12:00\n",
}
"""The same three plays by each of the three tools."""

YEAR = [
    {"endTime": "2024-01-31 12:05", "artistName": "The Tides", "trackName": "Ebb", "msPlayed": 181000},
    {"endTime": "2024-01-31 12:06", "artistName": "The Tides", "trackName": "Flow", "msPlayed": 4000},
]
LIFETIME = [
    {
        "ts": "2019-05-01T08:00:00Z",
        "ms_played": 200000,
        "master_metadata_track_name": "Ebb",
        "master_metadata_album_artist_name": "The Tides",
        "episode_name": None,
    },
    {
        "ts": "2019-05-01T09:00:00Z",
        "ms_played": 900000,
        "master_metadata_track_name": None,
        "master_metadata_album_artist_name": None,
        "episode_name": "An hour of talk",
    },
]


def write_zip(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def packed(text: str) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as file:
        file.write(text.encode())
    return out.getvalue()


def write_spotify(path: Path) -> Path:
    return write_zip(
        path,
        {
            "Spotify Account Data/StreamingHistory_music_0.json": json.dumps(YEAR),
            "Spotify Account Data/StreamingHistory_podcast_0.json": json.dumps(
                [{"endTime": "2024-01-31 12:05", "podcastName": "Talk", "episodeName": "One", "msPlayed": 900000}]
            ),
            "Spotify Account Data/Userdata.json": json.dumps({"username": "made"}),
        },
    )

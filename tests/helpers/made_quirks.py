"""Logs as people really have them, one quirk a file: made ones, each with what it must be understood to be."""

import bz2
import gzip
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

USERS, ITEMS, EACH = 12, 20, 8
START = datetime(2001, 3, 14, 15, 9, 26, tzinfo=UTC)
FIRST = int(START.timestamp())
DAY = 984_528_000  # its midnight: 11,395 days after 1970 began
SHELVES = ("Crime", "Poetry", "Travel")


@dataclass(frozen=True)
class Quirk:
    """A log with something about it that a builder has to see.

    Attributes:
        write: writes its files into a folder; returns the flags that name them, which are the first command.
        doubts: the flags that answer the questions of the first command, none where it goes through.
        answers: the flags added to the second command.
        kind, scale, like_from, times: what the feedback and the times are.
        rows, users, items: figures of the log that comes out.
        words: the prompt's words for an item and several.
        settings: further arguments that must be found.
        notes: rows set aside or mended.
        first: of the earliest row.
        titled: where the titles come from.
    """

    write: Callable[[Path], list]
    doubts: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    kind: str = "ratings"
    scale: tuple[float, float] | None = (1, 5)
    like_from: float | None = 4
    times: str = "seconds"
    rows: int = USERS * EACH
    users: int = USERS
    items: int = ITEMS
    words: tuple[str, str] = ("item", "items")
    settings: dict = field(default_factory=dict)
    notes: tuple[int, ...] = ()
    first: dict = field(default_factory=lambda: {"rating": 1.0, "timestamp": FIRST})
    titled: str = "catalogue"


def log() -> list[tuple[int, int, int, int]]:
    """Twelve users, eight of twenty items each: user, item, 1 to 5, seconds; a day and an hour apart."""
    return [
        (user, (3 * user + 7 * place) % ITEMS + 1, (user + place * place) % 5 + 1, FIRST + 90_000 * (8 * user + place))
        for user in range(USERS)
        for place in range(EACH)
    ]


def moment(seconds: int, form: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(form)


def lines(rows: list, sep: str = ",", header: tuple[str, ...] = (), end: str = "\n") -> str:
    """Rows as a delimited text; values stand in quotes where they need them."""

    def written(value: object) -> str:
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if sep in text or "\n" in text else text

    return "".join(sep.join(map(written, row)) + end for row in [*([header] if header else []), *rows])


def text(folder: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode(encoding))
    return path


def books(
    sep: str = ",", header: tuple[str, ...] = ("book_id", "title", "genres"), genres: Callable = SHELVES.__getitem__
):
    return lines([(n, f"Café No. {n}", genres(n % 3)) for n in range(1, ITEMS + 1)], sep, header)


def movielens(folder: Path) -> list:
    films = [(n, f"Café No. {n} (19{n + 40})", f"{SHELVES[n % 3]}|Drama") for n in range(1, ITEMS + 1)]
    return [
        "--log",
        text(folder, "ratings.dat", lines(log(), "::")),
        "--items",
        text(folder, "movies.dat", lines(films, "::"), "latin-1"),
    ]


def tabs_without_header(folder: Path) -> list:
    return ["--log", text(folder, "u.data", lines(log(), "\t"))]


def crossing(folder: Path) -> list:
    rows = [(u, f"{i:010}", stars + 5 * (u % 2) if (u + i) % 2 else 0) for u, i, stars, _ in log()]
    quoted = '"User-ID";"ISBN";"Book-Rating"\r\n' + "".join(";".join(f'"{v}"' for v in row) + "\r\n" for row in rows)
    named = [(f"{n:010}", f"Ein “kühler” Fall {n}", 1990 + n) for n in range(1, ITEMS + 1)]
    titles = '"ISBN";"Book-Title";"Year"\r\n' + "".join(";".join(f'"{v}"' for v in row) + "\r\n" for row in named)
    return [
        "--log",
        text(folder, "ratings.csv", quoted, "cp1252"),
        "--items",
        text(folder, "books.csv", titles, "cp1252"),
    ]


def anime(folder: Path) -> list:
    rows = [(user, item, -1 if (user + item) % 4 == 0 else 2 * stars) for user, item, stars, _ in log()]
    named = [(n, f"Tale {n}", "Action, Sci-Fi" if n % 2 else "Drama") for n in range(1, ITEMS + 1)]
    return [
        "--log",
        text(folder, "rating.csv", lines(rows, ",", ("user_id", "anime_id", "rating"))),
        "--items",
        text(folder, "anime.csv", lines(named, ",", ("anime_id", "name", "genre"))),
    ]


def reviews(folder: Path) -> list:
    rows = [
        {
            "reviewerID": f"A{user:03}",
            "asin": f"B{item:04}",
            "overall": float(stars),
            "unixReviewTime": time,
            "vote": "2",
        }
        for user, item, stars, time in log()
    ]
    path = folder / "reviews.json.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0))
    return ["--log", path]


def json_array(folder: Path) -> list:
    rows = [dict(zip(("user", "game", "score", "created_at"), row, strict=True)) for row in log()]
    rows = [
        row | {"score": 20 * row["score"], "created_at": moment(row["created_at"], "%Y-%m-%dT%H:%M:%S.250Z")}
        for row in rows
    ]
    games = [{"id": n, "name": f"Game {n}", "tags": ["puzzle", SHELVES[n % 3]]} for n in range(1, ITEMS + 1)]
    return [
        "--log",
        text(folder, "log.json", json.dumps(rows, indent=1)),
        "--items",
        text(folder, "games.json", json.dumps(games)),
    ]


def hive_parquet(folder: Path) -> list:
    names = ("userId", "songId", "rating", "timestamp")
    columns = dict(zip(names, map(list, zip(*log(), strict=True)), strict=True))
    columns["timestamp"] = [1000 * time + 7 for time in columns["timestamp"]]
    (folder / "rating=3").mkdir()
    pq.write_table(pa.table(columns), folder / "rating=3" / "part[0]*.parquet")
    return ["--log", folder / "rating=3" / "part[0]*.parquet"]


def utf_16(folder: Path) -> list:
    rows = [(f"Zoë {user}", item, stars, moment(time, "%Y-%m-%d %H:%M:%S")) for user, item, stars, time in log()]
    return [
        "--log",
        text(folder, "export.txt", lines(rows, "\t", ("Reader", "Book", "Stars", "Date"), "\r\n"), "utf-16"),
        "--items",
        text(folder, "books.csv", books(), "utf-8-sig"),
    ]


def chinese(folder: Path) -> list:
    rows = [(f"张三{user}", f"活着{item}", stars, moment(time, "%Y/%m/%d")) for user, item, stars, time in log()]
    return ["--log", text(folder, "评分.csv", lines(rows, ",", ("用户", "电影", "评分", "日期")), "gbk")]


def german(folder: Path) -> list:
    rows = [
        (user, item, f"{stars - 0.5:.1f}".replace(".", ","), moment(time, "%d.%m.%Y"))
        for user, item, stars, time in log()
    ]
    return [
        "--log",
        text(folder, "bewertungen.csv", lines(rows, ";", ("Nutzer", "Buch", "Bewertung", "Datum"), "\r\n")),
        "--items",
        text(folder, "buch.csv", lines([(n, f"Buch {n}") for n in range(1, ITEMS + 1)], ";", ("Buch", "Titel"))),
    ]


def plays(folder: Path) -> list:
    rows = [(user, item, 3 ** (stars + user % 4)) for user, item, stars, _ in log()]
    artists = [(n, f"Band {n}", "http://x/y") for n in range(1, ITEMS + 1)]
    return [
        "--log",
        text(folder, "user_artists.dat", lines(rows, "\t", ("userID", "artistID", "weight"))),
        "--items",
        text(folder, "artists.dat", lines(artists, "\t", ("id", "name", "url"))),
    ]


def dates(form: str, seconds: Callable[[int], int] = lambda time: time) -> Callable[[Path], list]:
    def write(folder: Path) -> list:
        rows = [(user, item, stars, moment(seconds(time), form)) for user, item, stars, time in log()]
        return ["--log", text(folder, "log.csv", lines(rows, ",", ("user", "item", "rating", "date")))]

    return write


def early(time: int) -> int:
    """A day of the first twelve of some month, so that day and month may be either."""
    day = datetime.fromtimestamp(time, UTC)
    return int(day.replace(day=day.day % 12 + 1).timestamp())


def days_since_1900(folder: Path) -> list:
    epoch = datetime(1899, 12, 30, tzinfo=UTC)  # as spreadsheets count
    rows = [
        (u, i, s, f"{(START + timedelta(seconds=t - FIRST) - epoch) / timedelta(days=1):.2f}") for u, i, s, t in log()
    ]
    return ["--log", text(folder, "log.tsv", lines(rows, "\t", ("user_id", "beer_id", "review_overall", "time")))]


def recbole(folder: Path) -> list:
    head = ("user_id:token", "item_id:token", "rating:float", "timestamp:float")
    named = [(n, f"Song {n}", "rock jazz" if n % 2 else "jazz") for n in range(1, ITEMS + 1)]
    of_items = ("item_id:token", "track_name:token_seq", "genre:token_seq")
    return [
        "--log",
        text(folder, "songs.inter", lines([(*row[:3], float(row[3])) for row in log()], "\t", head)),
        "--items",
        text(folder, "songs.item", lines(named, "\t", of_items)),
    ]


def clicks(folder: Path) -> list:
    rows = [(moment(time, "%Y-%m-%dT%H:%M:%SZ"), user, item) for user, item, _, time in log()]
    again = [(moment(FIRST + 10**7 + n, "%Y-%m-%dT%H:%M:%SZ"), *row[1:]) for n, row in enumerate(rows[:9])]
    return ["--log", text(folder, "events.csv", lines([*rows, *again], ",", ("event_time", "visitorid", "itemid")))]


def spaces_bz2(folder: Path) -> list:
    (folder / "log.txt.bz2").write_bytes(bz2.compress(lines(log(), " ", ("user", "movie", "stars", "time")).encode()))
    return ["--log", folder / "log.txt.bz2"]


def pipes_zip(folder: Path) -> list:
    with zipfile.ZipFile(folder / "log.zip", "w") as archive:
        archive.writestr("data/log.psv", lines(log(), "|", ("customer", "product", "rating", "timestamp")))
        archive.writestr("__MACOSX/data/._log.psv", "x")
    return ["--log", folder / "log.zip"]


def zstandard(folder: Path) -> list:
    with pa.CompressedOutputStream(str(folder / "log.csv.zst"), "zstd") as file:
        file.write(lines(log(), ",", ("user_id", "game_id", "rating", "ts")).encode())
    return ["--log", folder / "log.csv.zst"]


def open_quotes(folder: Path) -> list:
    titles = [(n, f'"Heroes" and {n}' if n % 2 else f'"Open {n}') for n in range(1, ITEMS + 1)]
    rows = lines(log(), "\t", ("user", "song", "rating", "timestamp"))
    return [
        "--log",
        text(folder, "log.tsv", rows),
        "--items",
        text(folder, "songs.tsv", lines(titles, "\t", ("song", "title"))),
    ]


def lists_of_genres(form: Callable[[list[str]], object]) -> Callable[[Path], list]:
    def write(folder: Path) -> list:
        named = [(n, f"Book {n}", form(["Crime", SHELVES[n % 3]])) for n in range(1, ITEMS + 1)]
        path = folder / "books.csv"
        path.write_text(
            "book_id,title,genres\n"
            + "".join(f'{n},{t},"{str(g).replace(chr(34), chr(34) * 2)}"\n' for n, t, g in named)
        )
        return [
            "--log",
            text(folder, "log.csv", lines(log(), ",", ("user_id", "book_id", "rating", "timestamp"))),
            "--items",
            path,
        ]

    return write


def poor_catalogue(folder: Path) -> list:
    named = [(n, f"Book {n}") for n in range(1, ITEMS - 1)]  # two items are missing
    doubled = [*named, named[0], (3, "Another name")]
    return [
        "--log",
        text(folder, "log.csv", lines(log(), ",", ("user_id", "book_id", "rating", "timestamp"))),
        "--items",
        text(folder, "books.csv", lines(doubled, ",", ("book_id", "title"))),
    ]


def own_titles(folder: Path) -> list:
    rows = [(user, item, f"The Beer, No. {item}", "IPA", stars, time) for user, item, stars, time in log()]
    head = ("review_profilename", "beer_beerid", "beer_name", "beer_style", "review_overall", "review_time")
    return ["--log", text(folder, "beer.csv", lines(rows, ",", head))]


def mixed_ends(folder: Path) -> list:
    halves = lines(log()[:40], ",", ("user_id", "movie_id", "rating", "timestamp"), "\r\n"), lines(log()[40:])
    return ["--log", text(folder, "log.csv", "".join(halves), "utf-8-sig")]


def scaled(by: Callable[[int], object]) -> Callable[[Path], list]:
    def write(folder: Path) -> list:
        rows = [(user, item, by(stars), time) for user, item, stars, time in log()]
        return ["--log", text(folder, "log.csv", lines(rows, ",", ("user", "joke_id", "rating", "timestamp")))]

    return write


def recommended(folder: Path) -> list:
    rows = [(user, item, stars > 2, stars * 10.5, moment(time, "%Y-%m-%d")) for user, item, stars, time in log()]
    return [
        "--log",
        text(folder, "log.csv", lines(rows, ",", ("user_id", "app_id", "is_recommended", "hours", "date"))),
    ]


def excel(folder: Path) -> list:
    import openpyxl

    sheet = (book := openpyxl.Workbook()).active
    for row in [("user", "book", "rating", "date"), *log()]:
        sheet.append(
            [
                datetime.fromtimestamp(v, UTC).replace(tzinfo=None) if isinstance(v, int) and v > FIRST - 1 else v
                for v in row
            ]
        )
    book.save(folder / "log.xlsx")
    return ["--log", folder / "log.xlsx"]


def named_by_a_row(folder: Path) -> list:
    first = log()[0]
    columns = zip(("user", "item", "rating", "time"), first, strict=True)
    return [
        *tabs_without_header(folder),
        *(part for name, value in columns for part in (f"--{name}_column", str(value))),
    ]


ZONE_LESS = "dates without a time zone"
NO_TIMES = "missing"

QUIRKS = {
    "MovieLens 1M: `::`, no header, latin-1": Quirk(
        movielens,
        settings={
            "separator": "::",
            "no_header": True,
            "user_column": "1",
            "item_column": "2",
            "rating_column": "3",
            "time_column": "4",
            "items_encoding": "latin-1",
            "title_column": "2",
            "genres_separator": "|",
        },
    ),
    "MovieLens 100k: tabs, no header, no catalogue": Quirk(
        tabs_without_header,
        ("user_column",),
        ("--user_column", "1"),
        titled="ids",
        settings={"item_column": "2", "rating_column": "3"},
    ),
    "Book-Crossing: `;`, quotes, cp1252, 0 for no rating": Quirk(
        crossing,
        ("unrated",),
        ("--unrated", "0"),
        scale=(1, 10),
        like_from=8,
        times=NO_TIMES,
        words=("book", "books"),
        rows=48,
        items=18,
        notes=(48,),
        settings={"encoding": "utf-8", "items_encoding": "cp1252", "title_column": "Book-Title"},
        first={},
    ),
    "anime: -1 for no rating, commas between genres": Quirk(
        anime,
        scale=(1, 10),
        like_from=8,
        times=NO_TIMES,
        words=("anime", "anime"),
        rows=72,
        notes=(24,),
        settings={"unrated": -1.0, "genres_separator": ", ", "genres_column": "genre"},
        first={},
    ),
    "reviews: JSON lines, gzip, no titles": Quirk(
        reviews, titled="ids", words=("product", "products"), settings={"rating_column": "overall"}
    ),
    "JSON array: percent, ISO dates with zone, lists": Quirk(
        json_array,
        scale=(1, 100),
        like_from=80,
        times="dates with a time zone",
        words=("game", "games"),
        settings={"genres_column": "tags"},
        first={"rating": 20.0, "timestamp": FIRST},
    ),
    "parquet in rating=3/part[0]*: milliseconds": Quirk(
        hive_parquet, times="milliseconds", titled="ids", words=("song", "songs")
    ),
    "UTF-16 with tabs and CR LF": Quirk(
        utf_16, times=ZONE_LESS, words=("book", "books"), settings={"encoding": "utf-16", "user_word": "reader"}
    ),
    "GBK with Chinese names and slashed dates": Quirk(
        chinese,
        times="%Y/%m/%d",
        words=("movie", "movies"),
        titled="log",
        settings={"encoding": "gbk"},
        first={"rating": 1.0, "timestamp": DAY},
    ),
    "decimal commas, dates with points": Quirk(
        german,
        times="%d.%m.%Y",
        scale=(0.5, 5),
        like_from=4.5,
        words=("book", "books"),
        settings={"separator": ";", "time_column": "Datum"},
        first={"rating": 0.5, "timestamp": DAY},
    ),
    "play counts": Quirk(
        plays, kind="counts", scale=(0, 6561), like_from=81, times=NO_TIMES, words=("artist", "artists"), first={}
    ),
    "day and month may be either": Quirk(
        dates("%m/%d/%Y", early),
        ("time_format",),
        ("--time_format", "%m/%d/%Y"),
        times="%m/%d/%Y",
        titled="ids",
        first={},
    ),
    "day before month, as some days tell": Quirk(
        dates("%d/%m/%Y"), times="%d/%m/%Y", titled="ids", first={"rating": 1.0, "timestamp": DAY}
    ),
    "months by name": Quirk(
        dates("%B %d, %Y"), times="%B %d, %Y", titled="ids", first={"rating": 1.0, "timestamp": DAY}
    ),
    "compact dates": Quirk(dates("%Y%m%d"), times="%Y%m%d", titled="ids", first={"rating": 1.0, "timestamp": DAY}),
    "years": Quirk(dates("%Y"), times="years", titled="ids", first={"timestamp": DAY - 72 * 86_400}),
    "days since 1900": Quirk(
        days_since_1900,
        times="days since 1900",
        titled="ids",
        words=("beer", "beers"),
        first={"timestamp": DAY + 54_432},
    ),
    "RecBole's typed files": Quirk(
        recbole, words=("song", "songs"), settings={"genres_separator": " ", "item_column": "item_id:token"}
    ),
    "clicks, some again": Quirk(
        clicks,
        ("repeats",),
        ("--repeats", "first"),
        kind="clicks",
        scale=None,
        like_from=None,
        times="dates with a time zone",
        titled="ids",
        notes=(9,),
        settings={"negatives": 1, "user_column": "visitorid"},
    ),
    "spaces, bzip2": Quirk(spaces_bz2, titled="ids", words=("movie", "movies"), settings={"separator": " "}),
    "`|` in a zip": Quirk(pipes_zip, titled="ids", words=("product", "products"), settings={"user_word": "customer"}),
    "Zstandard": Quirk(zstandard, titled="ids", words=("game", "games")),
    "titles that begin with a quote": Quirk(open_quotes, words=("song", "songs"), settings={"items_no_quotes": True}),
    "Python's lists of genres": Quirk(lists_of_genres(list), words=("book", "books")),
    "JSON objects of genres": Quirk(
        lists_of_genres(lambda names: json.dumps([{"id": n, "name": name} for n, name in enumerate(names)])),
        words=("book", "books"),
    ),
    "items that are missing and doubled": Quirk(
        poor_catalogue,
        ("doubled_items", "unknown_items"),
        ("--doubled_items", "first", "--unknown_items", "drop"),
        items=18,
        rows=87,
        words=("book", "books"),
        notes=(1, 1, 9),
    ),
    "titles in the log": Quirk(
        own_titles,
        titled="log",
        words=("beer", "beers"),
        settings={"title_column": "beer_name", "genres_column": "beer_style"},
    ),
    "a byte-order mark and two kinds of line end": Quirk(mixed_ends, titled="ids", words=("movie", "movies")),
    "half stars": Quirk(
        scaled(lambda stars: stars - 0.5),
        scale=(0.5, 5),
        like_from=4.5,
        titled="ids",
        words=("joke", "jokes"),
        first={"rating": 0.5},
    ),
    "-10 to 10": Quirk(
        scaled(lambda stars: 5 * stars - 15),
        scale=(-10, 10),
        like_from=5,
        titled="ids",
        words=("joke", "jokes"),
        first={"rating": -10.0},
    ),
    "0 to 100": Quirk(
        scaled(lambda stars: 25 * stars - 25),
        scale=(0, 100),
        like_from=75,
        titled="ids",
        words=("joke", "jokes"),
        first={"rating": 0.0},
    ),
    "recommended or not, and hours": Quirk(
        recommended,
        kind="likes",
        scale=None,
        like_from=None,
        times=ZONE_LESS,
        titled="ids",
        words=("app", "apps"),
        settings={"like_column": "is_recommended"},
        first={"rating": 0.0, "timestamp": DAY},
    ),
    "columns named by the values of a first row": Quirk(
        named_by_a_row,
        ("no_header",),
        ("--no_header", "--user_column", "1", "--item_column", "2", "--rating_column", "3", "--time_column", "4"),
        titled="ids",
    ),
    "Excel": Quirk(excel, times=ZONE_LESS, titled="ids", words=("book", "books")),
}

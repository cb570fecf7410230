"""Reading the Netflix Prize: ratings as one file per film or as few large ones, titles, and the archives of either."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from tastetune.data.engine import even
from tastetune.data.interactions import COLUMNS, ITEMS
from tastetune.data.netflix.archives import walk
from tastetune.data.netflix.ratings import SCHEMA, RatingsReader
from tastetune.errors import InputError
from tastetune.tasks.titles import with_year

RATINGS_FILE = re.compile(r"(combined_data_\d+|mv_\d+)\.txt", re.IGNORECASE)
TITLES_FILE = re.compile(r"movie_titles\.(csv|txt)", re.IGNORECASE)
TITLES_ENCODING = "iso-8859-1"
ROWS_A_GROUP = 1 << 20
LARGEST_TITLES = 1 << 26
"""Bytes of a titles file, a hundred times over: more is no such file, and would fill the memory."""


@dataclass(frozen=True)
class Netflix:
    """What was read.

    Attributes:
        interactions: a parquet file of `tastetune.data.interactions.COLUMNS`; a date is its midnight in UTC.
        items: the catalogue, `tastetune.data.interactions.ITEMS`, by item id; it has no genres.
        counts: `ratings`, `files` with ratings, `films` with a title, `films_without_ratings` among them.
    """

    interactions: Path
    items: pa.Table
    counts: dict[str, int]


def read_netflix(source: str | Path, interactions: str | Path) -> Netflix:
    """Read the Prize's `combined_data_*.txt` or `mv_*.txt`, and `movie_titles.csv` (or `.txt`).

    Args:
        source: their folder, or an archive of them; see `tastetune.data.netflix.archives.walk`.
        interactions: the parquet file to write the ratings to, in the order in which they are read.

    Raises:
        InputError: ratings or titles are missing; a line is not as the format says, its date no day or its rating not
            from 1 to 5; a rating stands before any film; a film has two sections or no title; a customer rates a film
            twice. The message names file and line.
    """
    ratings, titles = RatingsReader(), _Titles()

    def read() -> Iterator[pa.RecordBatch]:
        for name, chunks in walk(source, _is_wanted):
            if TITLES_FILE.fullmatch(PurePosixPath(name).name):
                titles.read(name, _all(name, chunks))
            else:
                yield from ratings.read(name, chunks)

    with pq.ParquetWriter(interactions, SCHEMA, compression="lz4", use_dictionary=list(COLUMNS[1:])) as writer:
        for table in even(read(), ROWS_A_GROUP):
            writer.write_table(table)
    if not ratings.sections:
        raise InputError(f"{source}: no combined_data_*.txt or mv_*.txt in it; name the Prize's folder or archive")
    if titles.file is None:
        raise InputError(f"{source}: no movie_titles.csv in it, and a prompt needs titles; put it beside the ratings")
    for movie, (name, line) in ratings.sections.items():
        if movie not in titles.by_movie:
            raise InputError(f"{name}, line {line}: movie {movie} has no title in {titles.file}; add its line there")
    counts = {
        "ratings": ratings.ratings,
        "files": ratings.files,
        "films": len(titles.by_movie),
        "films_without_ratings": len(titles.by_movie) - ratings.rated,
    }
    return Netflix(Path(interactions), titles.items(), counts)


def _is_wanted(name: str) -> bool:
    return bool(RATINGS_FILE.fullmatch(name) or TITLES_FILE.fullmatch(name))


def _all(name: str, chunks: Iterator[bytes]) -> bytes:
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST_TITLES:
            raise InputError(f"{name}: more than {LARGEST_TITLES:,} bytes of titles; name the Prize's own file")
    return b"".join(parts)


class _Titles:
    """Movie id to title, with the year behind it where one is given."""

    def __init__(self):
        self.file: str | None = None
        self.by_movie: dict[int, str] = {}

    def read(self, name: str, data: bytes) -> None:
        if self.file is not None:
            raise InputError(f"{name}: titles stand in {self.file} too; keep one of the files")
        self.file = name
        for number, raw in enumerate(data.rstrip().split(b"\n"), 1):
            line, here = raw.decode(TITLES_ENCODING).strip(), f"{name}, line {number}"
            fields = re.fullmatch(r"(\d{1,9}),(\d{4}|NULL),([^\0]*)", line, re.ASCII)
            if fields is None:
                raise InputError(f"{here}: expected `id,year or NULL,title`, found {line[:60]!r}; fetch the file anew")
            movie, title = int(fields[1]), " ".join(fields[3].split())
            if not title:
                raise InputError(f"{here}: movie {movie} has no title, and a prompt needs one; add it")
            if movie in self.by_movie:
                raise InputError(f"{here}: movie {movie} stands there twice; keep one line a movie")
            self.by_movie[movie] = with_year(title, fields[2])

    def items(self) -> pa.Table:
        ids = sorted(map(str, self.by_movie))
        return pa.table([ids, [self.by_movie[int(id)] for id in ids], [[] for _ in ids]], schema=ITEMS)

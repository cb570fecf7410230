"""The Netflix Prize's ratings, in both forms: a film's id and a colon, then `customer,rating,date` lines.

A file is read in parts of whole films' sections: headings are found by their colons and blanked out, and what is left
is a plain CSV, so that no loop runs over ratings. Only when something is wrong, a part is gone through line by line.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tastetune.data.interactions import COLUMNS
from tastetune.errors import InputError

SECONDS_A_DAY = 86_400
SCHEMA = pa.schema(
    zip(COLUMNS, (pa.string(), pa.dictionary(pa.int32(), pa.string()), pa.float64(), pa.int64()), strict=True)
)

LARGEST_SECTION = 1 << 28
"""Bytes of one film's ratings, ten times over: more are none, and would fill the memory."""

_FIELDS = {"customer": pa.int32(), "stars": pa.int8(), "date": pa.date32()}
_HEADING = re.compile(rb"(\d{1,9}):")
_BREAK, _COLON = ord("\n"), ord(":")

Place = tuple[str, int]
"""A file and a line of it, from 1."""


class RatingsReader:
    """Reads files of ratings and checks them.

    Attributes:
        sections: movie id to the place of its heading, for all that was read so far.
        files, ratings, rated: numbers of files, of ratings and of movies with one.
    """

    def __init__(self):
        self.sections: dict[int, Place] = {}
        self.files = self.ratings = self.rated = 0

    def read(self, name: str, chunks: Iterable[bytes]) -> Iterator[pa.RecordBatch]:
        """The ratings of one file, as `SCHEMA`, in parts.

        Raises:
            InputError: see `tastetune.data.netflix.prize.read_netflix`; the message names file and line.
        """
        self.files, line = self.files + 1, 1
        for part in _whole_sections(chunks):
            yield from self._table(part, (name, line)).to_batches()
            line += part.count(b"\n")
        if line == 1:
            raise InputError(f"{name}: the file is empty; fetch it anew")

    def _table(self, part: bytes, place: Place) -> pa.Table:
        text = np.frombuffer(bytearray(part), np.uint8)
        breaks = np.flatnonzero(text == _BREAK)
        lines = np.searchsorted(breaks, np.flatnonzero(text == _COLON))
        starts, ends = np.append(0, breaks + 1)[lines], breaks[lines]
        headings = [_HEADING.fullmatch(part[a:b].removesuffix(b"\r")) for a, b in zip(starts, ends, strict=True)]
        if None in headings or not len(lines) or lines[0]:
            self._refuse(part, place)
        movies = [int(heading[1]) for heading in headings if heading]
        if len(set(movies)) < len(movies) or not self.sections.keys().isdisjoint(movies):
            self._refuse(part, place)
        for start, end in zip(starts, ends, strict=True):
            text[start:end] = _BREAK  # empty lines, which the CSV reader passes over
        counts = np.diff(np.append(lines, len(breaks))) - 1
        section = np.repeat(np.arange(len(movies), dtype=np.int32), counts)
        ratings = _csv(text)
        if ratings is None or len(ratings) != len(section) or _is_wrong(ratings, section):
            self._refuse(part, place)
        self.sections |= {movie: (place[0], place[1] + int(line)) for movie, line in zip(movies, lines, strict=True)}
        self.ratings, self.rated = self.ratings + len(ratings), self.rated + int((counts > 0).sum())
        days = ratings["date"].cast(pa.int32()).cast(pa.int64())
        columns = [
            ratings["customer"].cast(pa.string()),
            pa.DictionaryArray.from_arrays(section, [str(movie) for movie in movies]),
            ratings["stars"].cast(pa.float64()),
            pc.multiply(days, SECONDS_A_DAY),
        ]
        return pa.table(columns, schema=SCHEMA)

    def _refuse(self, part: bytes, place: Place) -> NoReturn:
        """Raise InputError at the first wrong line of `part`, whose first line lies at `place`."""
        sections, movie, customers = dict(self.sections), None, {}
        for number, raw in enumerate(part.removesuffix(b"\n").split(b"\n"), place[1]):
            line, here = raw.removesuffix(b"\r"), f"{place[0]}, line {number}"
            if heading := _HEADING.fullmatch(line):
                movie, customers = int(heading[1]), {}
                if movie in sections:
                    before, at = sections[movie]
                    raise InputError(f"{here}: movie {movie} has its ratings in {before}, line {at}, too; keep one")
                sections[movie] = place[0], number
                continue
            customer = _checked(line, movie, here)
            if customer in customers:
                raise InputError(
                    f"{here}: customer {customer} rates movie {movie} again, first in line {customers[customer]}; "
                    "keep one of the two"
                )
            customers[customer] = number
        raise InputError(f"{place[0]}: a line from {place[1]} to {number} is not as the format says; fetch it anew")


def _whole_sections(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes again, in parts that end where a heading follows, and always with a line break."""
    held = []
    for chunk in chunks:
        held.append(chunk)
        if b":" in chunk:
            joined = b"".join(held)
            start = joined.rfind(b"\n", 0, joined.rfind(b":")) + 1
            if start:
                yield joined[:start]
            held = [joined[start:]]
        elif sum(map(len, held)) > LARGEST_SECTION:
            raise InputError(f"more than {LARGEST_SECTION:,} bytes without a movie's id; name the Prize's own files")
    if rest := b"".join(held):
        yield rest.rstrip(b"\r\n") + b"\n"


def _csv(text: np.ndarray) -> pa.Table | None:
    """The lines of `text` (uint8), empty ones aside, with `_FIELDS`; None when one of them does not fit."""
    try:
        return csv.read_csv(
            pa.py_buffer(text),
            csv.ReadOptions(column_names=list(_FIELDS), block_size=1 << 22),
            csv.ParseOptions(quote_char=False),
            csv.ConvertOptions(column_types=_FIELDS, null_values=[]),
        )
    except pa.ArrowInvalid:
        return None


def _is_wrong(ratings: pa.Table, section: np.ndarray) -> bool:
    """Whether a rating is not from 1 to 5, or a customer rates one film twice."""
    stars, customers = ratings["stars"].to_numpy(), ratings["customer"].to_numpy()
    pairs = np.sort(section.astype(np.int64) << 32 | customers)
    return bool(((stars < 1) | (stars > 5)).any() or (customers < 1).any() or (pairs[1:] == pairs[:-1]).any())


def _checked(line: bytes, movie: int | None, here: str) -> int:
    """The customer of a rating's line; raises InputError when something is wrong with it."""
    written = repr(line[:60].decode(errors="replace"))
    fields = line.decode(errors="replace").split(",")
    if len(fields) != 3 or not re.fullmatch(r"[1-9]\d{0,8}", fields[0], re.ASCII):
        raise InputError(f"{here}: expected `customer,rating,date` or `movie:`, found {written}; fetch the file anew")
    if movie is None:
        raise InputError(f"{here}: rating {written} stands before any movie id; a file begins with one, such as `1:`")
    if fields[1] not in ("1", "2", "3", "4", "5"):
        raise InputError(f"{here}: rating {fields[1]!r} is none from 1 to 5; mend or remove the line")
    if not _is_day(fields[2]):
        raise InputError(f"{here}: date {fields[2]!r} is no day (YYYY-MM-DD); mend or remove the line")
    return int(fields[0])


def _is_day(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text) and date.fromisoformat(text))
    except ValueError:
        return False

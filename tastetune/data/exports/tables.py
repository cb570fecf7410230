"""Lines and fields of an export's files, each with its place, and what stands in a field: a number, a date, a year."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from tastetune.data.exports.files import ExportFile
from tastetune.errors import InputError

AS_DOWNLOADED = "take the file as it was downloaded"


def lines(file: ExportFile, separator: str = ",") -> Iterator[tuple[str, list[str]]]:
    """Place and fields of every line of a CSV file that is not empty.

    Raises:
        InputError: a field's quote never ends, or the file is no text.
    """
    reader = csv.reader(io.StringIO(file.text(), newline=""), delimiter=separator, strict=True)
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise InputError(f"{file.place}, line {reader.line_num}: {error}; {AS_DOWNLOADED}") from error
        if fields is None:
            return
        if any(fields):
            yield f"{file.place}, line {reader.line_num}", fields


def table(file: ExportFile, needed: Sequence[str], separator: str = ",") -> Iterator[tuple[str, dict[str, str]]]:
    """Place and fields by column of every line behind the header, spaces around each field taken off.

    Raises:
        InputError: a column that is needed is missing, a line has another number of fields, or as `lines`.
    """
    header: list[str] = []
    for place, fields in lines(file, separator):
        if not header:
            header = [name.strip() for name in fields]
            refuse_missing(file, needed, header)
        elif len(fields) != len(header):
            raise InputError(
                f"{place}: {len(fields)} fields, and the header has {len(header)}; mend the line, or {AS_DOWNLOADED}"
            )
        else:
            yield place, dict(zip(header, map(str.strip, fields), strict=True))
    if not header:
        raise InputError(f"{file.place}: the file is empty; expected the columns {', '.join(needed)}; {AS_DOWNLOADED}")


def refuse_missing(file: ExportFile, needed: Sequence[str], header: Sequence[str]) -> None:
    """Raise InputError at a column that is needed and not in the header."""
    for name in needed:
        if name not in header:
            raise InputError(
                f"{file.place}: no column {name!r}; it has {', '.join(header)[:200]}: {AS_DOWNLOADED}, or name "
                "another --format"
            )


def records(file: ExportFile) -> list[dict[str, Any]]:
    """The objects of a JSON file that holds a list of them.

    Raises:
        InputError: it holds something else.
    """
    try:
        found = json.loads(file.text())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file.place}: no whole JSON ({error}); {AS_DOWNLOADED}") from error
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise InputError(f"{file.place}: expected a list of objects; {AS_DOWNLOADED}")
    return found


def named(place: str, text: object, what: str = "title") -> str:
    """A title, on one line; InputError if it is empty."""
    title = " ".join(str(text or "").split())
    if not title:
        raise InputError(f"{place}: the {what} is empty; remove the line, or {AS_DOWNLOADED}")
    return title


def rated(place: str, text: str, low: float, high: float, *, unrated: str = "") -> float | None:
    """A rating; None where the field is empty or holds `unrated`.

    Raises:
        InputError: no number from `low` to `high`.
    """
    if text in ("", unrated):
        return None
    try:
        rating = float(text)
    except ValueError:
        rating = float("nan")
    if not low <= rating <= high:  # NaN is neither
        raise InputError(f"{place}: the rating is {text!r}, expected a number from {low:g} to {high:g}; mend the line")
    return rating


def dated(place: str, text: str, *formats: str) -> int | None:
    """Seconds since 1970 of a date in one of these forms (see `strptime`), taken as UTC; None for an empty field.

    Raises:
        InputError: a date of another form.
    """
    if not text:
        return None
    for form in formats:
        try:
            moment = datetime.strptime(text, form)
        except ValueError:
            continue
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    like = datetime(2024, 1, 31, 12, 5, tzinfo=UTC).strftime(formats[0])
    raise InputError(f"{place}: the date is {text[:40]!r}, expected one like {like}; mend the line")


def year(text: str) -> int | None:
    """A year; None where the field holds none."""
    return int(text) if re.fullmatch(r"[12]\d{3}", text) else None

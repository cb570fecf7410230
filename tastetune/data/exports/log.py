"""Exports of several persons as one log and its catalogue, for `data_builders/csv_log.py`."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tastetune.config.flags import BuildArguments
from tastetune.data.exports import EXPORTS, read_export
from tastetune.data.exports.export import Export, OwnList
from tastetune.data.exports.files import SUFFIXES
from tastetune.data.exports.verdicts import BY_PLAYS, likes
from tastetune.errors import InputError
from tastetune.files import write_all

Arguments = TypeVar("Arguments", bound=BuildArguments)


class Line(NamedTuple):
    """One line of the log; `value` is a rating, or 1 for a like and 0 for none."""

    user: str
    item: str
    value: str
    time: int | None


def one_log(args: Arguments) -> Arguments:
    """The arguments of a builder whose `log` is a folder of exports, with the log and the catalogue made of them.

    Both are written to `log/` beside the dataset's folder. Without a `format` the arguments stay as they are.

    Raises:
        InputError: there is no such folder, the exports are one person's, one cannot be read, or nothing is rated.
    """
    given: Any = args
    if given.format is None:
        return args
    if given.log is None:
        raise InputError(f"--format {given.format}: give the log as --log FOLDER, with one export a person in it")
    export, folder = EXPORTS[given.format], Path(str(args.output_dir)).parent / "log"
    people = {name: read_export(path, export.name) for name, path in persons(given.log, export).items()}
    titles: dict[str, str] = {}
    lines = list(_lines(people, titles, export))
    if not lines:
        raise InputError(f"{given.log}: no title of {len(people)} exports is rated; a dataset needs ratings")
    columns = _columns(lines, export)
    write_all(
        {
            folder / "items.csv": _csv(("item", "title"), sorted(titles.items())),
            folder / "ratings.csv": _csv(columns, ([getattr(line, of) for of in columns.values()] for line in lines)),
        }
    )
    print(f"log: {folder} ({len(people)} persons, {len(lines)} lines; {'; '.join(_remarks(people))})")
    files = {"log": str(folder / "ratings.csv"), "items": str(folder / "items.csv")}
    return replace(args, format=None, name=given.name or Path(given.log).stem, **files, **_flags(columns, export))


def persons(path: str | Path, export: Export) -> dict[str, Path]:
    """The exports in a folder by the persons' names, which are the names of the files.

    Raises:
        InputError: nothing is there, it is one person's export, or two files bear one name.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such folder; name one with one export a person")
    inner = sorted(path.iterdir()) if path.is_dir() else []
    if export.inside and any(export.inside.fullmatch(part.name) for part in inner):
        inner = []
    exports = [part for part in inner if part.is_dir() or part.suffix.lower() in SUFFIXES]
    if len(exports) < 2:
        raise InputError(
            f"{path}: one person's export, and a dataset needs several persons: put one export a person into a folder "
            "and name that with --log. What one person may like, a model says that was trained on others' ratings: "
            f"python scripts/ask.py RECIPE --ratings {path} --format {export.name}"
        )
    names = [part.name.partition(".")[0] for part in exports]
    if doubled := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(f"{path}: {doubled[0]!r} is the name of two exports; name each file after its person")
    return dict(zip(names, exports, strict=True))


def _lines(people: Mapping[str, OwnList], titles: dict[str, str], export: Export) -> Iterator[Line]:
    """The log; fills `titles` with the title of each item."""
    for user, own in people.items():
        for entry, like in zip(own.ratings, likes(own), strict=True):
            value = entry.rating if export.scale else like
            if value is None:
                continue
            item = "-".join(str(part).replace(" ", "-") for part in entry.key if part)
            titles.setdefault(item, entry.name)
            yield Line(user, item, f"{value:g}", entry.time)


def _columns(lines: Sequence[Line], export: Export) -> dict[str, str]:
    """The log's columns, and what of a line stands in each.

    A log of likes alone has no column for them, and one in which a time is missing has none for times.
    """
    columns = {"user": "user", "item": "item"}
    if export.scale or len({line.value for line in lines}) > 1:
        columns["rating" if export.scale else "liked"] = "value"
    return columns | ({"time": "time"} if all(line.time is not None for line in lines) else {})


def _flags(columns: Collection[str], export: Export) -> dict[str, Any]:
    """The builder's arguments that describe the log."""
    scale = dict(zip(("rating_min", "rating_max"), export.scale, strict=True)) if export.scale else {}
    has_clicks = not {"rating", "liked"} & set(columns)
    return scale | {
        "user_column": "user",
        "item_column": "item",
        "rating_column": "rating" if "rating" in columns else None,
        "like_column": "liked" if "liked" in columns else None,
        "time_column": "time" if "time" in columns else None,
        "negatives": int(has_clicks),
        "id_column": "item",
        "title_column": "title",
        "item_word": export.item,
        "items_word": export.items,
        "user_word": export.user,
        "verb": export.verb,
    }


def _csv(header: Iterable[str], lines: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([list(header), *lines])
    return text.getvalue()


def _remarks(people: Mapping[str, OwnList]) -> list[str]:
    """What was left out of the log and how often, and what a like is where nothing is rated."""
    left_out: Counter[str] = Counter()
    for own in people.values():
        left_out.update(own.left_out)
        left_out["titles without a rating"] += own.is_rated and likes(own).count(None)
    told = [f"left out: {count} {what}" for what, count in left_out.items() if count] or ["nothing left out"]
    return told if any(own.is_rated for own in people.values()) else [*told, BY_PLAYS]

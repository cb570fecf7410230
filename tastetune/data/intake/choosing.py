"""The columns of a log and of its catalogue: those that a person named, and those that were found for the others."""

from collections.abc import Mapping
from dataclasses import replace

from tastetune.data.intake.arguments import NONE, LogArguments
from tastetune.data.intake.columns import JOINED, Roles, is_varied, join, roles_of, share
from tastetune.data.intake.doubts import Choice, Doubt, choices
from tastetune.data.intake.names import is_count, words_of
from tastetune.data.reading.tables import TableFile
from tastetune.errors import InputError

ROLES = ("user", "item", "rating", "like", "time", "title", "genres", "split")
OF_ITEMS = ("item", "title", "genres")

COLUMN_FLAGS = {role: f"{role}_column" for role in ROLES}
ITEM_FLAGS = {"item": "id_column", "title": "title_column", "genres": "genres_column"}
"""The flag that names the column of each role, in the log and in the catalogue."""

FIRST = ("time", "rating")
"""Roles that what stands in a column without a name tells surest."""

ALIKE = 0.5
"""Different titles to an item, at least."""

SAME = 10
"""Repeated items whose every row has one time from which on that is the item's, such as its year."""


def with_columns(args: LogArguments, log: TableFile, catalogue: TableFile | None) -> tuple[LogArguments, list[Doubt]]:
    """The arguments with a column, or `none`, for each role, and what is unsure of them.

    Raises:
        InputError: a column that was named is not there, or one is missing without which no log can be read.
    """
    if doubts := [*_header_doubts(args, log), *_encoding_doubts("encoding", log)]:
        return args, doubts
    ids, of_items = (None, Roles()) if catalogue is None else _items(args, catalogue)
    found = _log(args, log, catalogue, ids)
    if catalogue is not None and (ids is None or args.id_column is None):
        pair = _joined(log, found, catalogue, ids)
        if pair:
            found.columns["item"], of_items.columns["item"] = pair
    _refuse_missing(log, found, catalogue, of_items)
    columns = {flag: found.columns.get(role, NONE) for role, flag in COLUMN_FLAGS.items()}
    if catalogue is not None:
        columns |= {flag: of_items.columns.get(role, NONE) for role, flag in ITEM_FLAGS.items()}
        doubts += _encoding_doubts("items_encoding", catalogue)
    else:
        columns["id_column"] = NONE
    doubts += _column_doubts(log, found, COLUMN_FLAGS)
    return _worded(replace(args, **columns)), doubts


def _items(args: LogArguments, catalogue: TableFile) -> tuple[str | None, Roles]:
    said = {role: getattr(args, flag) for role, flag in ITEM_FLAGS.items()}
    of_items = roles_of(catalogue, OF_ITEMS, said)
    return of_items.columns.get("item"), of_items


def _log(args: LogArguments, log: TableFile, catalogue: TableFile | None, ids: str | None) -> Roles:
    said: dict[str, str | None] = {role: getattr(args, flag) for role, flag in COLUMN_FLAGS.items()}
    if catalogue is not None:
        said |= {"title": NONE, "genres": NONE}
    if args.negatives or args.like_column not in (None, NONE):
        said["rating"] = said["rating"] or NONE
    if args.negatives or args.rating_column not in (None, NONE):
        said["like"] = said["like"] or NONE
    if not args.log:
        said["split"] = NONE
    if log.dialect and not log.dialect.header:
        return _by_content(log, said, catalogue, ids)
    found = roles_of(log, ROLES, said)
    if "item" not in found.columns and "title" in found.columns:
        found.columns["item"] = found.columns["title"]  # a log that names its items by their titles
    if not said["rating"] and not said["like"] and {"rating", "like"} <= found.columns.keys():
        del found.columns["rating" if is_count(found.columns["rating"]) else "like"]
    if not said["time"] and {"time", "item"} <= found.columns.keys() and _is_of_items(log, found):
        del found.columns["time"]
    if not said["title"]:
        _drop_untitling(log, found)
    return found


def _by_content(log: TableFile, said: dict, catalogue: TableFile | None, ids: str | None) -> Roles:
    """The columns of a file without a header: times and ratings first, the item by the catalogue, the user is left."""
    first, may_count = roles_of(log, FIRST, said), not said["rating"] and not said["like"]
    said = said | {role: first.columns.get(role, NONE) for role in FIRST}
    if catalogue is not None and not said["item"]:
        free = [column for column in log.columns if column not in said.values()]
        if pair := join(log, free, catalogue, catalogue.columns if ids is None else [ids]):
            said["item"] = pair[0]
    found = roles_of(log, ("user", "item", "title"), said)
    _drop_untitling(log, found)
    left = [column for column in log.columns if column not in found.columns.values() and is_varied(log, column)]
    if may_count and left and "rating" not in first.columns:
        found.columns["rating"], found.rivals["rating"] = left[0], [*left[1:], NONE]
        found.guessed.append("rating")
    return Roles(found.columns, found.rivals | first.rivals, found.guessed + first.guessed)


def _drop_untitling(log: TableFile, found: Roles) -> None:
    """Take the title from a column that calls many items alike, such as one of events."""
    item, title = found.columns.get("item"), found.columns.get("title")
    if item and title and item != title:
        items, titles = set(log.rows[item]), set(log.rows[title])
        if len(titles) < ALIKE * len(items):
            found.columns.pop("title")
            found.columns.pop("genres", None)


def _joined(log: TableFile, found: Roles, catalogue: TableFile, ids: str | None) -> tuple[str, str] | None:
    """Another pair of columns where those that were found share too few ids."""
    item = found.columns.get("item")
    if item and ids and share(log, item, catalogue, ids) >= JOINED:
        return None
    taken = {column for role, column in found.columns.items() if role != "item"}
    return join(log, [column for column in log.columns if column not in taken], catalogue, catalogue.columns)


def _is_of_items(log: TableFile, found: Roles) -> bool:
    """Whether what is called a time says something of the item, such as the year it came out."""
    times: dict[str, list] = {}
    for item, time in zip(log.rows[found.columns["item"]], log.rows[found.columns["time"]], strict=True):
        times.setdefault(item or "", []).append(time)
    repeated = [set(seen) for seen in times.values() if len(seen) > 1]
    return len(repeated) >= SAME and all(len(seen) == 1 for seen in repeated) and len({*map(str, repeated)}) > 1


def _refuse_missing(log: TableFile, found: Roles, catalogue: TableFile | None, of_items: Roles) -> None:
    said = {"user": "who", "item": "what"}
    missing = [f"{word} with --{COLUMN_FLAGS[role]}" for role, word in said.items() if role not in found.columns]
    if missing:
        raise InputError(
            f"{log.path}: no column's name or content tells {' and '.join(missing)}; it has {', '.join(log.columns)}"
        )
    if catalogue is not None:
        said = {"item": "the id", "title": "the title"}
        missing = [f"{word} with --{ITEM_FLAGS[role]}" for role, word in said.items() if role not in of_items.columns]
        if missing:
            raise InputError(
                f"{catalogue.path}: no column's name or content tells {' and '.join(missing)}; it has "
                f"{', '.join(catalogue.columns)}"
            )


def _header_doubts(args: LogArguments, log: TableFile) -> list[Doubt]:
    """Columns that are named by the values of a first row."""
    named = [getattr(args, flag) for flag in COLUMN_FLAGS.values()]
    if log.dialect is None or log.dialect.header or args.no_header is not None:
        return []
    if not any(name in log.dialect.first and name not in log.columns for name in named):
        return []
    return [
        Doubt(
            f"{log.path}, line 1: the header looks like data, for {log.dialect.evidence}",
            (
                Choice("no_header", "true", "it is a row, and columns are named by their numbers from 1"),
                Choice("no_header", "false", "it is a header"),
            ),
        )
    ]


def _encoding_doubts(flag: str, table: TableFile) -> list[Doubt]:
    file = table.file
    if not file.unsure:
        return []
    values = (value for column in table.rows.values() for value in column if value and not value.isascii())
    seen = next(values, "")[:40]
    question = (
        f"{file.named} may be written in {' or '.join((str(file.encoding), *file.unsure))} ({seen!r} by the first)"
    )
    return [Doubt(question, choices(flag, str(file.encoding), *file.unsure))]


def _column_doubts(table: TableFile, found: Roles, flags: Mapping[str, str]) -> list[Doubt]:
    doubts = []
    for role, rivals in found.rivals.items():
        others = [column for column in rivals if column not in found.columns.values() or role == "user"]
        if role in found.columns and others and not (role == "item" and "user" in found.guessed):
            by = "no column has a name" if role in found.guessed else "several have such a name"
            chosen = found.columns[role]
            question = f"{table.path}: column {chosen!r} is taken for the {role}, but {by}"
            named = [Choice(flags[role], column, _example(table, column)) for column in (chosen, *others)]
            doubts.append(Doubt(question, tuple(named)))
    return doubts


def _example(table: TableFile, column: str) -> str:
    if column == NONE:
        return "there is none"
    values = list(dict.fromkeys(value for value in table.rows[column] if value))[:3]
    return ", ".join(value[:20] for value in values) + " ..."


def _worded(args: LogArguments) -> LogArguments:
    columns = (args.item_column, args.id_column, args.title_column)
    words = words_of([str(args.user_column)], [column for column in columns if column and column != NONE])
    return replace(
        args,
        item_word=args.item_word or words.item,
        items_word=args.items_word or (words.items if args.item_word in (None, words.item) else f"{args.item_word}s"),
        user_word=args.user_word or words.user,
    )

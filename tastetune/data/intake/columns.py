"""Which column of a file holds what: by its name, and by what stands in it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tastetune.data.intake.names import parts, rank
from tastetune.data.reading.tables import TableFile

NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
TIME = re.compile(
    r"\d{9,10}([.,]\d+)?|1\d{12}(\d{3}|\d{6})?|(19|20)\d\d(0[1-9]|1[0-2])[0-3]\d(\d{6})?|"
    r"\d{4}[-/.]\d\d?[-/.]\d\d?([T ].*)?|\d\d?[-/.]\d\d?[-/.]\d{2,4}( .*)?|\w{3,9} \d{1,2},? \d{4}|\d\d? \w{3,9} \d{4}"
)
MOST_RATINGS = 101
"""Different ratings in a column that is not called one."""

JOINED = 0.5
"""The share of a column's ids in the catalogue from which on they are its."""

CATEGORIES = 0.5
"""Different values to a row in a column of categories, at most."""


@dataclass
class Roles:
    """The columns of a file by what they hold, and which others may.

    Attributes:
        columns: role -> column.
        rivals: role -> columns that may have it as well.
        guessed: roles that nothing but a column's place speaks for.
    """

    columns: dict[str, str] = field(default_factory=dict)
    rivals: dict[str, list[str]] = field(default_factory=dict)
    guessed: list[str] = field(default_factory=list)


def roles_of(table: TableFile, roles: Sequence[str], said: Mapping[str, str | None]) -> Roles:
    """Which column of a file has which role.

    Args:
        roles: what to look for, the surest first; of names in `tastetune.data.intake.names.ROLES`.
        said: role -> the column that a person named, or `none`; others are looked for.

    Raises:
        InputError: a column that a person named is not there.
    """
    found = Roles({role: table.column(column, role) for role, column in said.items() if column and column != "none"})
    for role in roles:
        if said.get(role):
            continue
        free = [column for column in table.columns if column not in found.columns.values() and column in table.rows]
        fitting = [column for column in free if _FITS.get(role, _any)(_values(table, column))]
        kin = set(parts(found.columns["item"])) if "item" in found.columns else set()
        ranks = {column: place for column in fitting if (place := rank(column, role)) is not None}
        likely = {column: (place, kin.isdisjoint(parts(column))) for column, place in ranks.items()}
        if named := sorted(likely, key=lambda column: likely[column]):
            found.columns[role] = named[0]
            found.rivals[role] = [column for column in named[1:] if likely[column] == likely[named[0]]]
            continue
        by_content = [column for column in fitting if role in _BY_CONTENT and _BY_CONTENT[role](_values(table, column))]
        by_content.sort(key=lambda column: len(set(_values(table, column))) if role == "rating" else 0)
        nameless = [column for column in by_content if not table.dialect or not table.dialect.header]
        if nameless:
            found.columns[role], *found.rivals[role] = nameless
            found.guessed.append(role)
    return found


def join(log: TableFile, columns: Iterable[str], catalogue: TableFile, ids: Iterable[str]) -> tuple[str, str] | None:
    """The column of a log and that of a catalogue that share most ids, None where no two share `JOINED` of them."""
    pairs = [(share(log, column, catalogue, other), column, other) for column in columns for other in ids]
    best, column, other = max(pairs, default=(0.0, "", ""))
    return (column, other) if best >= JOINED else None


def share(log: TableFile, column: str, catalogue: TableFile, ids: str) -> float:
    """The share of a log's first rows whose value in `column` stands in the column `ids` of the catalogue."""
    known, values = set(_values(catalogue, ids)), _values(log, column)
    is_id = len(known) > 1 and len(known) >= CATEGORIES * len(catalogue.rows[ids])
    return sum(value in known for value in values) / len(values) if values and is_id else 0.0


def is_varied(table: TableFile, column: str) -> bool:
    """Whether a column holds numbers, and not all the same."""
    values = _values(table, column)
    return _is_rating(values) and len(set(values)) > 1


def _values(table: TableFile, column: str) -> list[str]:
    return [value.strip() for value in table.rows.get(column, ()) if value and value.strip()]


def _any(values: list[str]) -> bool:
    return True


def _mostly(pattern: re.Pattern, values: list[str]) -> bool:
    return bool(values) and sum(bool(pattern.fullmatch(value)) for value in values) >= 0.9 * len(values)


def _is_rating(values: list[str]) -> bool:
    return _mostly(NUMBER, values)


def _is_rating_by_content(values: list[str]) -> bool:
    return (
        _is_rating(values)
        and 1 < len(set(values)) <= min(MOST_RATINGS, max(2, len(values) / 2))
        and all(abs(float(value.replace(",", "."))) <= 100 for value in values if NUMBER.fullmatch(value))
    )


def _is_like(values: list[str]) -> bool:
    return 0 < len({value.lower() for value in values}) <= 3


def _is_time(values: list[str]) -> bool:
    return not values or len({len(value) for value in values}) < 40


def _is_id(values: list[str]) -> bool:
    return len(set(values)) > 1 or len(values) == 1


def _is_title(values: list[str]) -> bool:
    return bool(values) and not _mostly(NUMBER, values) and not _mostly(TIME, values)


def _is_category(values: list[str]) -> bool:
    return _is_title(values) and len(set(values)) <= max(2, CATEGORIES * len(values))


_FITS: Mapping[str, Callable[[list[str]], bool]] = {
    "rating": _is_rating,
    "like": _is_like,
    "time": _is_time,
    "title": _is_title,
    "genres": _is_title,
}
"""What must be true of the values of a column that is called so."""

_BY_CONTENT: Mapping[str, Callable[[list[str]], bool]] = {
    "time": lambda values: _mostly(TIME, values),
    "rating": _is_rating_by_content,
    "user": _is_id,
    "item": _is_id,
    "title": _is_title,
    "genres": _is_category,
}
"""What must be true of the values of a column that has no name."""

"""What is wrong with rows: every kind of problem at once, each with its first place, its number and the remedy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import ibis
from ibis.expr import types as ir

from tastetune.errors import InputError

MANY = 0.05
"""The share of rows from which on a problem is the column's, not that of single lines."""


@dataclass(frozen=True)
class Problem:
    """One kind of problem.

    Attributes:
        place: where it is met first, in words that begin a message.
        what: what is wrong there.
        remedy: what settles it.
        rows: how many rows have it.
    """

    place: str
    what: str
    remedy: str
    rows: int = 1

    @property
    def fault(self) -> str:
        """What is wrong, where, and how often."""
        more = f" (and {self.rows - 1:,} more like it)" if self.rows > 1 else ""
        return f"{self.place}: {self.what}{more}"

    def __str__(self) -> str:
        return f"{self.fault}; {self.remedy}"


class Check(NamedTuple):
    """What no row may be.

    Attributes:
        condition: true of a row that has the problem.
        problem: what is wrong, a text or a column of texts.
        remedy: what settles it where single rows have it.
        remedy_of_many: the same where a share of at least `MANY` has it; None for no other.
    """

    condition: ir.BooleanValue
    problem: str | ir.StringValue
    remedy: str
    remedy_of_many: str | None = None


def problems_of(raw, checks: Iterable[Check]) -> list[Problem]:
    """The problems of a raw log (`tastetune.data.reading.logs.RawLog`), by their first rows.

    A row counts for the first check that it fails.
    """
    checks = list(checks)
    texts = [(check.condition, ibis.literal("") + check.problem) for check in checks]
    kinds = [(check.condition, number) for number, check in enumerate(checks)]
    rows = raw.table.select("row", kind=ibis.cases(*kinds), text=ibis.cases(*texts))
    wrong = rows.filter(rows.kind.notnull()).group_by("kind")
    table = wrong.agg(rows=ibis._.count(), first=ibis._.row.min(), text=ibis._.text.argmin(ibis._.row))
    found = sorted(table.to_pyarrow().to_pylist(), key=lambda kind: kind["first"])
    if not found:
        return []
    total = int(raw.table.count().execute())
    return [
        Problem(
            raw.place(kind["first"]), kind["text"], _remedy(checks[kind["kind"]], kind["rows"], total), kind["rows"]
        )
        for kind in found
    ]


def _remedy(check: Check, rows: int, total: int) -> str:
    is_of_many = rows > 1 and rows >= MANY * total
    return check.remedy_of_many if check.remedy_of_many and is_of_many else check.remedy


def refuse(problems: Sequence[Problem]) -> None:
    """Raise InputError with all the problems, if there are any."""
    if len(problems) > 1:
        raise InputError("\n".join([f"{len(problems)} kinds of problem", *(f"  {problem}" for problem in problems)]))
    if problems:
        raise InputError(str(problems[0]))

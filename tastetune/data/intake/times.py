"""What the times of a log are, and the same as seconds since 1970 in UTC."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import ibis
from ibis.expr import types as ir

from tastetune.data.engine import keep
from tastetune.data.reading.logs import RawLog
from tastetune.data.reading.problems import Check, Problem
from tastetune.errors import InputError

UNITS = {"seconds": 0, "milliseconds": 3, "microseconds": 6, "nanoseconds": 9}
"""Digits of a number behind its seconds."""

DAYS = {"days since 1900": -25_569, "days since 1970": 0}
"""Days from 1970 to the day numbered 0: a spreadsheet calls 1 January 1900 day 1 and counts a 29 February 1900."""

NO_TIMES = "missing"
ZONED = "dates with a time zone"
NO_ZONE = "dates without a time zone"
YEARS = "years"

ISO_DATE = r"^\d{4}-\d\d-\d\d"
ISO_TIME = ISO_DATE + r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"
ISO_ZONE = r"(Z|[+-]\d\d(:?\d\d)?)"

CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")
WRITTEN = (
    *("%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y-%m", "%Y/%m"),
    *(day + clock for day in ("%Y/%m/%d", "%Y.%m.%d") for clock in CLOCKS),
    *(f"%d{s}%m{s}%{y}{clock}" for y in "Yy" for s in "/.-" for clock in CLOCKS),
    *(f"%m{s}%d{s}%{y}{clock}" for y in "Yy" for s in "/.-" for clock in CLOCKS),
    *("%m %d, %Y", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y"),
    *("%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S %z"),
)
"""Ways to write a date beside ISO's, in the signs of strptime."""

SAMPLE = 1000
"""Different times by which ways to write them are told apart."""

EARLIEST, LATEST = 1900, 2100
"""Years between which a number may be meant for a date."""


class Unit(NamedTuple):
    """What the times are, and what else they may be."""

    name: str
    others: tuple[str, ...] = ()


@ibis.udf.scalar.builtin(name="try_strptime")
def _try_strptime(text: str, written: str) -> datetime:
    """DuckDB's own, whose name and types alone are read here."""
    return datetime.min


def in_seconds(log: RawLog, unit: str | None = None) -> tuple[RawLog, str]:
    """Write every timestamp as whole seconds since 1970 in UTC; returns the log and what the times were.

    A date without a time zone is taken as UTC.

    Args:
        unit: what the times are, see `unit_of`; None for what it says.

    Raises:
        InputError: `unit` is none.
    """
    unit = unit or unit_of(log.table).name
    time = log.table.timestamp.strip()
    kind, seconds = _moments(time) if unit in (*UNITS, ZONED, NO_ZONE) else (None, _by_unit(time, unit))
    timed = log.having(seconds=seconds, kind=ibis.literal(unit) if kind is None else kind)
    # Worked out once: each question below, and of the log later, would read the file and its times anew
    timed = replace(timed, table=keep(timed.table))
    what = f" is not of the {unit}" if kind is None else " is neither a number nor a date like 2024-05-31T12:00:00Z"
    mend = (
        "mend or remove the line",
        "say with --time_format what the times are, or leave them out by --time_column none",
    )
    table, written = timed.table, timed.table.timestamp.fill_null("(empty)")
    timed = timed.checked(
        [
            Check(table.kind.isnull() | table.seconds.isnull(), ibis.literal("timestamp ") + written + what, *mend),
            Check(table.seconds < 0, ibis.literal("timestamp ") + written + " is before 1970", *mend),
        ]
    )
    kinds = timed.table.group_by("kind").agg(rows=ibis._.count(), row=ibis._.row.min()).order_by("row")
    first, *others = kinds.to_pyarrow().to_pylist() or [{"kind": unit}]
    mixed = [_mixed(log, first, other) for other in others]
    table = timed.table.mutate(timestamp=timed.table.seconds.cast("string")).drop("kind", "seconds")
    return RawLog(table, log.files, (*timed.problems, *mixed)), first["kind"]


def unit_of(table: ir.Table) -> Unit:
    """What the column `timestamp` holds.

    Returns:
        One of `UNITS`, `DAYS`, `YEARS`, `ZONED`, `NO_ZONE` or `WRITTEN`.
    """
    time = table.timestamp.strip()
    number = time.re_extract(r"^(\d{1,19})([.,]\d*)?$", 1).try_cast("int64")
    facts = table.agg(
        rows=time.count(),
        numbers=number.count(),
        iso=time.re_search(ISO_DATE).cast("int64").sum(),
        zoned=time.re_search(ISO_TIME + ISO_ZONE + "$").cast("int64").sum(),
        least=number.min(),
        most=number.max(),
        fractions=time.re_search(r"[.,]\d*[1-9]").cast("int64").sum(),
    )
    fact = facts.to_pyarrow().to_pylist()[0]
    rows = fact["rows"] or 0
    if rows and fact["numbers"] == rows and (unit := _unit_of_numbers(table, fact)):
        return unit
    if rows and not fact["numbers"] and not fact["iso"]:
        return _written(table)
    if fact["iso"]:
        return Unit(ZONED if fact["zoned"] else NO_ZONE)
    return Unit(_size(fact["least"] or 0))


def _unit_of_numbers(table: ir.Table, fact: dict) -> Unit | None:
    """Numbers that are no count of seconds or of their parts."""
    least, most = fact["least"], fact["most"]
    if least >= EARLIEST and most <= LATEST and not fact["fractions"]:
        return Unit(YEARS)
    compact = [form for form, digits in (("%Y%m%d", 8), ("%Y%m%d%H%M", 12), ("%Y%m%d%H%M%S", 14))
               if least // 10 ** (digits - 4) >= EARLIEST and most // 10 ** (digits - 4) <= LATEST]  # fmt: skip
    for form in compact:
        if not int((_moment(table.timestamp.strip(), form).isnull() & table.timestamp.notnull()).sum().execute()):
            return Unit(form)
    if -DAYS["days since 1900"] <= least and most <= 60_000:
        return Unit("days since 1900", () if fact["fractions"] else ("seconds",))
    return None


def _written(table: ir.Table) -> Unit:
    """Dates that are written in another way than ISO's."""
    sample = table.filter(table.timestamp.notnull()).select(time=table.timestamp.strip()).distinct()
    sample = sample.order_by("time").limit(SAMPLE).cache()
    counts = sample.agg(**{f"f{n}": _moment(sample.time, form).count() for n, form in enumerate(WRITTEN)})
    by_form = dict(zip(WRITTEN, counts.to_pyarrow().to_pylist()[0].values(), strict=True))
    most = max(by_form.values())
    forms = [form for form, read in by_form.items() if read == most] if most else []
    if not forms:
        return Unit(NO_ZONE)
    if len(forms) > 1:  # of a day and a month that may be either, all rows may tell what a sample does not
        time = table.timestamp.strip()
        reads = table.agg(**{f"f{n}": _moment(time, form).count() for n, form in enumerate(forms)})
        whole = dict(zip(forms, reads.to_pyarrow().to_pylist()[0].values(), strict=True))
        forms = [form for form in forms if whole[form] == max(whole.values())]
    return Unit(forms[0], tuple(forms[1:]))


def _by_unit(time: ir.StringValue, unit: str) -> ir.IntegerValue:
    """Seconds since 1970 of times that are no count of seconds and no ISO dates.

    Raises:
        InputError: `unit` is none.
    """
    if unit in DAYS:
        days = time.replace(",", ".").try_cast("float64") + DAYS[unit]
        return (days * 86_400).round().cast("int64")
    if unit == YEARS:
        return _moment(time, "%Y").epoch_seconds().cast("int64")
    if "%" not in unit:
        known = ", ".join((*UNITS, *DAYS, YEARS, ZONED, NO_ZONE))
        raise InputError(f"--time_format {unit}: expected one of {known}, or a way to write dates such as %d/%m/%Y")
    return _moment(time, unit).epoch_seconds().cast("int64")


def _moment(time: ir.StringValue, form: str) -> ir.TimestampValue:
    return _try_strptime(time, form)


def _moments(time: ir.StringValue) -> tuple[ir.StringValue, ir.IntegerValue]:
    """What each time is by its own look, and its seconds since 1970."""
    whole = time.re_extract(r"^(\d{1,19})([.,]\d*)?$", 1).try_cast("int64")
    kind = ibis.cases(
        *((whole < limit, unit) for unit, limit in LIMITS.items()),
        (whole.notnull(), "nanoseconds"),
        (time.re_search(ISO_TIME + ISO_ZONE + "$"), ZONED),
        (time.re_search(ISO_TIME + "$") | time.re_search(ISO_DATE + "$"), NO_ZONE),
    )
    moment = time.try_cast("timestamp('UTC')").truncate("s").epoch_seconds().cast("int64")
    numbers = {unit: time.re_extract(rf"^(\d+)\d{{{n}}}([.,]\d*)?$", 1).try_cast("int64") for unit, n in UNITS.items()}
    return kind, ibis.cases(*((kind == unit, number) for unit, number in numbers.items()), else_=moment)


LIMITS = {"seconds": 10**11, "milliseconds": 10**14, "microseconds": 10**17}
"""In seconds, 1e11 lies in the year 5138; in milliseconds, in 1973."""


def _size(number: int) -> str:
    return next((unit for unit, limit in LIMITS.items() if number < limit), "nanoseconds")


def _mixed(log: RawLog, first: dict, other: dict) -> Problem:
    what = f"the times are {other['kind']} here and {first['kind']} in {log.place(first['row'])}"
    return Problem(log.place(other["row"]), what, "write all of them alike", other["rows"])

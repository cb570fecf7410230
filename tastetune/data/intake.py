"""What the columns of somebody's own log mean: ids, times, likes or clicks, splits, repeats."""

import json

import ibis

from tastetune.data.logs import RawLog, refuse_first, refuse_repeats
from tastetune.data.splits import SPLITS
from tastetune.errors import InputError

SPLIT_NAMES = {"training": "train", "valid": "validation", "val": "validation", "dev": "validation", "testing": "test"}
"""Names that a log's own split column may use beside those of `SPLITS`."""

LIKES = {"1": "1", "1.0": "1", "true": "1", "0": "0", "0.0": "0", "false": "0"}
UNITS = {"seconds": 0, "milliseconds": 3, "microseconds": 6, "nanoseconds": 9}
"""Digits of a number behind its seconds."""

NO_TIMES = "missing"
NO_ZONE = "dates without a time zone"
ISO_DATE = r"^\d{4}-\d\d-\d\d"
ISO_TIME = ISO_DATE + r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"
ISO_ZONE = r"(Z|[+-]\d\d(:?\d\d)?)"


def normalised(log: RawLog, kind: str, repeats: str) -> tuple[RawLog, str, dict[str, int]]:
    """Bring ids, times and feedback of a log into the contract's terms.

    Args:
        log: `user_id`, `item_id`; `rating` (stars or likes) and `timestamp` where the log has them.
        kind: `ratings`, `likes` or `clicks`; a like is rated 1, its absence 0, a click 1.
        repeats: `refuse`, or which row to keep where a user and an item meet again: `first` or `last`.

    Returns:
        The log, all four columns still strings; what its times were; what was mended or set aside and how often.

    Raises:
        InputError: at the first row that cannot be read.
    """
    log, spaced = trimmed(log)
    notes = {"rows whose ids had spaces around them, taken off": spaced}
    if "timestamp" in log.table.columns:
        log, times = in_seconds(log)
    else:
        log, times = RawLog(log.table.mutate(timestamp=ibis.literal("0")), log.files), NO_TIMES
    if kind == "likes":
        log = likes_as_ratings(log)
    elif kind == "clicks":
        log = RawLog(log.table.mutate(rating=ibis.literal("1")), log.files)
    if repeats == "refuse":
        refuse_repeats(log, ["user_id", "item_id"], "keep one of the two, or say which with --repeats first (or last)")
    else:
        log, gone = one_a_pair(log, repeats)
        notes[f"rows set aside because the user met the item again (the {repeats} is kept)"] = gone
    return log, times, notes


def trimmed(log: RawLog) -> tuple[RawLog, int]:
    """Take spaces off the ends of ids; returns the log and how many rows had some."""
    ids = [name for name in ("user_id", "item_id") if name in log.table.columns]
    had = ibis.or_(*(log.table[name] != log.table[name].strip() for name in ids))
    mended = log.table.mutate(**{name: log.table[name].strip().nullif("") for name in ids})
    return RawLog(mended, log.files), int(log.table.filter(had).count().execute())


def in_seconds(log: RawLog) -> tuple[RawLog, str]:
    """Write every timestamp as whole seconds since 1970 in UTC; returns the log and what the times were.

    A number is taken for seconds, milliseconds, microseconds or nanoseconds by its size. A date without a time zone
    is taken as UTC.

    Raises:
        InputError: a time that is neither a number nor an ISO date, or before 1970, or times of two kinds in one log.
    """
    time = log.table.timestamp.strip()
    whole = time.re_extract(r"^(\d{1,19})(\.\d*)?$", 1).try_cast("int64")
    # In seconds, 1e11 lies in the year 5138; in milliseconds, in 1973.
    kind = ibis.cases(
        (whole < 10**11, "seconds"),
        (whole < 10**14, "milliseconds"),
        (whole < 10**17, "microseconds"),
        (whole.notnull(), "nanoseconds"),
        (time.re_search(ISO_TIME + ISO_ZONE + "$"), "dates with a time zone"),
        (time.re_search(ISO_TIME + "$") | time.re_search(ISO_DATE + "$"), NO_ZONE),
    )
    moment = time.try_cast("timestamp('UTC')").truncate("s").epoch_seconds().cast("int64")
    numbers = {unit: time.re_extract(rf"^(\d+)\d{{{n}}}(\.\d*)?$", 1).try_cast("int64") for unit, n in UNITS.items()}
    seconds = ibis.cases(*((kind == unit, number) for unit, number in numbers.items()), else_=moment)
    timed = RawLog(log.table.mutate(kind=kind, seconds=seconds), log.files)
    written = log.table.timestamp.fill_null("(empty)")
    unread = ibis.literal("timestamp ") + written + " is neither a number nor a date like 2024-05-31T12:00:00Z"
    before = ibis.literal("timestamp ") + written + " is before 1970"
    mend = "mend or remove the line"
    refuse_first(timed, [(kind.isnull() | seconds.isnull(), unread, mend), (seconds < 0, before, mend)])
    kinds = timed.table.group_by("kind").agg(row=timed.table.row.min()).order_by("row").to_pyarrow().to_pylist()
    if len(kinds) > 1:
        one, other = kinds[:2]
        raise InputError(
            f"{log.place(other['row'])}: the times are {other['kind']} here and {one['kind']} in "
            f"{log.place(one['row'])}; write all of them alike"
        )
    table = timed.table.mutate(timestamp=timed.table.seconds.cast("string")).drop("kind", "seconds")
    return RawLog(table, log.files), kinds[0]["kind"]


def likes_as_ratings(log: RawLog) -> RawLog:
    """Write a column of likes (0, 1, true, false) as ratings 0 and 1.

    Raises:
        InputError: another value.
    """
    rating = log.table.rating.lower().cases(*LIKES.items())
    written = log.table.rating.fill_null("(empty)")
    refuse_first(
        log, [(rating.isnull(), ibis.literal("like ") + written + " is none of 0, 1, true, false", "mend the line")]
    )
    return RawLog(log.table.mutate(rating=rating), log.files)


def splits_in_our_words(log: RawLog) -> RawLog:
    """Write the split column in the words of `SPLITS`.

    Raises:
        InputError: another value.
    """
    names = {name: name for name in SPLITS} | SPLIT_NAMES
    split = log.table.split.strip().lower().cases(*names.items())
    problem = ibis.literal("split ") + log.table.split.fill_null("(empty)") + f" is none of {', '.join(names)}"
    refuse_first(log, [(split.isnull(), problem, "mend the line")])
    return RawLog(log.table.mutate(split=split), log.files)


def one_a_pair(log: RawLog, which: str) -> tuple[RawLog, int]:
    """Keep the `first` or `last` row in time of each user and item; returns the log and how many rows went."""
    time = log.table.timestamp.cast("int64")
    order = [time, log.table.row] if which == "first" else [time.desc(), log.table.row.desc()]
    place = ibis.row_number().over(ibis.window(group_by=("user_id", "item_id"), order_by=order))
    placed = log.table.mutate(place=place)
    kept = placed.filter(placed.place == 0).drop("place")
    return RawLog(kept, log.files), int(placed.filter(placed.place > 0).count().execute())


def listed(text: str, separator: str) -> list[str]:
    """Categories written in one field: a JSON list of strings, or names with `separator` between them."""
    try:
        names = json.loads(text) if text.startswith("[") else text.split(separator)
    except (ValueError, RecursionError):
        names = text.split(separator)
    return [name for name in (str(name).strip() for name in names) if name]

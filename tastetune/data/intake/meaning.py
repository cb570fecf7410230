"""What the columns of somebody's own log mean: ids, times, likes or clicks, splits, repeats."""

from dataclasses import replace

import ibis

from tastetune.data.intake.scale import LIKES, as_numbers, number
from tastetune.data.intake.times import NO_TIMES, in_seconds
from tastetune.data.reading.logs import RawLog, repeats_of
from tastetune.data.reading.problems import Check
from tastetune.data.splits import SPLITS

SPLIT_NAMES = {"training": "train", "valid": "validation", "val": "validation", "dev": "validation", "testing": "test"}
"""Names that a log's own split column may use beside those of `SPLITS`."""

LONGEST_ID = 1000
"""Characters of an id; a longer one is a text, or many lines behind a quote that is never closed."""


def normalised(
    log: RawLog,
    kind: str,
    repeats: str,
    *,
    time_format: str | None = None,
    unrated: float | None = None,
    empty_ids: str = "refuse",
) -> tuple[RawLog, str, dict[str, int]]:
    """Bring ids, times and feedback of a log into the contract's terms.

    Args:
        log: `user_id`, `item_id`; `rating` (stars or likes) and `timestamp` where the log has them.
        kind: `ratings`, `likes` or `clicks`; a like is rated 1, its absence 0, a click 1.
        repeats: `refuse`, or which row to keep where a user and an item meet again: `first` or `last`.
        time_format: what the times are; None to find out, see `tastetune.data.intake.times`.
        unrated: the number that stands for no rating; rows with it are set aside.
        empty_ids: whether to `drop` rows without a user or an item, or `refuse` them.

    Returns:
        The log, all four columns still strings, with the problems of rows that cannot be read; what its times were;
        what was mended or set aside and how often.
    """
    log, spaced = trimmed(log)
    notes = {"rows whose ids had spaces around them, taken off": spaced}
    if empty_ids == "drop":
        log, gone = with_ids(log)
        notes["rows set aside because the user or the item is empty"] = gone
    log = without_wrong_ids(log)
    if "timestamp" in log.table.columns:
        log, times = in_seconds(log, time_format)
    else:
        log, times = log.having(timestamp=ibis.literal("0")), NO_TIMES
    if kind == "likes":
        log = likes_as_ratings(log)
    elif kind == "clicks":
        log = log.having(rating=ibis.literal("1"))
    else:
        log = log.having(rating=as_numbers(log.table))
        if unrated is not None:
            log, gone = rated(log, unrated)
            notes[f"rows set aside because {unrated:g} stands for no rating"] = gone
    if repeats == "refuse":
        remedy = "keep one of the two, or say which with --repeats first (or last)"
        problems = (*log.problems, *repeats_of(log, ["user_id", "item_id"], remedy))
        log = RawLog(first_a_pair(log) if len(problems) > len(log.problems) else log.table, log.files, problems)
    else:
        log, gone = one_a_pair(log, repeats)
        notes[f"rows set aside because the user met the item again (the {repeats} is kept)"] = gone
    return log, times, notes


def trimmed(log: RawLog) -> tuple[RawLog, int]:
    """Take spaces off the ends of ids; returns the log and how many rows had some."""
    ids = [name for name in ("user_id", "item_id") if name in log.table.columns]
    had = ibis.or_(*(log.table[name] != log.table[name].strip() for name in ids))
    spaced = int(log.table.filter(had).count().execute())
    # Where no id has any, no later query need look for them again
    return log.having(
        **{name: (log.table[name].strip() if spaced else log.table[name]).nullif("") for name in ids}
    ), spaced


def with_ids(log: RawLog) -> tuple[RawLog, int]:
    """The rows that have a user and an item; returns the log and how many rows went."""
    has = log.table.user_id.notnull() & log.table.item_id.notnull()
    gone = int(log.table.filter(~has).count().execute())
    return replace(log, table=log.table.filter(has)), gone


def without_wrong_ids(log: RawLog) -> RawLog:
    """The rows whose ids are there, and are no texts of thousands of characters."""
    long = f"is a text of more than {LONGEST_ID:,} characters"
    checks = []
    for name, word in {"user_id": "user", "item_id": "item"}.items():
        column, remedy = log.table[name], f"give each rating its {word}, or say --empty_ids drop"
        checks.append(Check(column.isnull(), f"the {word} id is empty", remedy))
        remedy = "look for a quote that is never closed in this line, or name another column"
        checks.append(Check(column.length() > LONGEST_ID, f"the {name} {long}", remedy))
    return log.checked(checks)


def likes_as_ratings(log: RawLog) -> RawLog:
    """Write a column of likes (0, 1, true, false and the like) as ratings 0 and 1."""
    word = log.table.rating.strip().lower()
    rating = ibis.ifelse(number(word) == -1, "0", word.cases(*LIKES.items()))
    problem = ibis.literal("like ") + log.table.rating.fill_null("(empty)") + " is none of 0, 1, true, false"
    remedy = "mend the line", "say with --rating_column that the column holds ratings"
    return log.checked([Check(rating.isnull(), problem, *remedy)]).having(rating=rating)


def splits_in_our_words(log: RawLog) -> RawLog:
    """Write the split column in the words of `SPLITS`."""
    names = {name: name for name in SPLITS} | SPLIT_NAMES
    split = log.table.split.strip().lower().cases(*names.items())
    problem = ibis.literal("split ") + log.table.split.fill_null("(empty)") + f" is none of {', '.join(names)}"
    remedy = "mend the line", "name the column of the split with --split_column, or none"
    return log.checked([Check(split.isnull(), problem, *remedy)]).having(split=split)


def rated(log: RawLog, unrated: float) -> tuple[RawLog, int]:
    """Set rows aside whose rating is the number `unrated`; returns the log and how many rows went."""
    is_rated = (number(log.table.rating) != unrated).fill_null(True)
    gone = int(log.table.filter(~is_rated).count().execute())
    return RawLog(log.table.filter(is_rated), log.files, log.problems), gone


def one_a_pair(log: RawLog, which: str) -> tuple[RawLog, int]:
    """Keep the `first` or `last` row in time of each user and item; returns the log and how many rows went."""
    time = log.table.timestamp.cast("int64")
    order = [time, log.table.row] if which == "first" else [time.desc(), log.table.row.desc()]
    place = ibis.row_number().over(ibis.window(group_by=("user_id", "item_id"), order_by=order))
    placed = log.table.mutate(place=place)
    kept = placed.filter(placed.place == 0).drop("place")
    return RawLog(kept, log.files, log.problems), int(placed.filter(placed.place > 0).count().execute())


def first_a_pair(log: RawLog):
    """The rows without those that repeat an earlier one, whose problem is known already."""
    earlier = log.table.row.first().over(ibis.window(group_by=("user_id", "item_id"), order_by="row"))
    placed = log.table.mutate(earlier=earlier)
    is_first = (placed.earlier == placed.row) | placed.user_id.isnull() | placed.item_id.isnull()
    return placed.filter(is_first).drop("earlier")

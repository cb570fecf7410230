"""What a log and its catalogue are understood to be: all that a person did not say is found out, or is a doubt."""

from collections.abc import Mapping
from dataclasses import replace

import ibis

from tastetune.data.intake.arguments import NONE, LogArguments
from tastetune.data.intake.choosing import with_columns
from tastetune.data.intake.doubts import Choice, Doubt, choices, doubts_and_problems
from tastetune.data.intake.look import Look
from tastetune.data.intake.meaning import normalised, splits_in_our_words
from tastetune.data.intake.names import is_count
from tastetune.data.intake.scale import Scale, default_like, scale_of
from tastetune.data.intake.times import unit_of
from tastetune.data.intake.titles import understand_titles
from tastetune.data.interactions import interaction_problems
from tastetune.data.liking import LOG, THRESHOLD
from tastetune.data.reading.logs import RawLog, joined
from tastetune.data.reading.tables import TableFile, opened, read_columns
from tastetune.errors import InputError

CATALOGUE_ROWS = 1_000_000
"""Rows of a catalogue whose ids are held against those of the log's first rows."""

LOG_COLUMNS = {
    **{"user_id": "user_column", "item_id": "item_column", "timestamp": "time_column", "split": "split_column"},
    "rating": "rating_column",
}
ITEM_COLUMNS = {"title": "title_column", "genres": "genres_column"}
"""The contract's name of each column -> the flag that names it in the file."""


def look_at(con: ibis.BaseBackend, args: LogArguments) -> Look:
    """Read the files and find out what was not said.

    Raises:
        InputError: a file that cannot be read, a column that is not there, or flags that do not go together.
    """
    tables = {split: opened(con, path, args.said_of_log) for split, path in args.logs.items()}
    catalogue = opened(con, args.items, args.said_of_items, CATALOGUE_ROWS) if args.items else None
    chosen, doubts = with_columns(args, next(iter(tables.values())), catalogue)
    look = Look(_dialects(chosen, tables, catalogue), tables, catalogue, doubts=doubts)
    if doubts and chosen is args:  # not even the columns are known
        return look
    raw = _read_log(con, look)
    _understand_ratings(look, raw)
    _understand_times(look, raw)
    _check_together(look)
    kind = "ratings" if look.kind == "counts" else look.kind
    look.log, look.times, look.notes = normalised(
        raw,
        kind,
        args.repeats or "refuse",
        time_format=args.time_format,
        unrated=look.args.unrated,
        empty_ids=args.empty_ids or "refuse",
    )
    # Worked out once: every question below, and the builder, asks these rows
    look.log = replace(look.log, table=con.create_table(ibis.util.gen_name("log"), look.log.table, temp=True))
    understand_titles(con, look)
    low, high = (look.args.rating_min, look.args.rating_max) if kind == "ratings" else (0, 1)
    assert low is not None
    assert high is not None
    problems = interaction_problems(look.log, low, high) + look.problems
    more, look.problems = doubts_and_problems(problems, look.args)
    look.doubts += more
    return look


def _dialects(args: LogArguments, tables: Mapping[str, TableFile], catalogue: TableFile | None) -> LogArguments:
    """The arguments with the separators, headers and encodings that were found."""
    values = {}
    for prefix, table in (("", next(iter(tables.values()))), ("items_", catalogue)):
        if table is not None and table.dialect is not None:
            found = {
                "separator": table.dialect.sep,
                "encoding": table.file.encoding,
                "no_header": not table.dialect.header,
                "no_quotes": not table.dialect.quoted,
            }
            values |= {prefix + key: value for key, value in found.items() if getattr(args, prefix + key) is None}
    return replace(args, **values)


def _read_log(con: ibis.BaseBackend, look: Look) -> RawLog:
    """The log's files as one, columns by the contract's names, with a `split` column if it has a split of its own."""
    flags = LOG_COLUMNS | ({} if look.catalogue else ITEM_COLUMNS)
    columns = {ours: str(getattr(look.args, flag)) for ours, flag in flags.items()}
    if columns["rating"] == NONE:
        columns["rating"] = str(look.args.like_column)
    columns = {ours: theirs for ours, theirs in columns.items() if theirs != NONE}
    twice = columns.get("title") == columns["item_id"]
    if twice:
        del columns["title"]
    logs = []
    for split, table in look.tables.items():
        log = read_columns(con, table, columns)
        logs.append(log.having(split=ibis.literal(split)) if split else log)
    raw = joined(logs)
    raw = raw.having(title=raw.table.item_id) if twice else raw
    return splits_in_our_words(raw) if look.args.split_column != NONE else raw


def _understand_ratings(look: Look, raw: RawLog) -> None:
    args = look.args
    if args.like_column != NONE and args.rating_column == NONE:
        look.kind = "likes"
    elif args.rating_column == NONE:
        look.kind = "clicks"
    else:
        look.scale = scale_of(raw.table, args.unrated, args.rating_min, is_count=is_count(str(args.rating_column)))
        look.kind = look.scale.kind
    args = replace(args, like_rule=args.like_rule or (LOG if look.kind == "counts" else THRESHOLD))
    if look.kind == "clicks":
        look.args = replace(args, rating_column=NONE, negatives=1 if args.negatives is None else args.negatives)
    elif look.kind == "likes":
        column = args.rating_column if args.like_column == NONE else args.like_column
        look.args = replace(args, rating_column=NONE, like_column=column)
    else:
        scale = look.scale
        if not scale.is_sure and scale.unrated is not None:
            look.doubts.append(_unrated_doubt(scale, scale.unrated, str(args.rating_column)))
        low = scale.low if args.rating_min is None else args.rating_min
        high = scale.high if args.rating_max is None else args.rating_max
        like_from = default_like(replace(scale, low=low, high=high)) if args.like_from is None else args.like_from
        unrated = scale.unrated if args.unrated is None else args.unrated
        look.args = replace(
            args,
            rating_min=low,
            rating_max=high,
            like_from=like_from,
            unrated=unrated,
            like_column=NONE,
        )


def _unrated_doubt(scale: Scale, unrated: float, column: str) -> Doubt:
    values, value = scale.values or {}, f"{unrated:g}"
    question = (
        f"{value} stands in column {column!r} in {values[unrated]:,} of {sum(values.values()):,} rows and may be no "
        f"rating, on a scale from {scale.low:g} to {scale.high:g}"
    )
    aside = Choice("unrated", value, "these rows are set aside")
    return Doubt(question, (aside, Choice("rating_min", value, "it is a rating")))


def _understand_times(look: Look, raw: RawLog) -> None:
    if look.args.time_column == NONE or look.args.time_format is not None:
        return
    unit = unit_of(raw.table)
    if unit.others:
        example = raw.table.timestamp.min().execute()
        question = (
            f"{look.tables[next(iter(look.tables))].path}: the times, such as {example}, may be read in several ways"
        )
        look.doubts.append(Doubt(question, choices("time_format", unit.name, *unit.others)))
    look.args = replace(look.args, time_format=unit.name)


def _check_together(look: Look) -> None:
    """Refuse flags that the log does not bear out."""
    args = look.args
    if args.genres and args.genres_column == NONE:
        raise InputError("--genres names categories in the prompt; say where they stand with --genres_column")
    if look.kind in ("likes", "clicks") and args.ratings:
        raise InputError(f"--ratings shows stars, and this log has {look.kind} alone; leave it away")
    if args.times and args.time_column == NONE:
        raise InputError("--times says how long ago an item was rated, and this log has no times; name --time_column")
    if look.kind == "clicks" and args.negatives == 0:
        raise InputError(
            "a log of clicks has likes alone, so there is nothing to tell apart: name the column that tells "
            "(--rating_column or --like_column), or sample dislikes with --negatives 1 or more"
        )

"""What a log and its catalogue are understood to be: all that a person did not say is found out, or is a doubt."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from tastetune.data.intake.arguments import NONE, LogArguments
from tastetune.data.intake.catalogue import id_items, items_of, own_items, separator_of, without_doubles
from tastetune.data.intake.choosing import with_columns
from tastetune.data.intake.doubts import Choice, Doubt, choices, doubts_and_problems
from tastetune.data.intake.meaning import normalised, splits_in_our_words, trimmed
from tastetune.data.intake.names import is_count
from tastetune.data.intake.scale import Scale, default_like, scale_of
from tastetune.data.intake.times import unit_of
from tastetune.data.interactions import interaction_problems, unknown_items, untitled
from tastetune.data.reading.logs import RawLog, joined
from tastetune.data.reading.problems import Problem
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


@dataclass
class Look:
    """What was understood.

    Attributes:
        args: the flags, those that were not given filled in.
        tables: the log's files by their splits; a single one under the empty name.
        catalogue: the file of the catalogue, if there is one.
        kind: `ratings`, `counts`, `likes` or `clicks`.
        scale: of the ratings.
        times: what the times are, in words.
        log: the four columns of the contract, as strings.
        items: the items table.
        titled: what the titles are: of the `catalogue`, of the `log`, or the `ids` for want of titles.
        unknown: rated items that the catalogue lacks, with their ratings.
        notes: what was mended or set aside, and how often.
        doubts, problems: what a person has to settle.
    """

    args: LogArguments
    tables: Mapping[str, TableFile]
    catalogue: TableFile | None = None
    kind: str = "ratings"
    scale: Scale = field(default_factory=lambda: Scale("ratings"))
    times: str = ""
    log: RawLog | None = None
    items: pa.Table | None = None
    titled: str = "catalogue"
    unknown: pa.Table | None = None
    notes: dict[str, int] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def interactions(self) -> ir.Table:
        """The log in the contract's types; only without problems."""
        assert self.log is not None
        table = self.log.table
        kept = [name for name in ("user_id", "item_id", "rating", "timestamp", "split") if name in table.columns]
        return table.select(kept).mutate(rating=table.rating.cast("float64"), timestamp=table.timestamp.cast("int64"))


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
        raw, kind, look.args.repeats or "refuse", args.time_format, look.args.unrated
    )
    _understand_items(con, look)
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
            args, rating_min=low, rating_max=high, like_from=like_from, unrated=unrated, like_column=NONE
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


def _understand_items(con: ibis.BaseBackend, look: Look) -> None:
    assert look.log is not None
    args, table = look.args, look.catalogue or next(iter(look.tables.values()))
    if args.genres_column != NONE and args.genres_separator is None:
        column = table.column(str(args.genres_column), "genres")
        look.args = args = replace(args, genres_separator=separator_of(table.rows[column], column))
    separator = args.genres_separator or "|"
    if look.catalogue:
        columns = {"item_id": args.id_column, "title": args.title_column, "genres": args.genres_column}
        raw = read_columns(con, look.catalogue, {ours: str(name) for ours, name in columns.items() if name != NONE})
        raw, notes, doubled = without_doubles(trimmed(raw)[0], args.doubled_items or "refuse")
        look.items, problems = items_of(raw, separator)
        look.notes |= notes
        look.problems += [*doubled, *problems]
    elif "title" in look.log.table.columns:
        look.titled = "log"
        look.items, notes = own_items(look.log, separator)
        look.notes |= notes
    else:
        look.titled = "ids"
        ids = look.log.table.filter(look.log.table.item_id.notnull()).select("item_id").distinct()
        look.items = id_items(ids.to_pyarrow()["item_id"].to_pylist())
    _settle_unknown(con, look)


def _settle_unknown(con: ibis.BaseBackend, look: Look) -> None:
    """Rated items without a title: dropped, called by their ids, or a problem."""
    assert look.log is not None
    assert look.items is not None
    look.unknown = missing = untitled(look.log.table, look.items)
    number = f"{len(missing):,}"
    if not len(missing):
        return
    if look.args.unknown_items == "id":
        look.items = pa.concat_tables([look.items, id_items(missing["item_id"].to_pylist())]).sort_by("item_id")
        look.notes["items without a title, called by their ids"] = len(missing)
    elif look.args.unknown_items == "drop":
        gone = con.create_table(ibis.util.gen_name("gone"), missing.select(["item_id"]), temp=True)
        kept = look.log.table.anti_join(gone, "item_id")
        look.log = RawLog(kept, look.log.files, look.log.problems)
        look.notes[f"rows set aside because their items ({number} in all) have no title"] = pc.sum(
            missing["ratings"]
        ).as_py()
    else:
        named = look.args.items or next(iter(look.args.logs.values()))
        remedy = "add their lines, or say --unknown_items drop or --unknown_items id"
        look.problems.append(unknown_items(missing, look.items, Path(named), remedy))

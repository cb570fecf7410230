"""What was understood of a log, as a person reads it: the files, the columns, rows, what is unsure, the recipe."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import yaml
from ibis.expr import types as ir

from tastetune.config.yaml import load_yaml
from tastetune.data.intake.arguments import NONE, LogArguments
from tastetune.data.intake.look import Look
from tastetune.data.intake.scale import FEW, MOST
from tastetune.data.intake.times import NO_TIMES
from tastetune.data.reading.tables import TableFile
from tastetune.files import replacing

ROWS = 5
"""Rows that are shown as they are read."""

WIDEST = 32
"""Signs of a value that are shown."""

NOT_WRITTEN = ("inspect", "push_to_hub", "public")
"""Flags of one run, which no recipe repeats."""


def shown(look: Look) -> str:
    """The files, the columns, five rows and the recipe, in lines."""
    lines = [_file(table) for table in look.tables.values()] + ([_file(look.catalogue)] if look.catalogue else [])
    if look.log is None:
        return "\n".join(lines)
    lines += ["", *_facts(look), "", *_table(_rows(look)), "", f"The recipe, {recipe_path(look.args)}:", ""]
    lines += [f"  {line}" for line in recipe(look.args).splitlines()]
    return "\n".join(lines)


def recipe(args: LogArguments) -> str:
    """The flags that make the same dataset again, as YAML: those that were given and those that were found out."""
    values = {f.name: getattr(args, f.name) for f in fields(args) if f.name not in NOT_WRITTEN}
    given = {
        f.name: values[f.name] for f in fields(args) if f.name in values and values[f.name] not in (None, f.default)
    }
    order = ["log", "train_log", "validation_log", "test_log", "items", *given]
    return yaml.safe_dump({name: given[name] for name in order if name in given}, sort_keys=False, allow_unicode=True)


def recipe_path(args: LogArguments) -> Path:
    """Beside the dataset's folder, under its name: `outputs/loans/data.yaml`."""
    return Path(f"{str(args.output_dir).rstrip('/')}.yaml")


def write_recipe(args: LogArguments) -> None:
    """Write the recipe beside the dataset; one that says the same already stays as it is, comments and all."""
    path, text = recipe_path(args), recipe(args)
    if path.is_file() and load_yaml(path)[0] == yaml.safe_load(text):
        return
    with replacing(path) as part:
        part.write_text(f"# python data_builders/csv_log.py {path}\n{text}", encoding="utf-8")


def _file(table: TableFile) -> str:
    how = [*table.file.was]
    if table.dialect:
        sep = {"\t": "tabs", " ": "spaces"}.get(table.dialect.sep, repr(table.dialect.sep))
        header = "a header" if table.dialect.header else "no header"
        how += [str(table.file.encoding), f"fields separated by {sep}", header]
        how += [] if table.dialect.quoted else ["quotes are text"]
    else:
        how.append(table.file.kind)
    return f"{table.path}: {', '.join(how)}; columns {', '.join(table.columns)}"


def _facts(look: Look) -> Iterable[str]:
    args, table = look.args, look.interactions
    counts = table.agg(
        rows=table.count(), users=table.user_id.nunique(), items=table.item_id.nunique(),
        first=table.timestamp.min(), last=table.timestamp.max(),
    ).to_pyarrow().to_pylist()[0]  # fmt: skip
    facts = [
        ("who", args.user_column, f"{counts['users']:,} {args.user_word}s"),
        ("what", args.item_column, f"{counts['items']:,} {args.items_word}, {_titles(look)}"),
        _feedback(look),
        ("when", args.time_column, _times(look, counts)),
    ]
    yield f"{counts['rows']:,} rows"
    yield from (f"  {role:<11} {'' if column == NONE else column!s:<20} {fact}" for role, column, fact in facts)
    if args.title_column != NONE:
        yield f"  {'title':<11} {args.title_column!s:<20} of {'the catalogue' if look.catalogue else 'the log itself'}"
    if args.genres_column != NONE:
        yield f"  {'categories':<11} {args.genres_column!s:<20} separated by {args.genres_separator!r}, or as lists"
    for note, rows in look.notes.items():
        if rows:
            yield f"  {note}: {rows:,}"


def _titles(look: Look) -> str:
    if look.titled == "ids":
        return "without titles: recommenders need none, a language model does (--items)"
    missing = len(look.unknown) if look.unknown is not None else 0
    ids = look.interactions.item_id.nunique().execute()
    return f"{100 * (1 - missing / max(ids, 1)):.1f}% of them with a title"


def _feedback(look: Look) -> tuple[str, str | None, str]:
    args, scale = look.args, look.scale
    if look.kind == "likes":
        return "like", args.like_column, "1 is a like, 0 is none"
    if look.kind == "clicks":
        return "click", NONE, f"every row is a like; {args.negatives} dislikes are drawn beside each"
    step = f" in steps of {scale.step:g}" if scale.step else ""
    share = scale.share_of_likes(args.like_from or 0)
    warning = "" if FEW <= share <= MOST else ": few to tell apart, say another --like_from"
    like = f"a like is {args.like_from:g} or more, {100 * share:.0f}% of them{warning}"
    unrated = "" if args.unrated is None else f"; {args.unrated:g} is no rating"
    return (
        "rating",
        args.rating_column,
        f"{look.kind} from {args.rating_min:g} to {args.rating_max:g}{step}; {like}{unrated}",
    )


def _times(look: Look, counts: dict) -> str:
    if look.times == NO_TIMES:
        return "no times: which ratings are asked is drawn by lot"
    return f"{look.times}, {_date(counts['first'])} to {_date(counts['last'])}"


def _date(seconds: int | None) -> str:
    try:
        return datetime.fromtimestamp(seconds or 0, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"


def _rows(look: Look) -> list[dict]:
    assert look.log is not None
    assert look.items is not None
    titles = dict(zip(look.items["item_id"].to_pylist(), look.items["title"].to_pylist(), strict=True))
    table: ir.Table = look.log.table.order_by("row").limit(ROWS)
    rows = table.to_pyarrow().to_pylist()
    return [
        {
            "user": row["user_id"],
            "item": row["item_id"],
            "title": titles.get(row["item_id"]) or "",
            "rating": row["rating"],
            "time": "" if look.times == NO_TIMES else _date(int(row["timestamp"])),
        }
        for row in rows
    ]


def _table(rows: list[dict]) -> list[str]:
    if not rows:
        return []
    cells = [list(rows[0]), *([" ".join(str(value).split())[:WIDEST] for value in row.values()] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place, _ in enumerate(cells[0])]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    ]

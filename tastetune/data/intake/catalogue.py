"""Titles and categories of a log's items: from a catalogue, from the log itself, or the ids for want of titles."""

import ast
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from tastetune.data.interactions import item_problems, items_table
from tastetune.data.reading.logs import RawLog, repeats_of
from tastetune.data.reading.problems import Problem

SEPARATORS = ("|", ";", " / ", "/", ", ", ",")
"""What may stand between two categories, the surest first."""

NAME = re.compile(r"[^\W\d_]{2,}\W*\s\w|\w\s\W*[^\W\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
"""What a title looks like and an id does not."""

LONGEST_TITLE = 2000
"""Characters of a title; a longer one is no title, or many lines behind a quote that is never closed."""


def listed(text: str, separator: str) -> list[str]:
    """Categories written in one field: a list in JSON or Python, or names with `separator` between them.

    Of a list of objects, the names are taken (`[{"id": 18, "name": "Drama"}]`).
    """
    values = _as_list(text.strip()) if text.strip().startswith("[") else None
    names = text.split(separator) if values is None else [_named(value) for value in values]
    return [name for name in (str(name).strip() for name in names) if name]


def separator_of(values: Iterable[str | None], column: str) -> str:
    """What stands between two categories in a column, `|` where nothing does."""
    texts = [value for value in values if value and not value.startswith("[")]
    if column.endswith(":token_seq"):
        return " "
    return next((separator for separator in SEPARATORS if any(separator in text for text in texts)), "|")


def without_doubles(raw: RawLog, which: str) -> tuple[RawLog, dict[str, int], list[Problem]]:
    """One line for each id of a catalogue: of lines that say the same, the first.

    Args:
        which: of lines that differ, the one to keep, `first` or `last`; `refuse` for neither.

    Returns:
        The catalogue, what was set aside and how often, and the problem of lines that differ.
    """
    columns = [name for name in raw.table.columns if name != "row"]
    same = ibis.row_number().over(ibis.window(group_by=columns, order_by="row"))
    numbered = raw.table.mutate(same=same)
    single = replace(raw, table=numbered.filter((numbered.same == 0) | numbered.item_id.isnull()).drop("same"))
    notes = {"lines of the catalogue that stand there twice, one kept": _rows(raw.table) - _rows(single.table)}
    remedy = "keep one of the two, or say which with --doubled_items first (or last)"
    problems = repeats_of(single, ["item_id"], remedy)
    if problems:
        order = single.table.row.desc() if which == "last" else single.table.row
        place = ibis.row_number().over(ibis.window(group_by="item_id", order_by=order))
        placed = single.table.mutate(place=place)
        kept = placed.filter((placed.place == 0) | placed.item_id.isnull()).drop("place")
        if which != "refuse":
            notes[f"lines of the catalogue with an id that has another line (the {which} is kept)"] = problems[0].rows
            problems = []
        single = replace(single, table=kept)
    return single, {note: rows for note, rows in notes.items() if rows}, problems


def items_of(raw: RawLog, separator: str) -> tuple[pa.Table, list[Problem]]:
    """The items table of a catalogue without doubles, sorted by id, without untitled items; and its problems."""
    titled = replace(raw, table=raw.table.filter(raw.table.title.strip().fill_null("") != ""))
    problems = item_problems(titled)
    rows = [
        (row["item_id"], row["title"].strip(), listed(row.get("genres") or "", separator))
        for row in titled.table.order_by("item_id").to_pyarrow().to_pylist()
        if row["item_id"] is not None
    ]
    remedy = "look for a quote that is never closed, or name another column with --title_column"
    long = [(item, len(title)) for item, title, _ in rows if len(title) > LONGEST_TITLE]
    for item, length in long[:1]:
        what = f"the title of item {item} has {length:,} characters"
        problems.append(Problem(str(raw.path), what, remedy, len(long)))
    return items_table(rows), problems


def own_items(log: RawLog, separator: str) -> tuple[pa.Table, dict[str, int]]:
    """The items table of a log that has titles itself, and how many items have several; the first stands."""
    table, has_genres = log.table.filter(log.table.item_id.notnull()), "genres" in log.table.columns
    title = table.title.strip().nullif("")
    firsts = {"title": title.argmin(table.row, where=title.notnull())}
    firsts |= {"genres": table.genres.argmin(table.row, where=table.genres.notnull())} if has_genres else {}
    grouped = table.group_by("item_id").agg(**firsts, titles=title.nunique()).order_by("item_id")
    rows = grouped.to_pyarrow().to_pylist()
    made = [(row["item_id"], row["title"], listed(row.get("genres") or "", separator)) for row in rows if row["title"]]
    several = sum(row["titles"] > 1 for row in rows)
    note = "items that the log calls by several titles (the first is kept)"
    return items_table(made), {note: several} if several else {}


def are_names(ids: Sequence[str]) -> bool:
    """Whether ids read as titles do: a half or more hold two words, or two letters of a script without spaces."""
    return sum(bool(NAME.search(item)) for item in ids) * 2 >= max(len(ids), 1)


def id_items(ids: Iterable[str]) -> pa.Table:
    """An items table whose titles are the ids."""
    return items_table([(item, item, []) for item in sorted(ids)])


def _as_list(text: str) -> list | None:
    text = re.sub(r"""(['"])\s+(?=['"])""", r"\1, ", text)  # an array as numpy prints it has no commas
    for read in (json.loads, ast.literal_eval):
        try:
            values = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        return values if isinstance(values, list) else None
    return None


def _named(value: object) -> object:
    return value.get("name", "") if isinstance(value, dict) else value


def _rows(table: ir.Table) -> int:
    return int(table.count().execute())

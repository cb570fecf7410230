"""The titles of a log's items, and what becomes of items that have none."""

from dataclasses import replace
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.data.intake.arguments import NONE
from tastetune.data.intake.catalogue import are_names, id_items, items_of, own_items, separator_of, without_doubles
from tastetune.data.intake.look import Look
from tastetune.data.intake.meaning import trimmed
from tastetune.data.interactions import unknown_items, untitled
from tastetune.data.reading.logs import RawLog
from tastetune.data.reading.tables import read_columns


def understand_titles(con: ibis.BaseBackend, look: Look) -> None:
    """Fill in the items of a look: from the catalogue, from the log's own columns, or the ids for want of titles."""
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
        distinct = look.log.table.filter(look.log.table.item_id.notnull()).select("item_id").distinct()
        ids = distinct.to_pyarrow()["item_id"].to_pylist()
        look.titled = "log" if are_names(ids) else "ids"
        look.items = id_items(ids)
    _settle_unknown(con, look)


def _settle_unknown(con: ibis.BaseBackend, look: Look) -> None:
    """Rated items without a title: dropped, called by their ids, or a problem."""
    assert look.log is not None
    assert look.items is not None
    look.unknown = missing = untitled(look.log.table, look.items)
    if not len(missing):
        return
    if look.args.unknown_items == "id":
        look.items = pa.concat_tables([look.items, id_items(missing["item_id"].to_pylist())]).sort_by("item_id")
        look.notes["items without a title, called by their ids"] = len(missing)
    elif look.args.unknown_items == "drop":
        gone = con.create_table(ibis.util.gen_name("gone"), missing.select(["item_id"]), temp=True)
        kept = look.log.table.anti_join(gone, "item_id")
        look.log = RawLog(kept, look.log.files, look.log.problems)
        note = f"rows set aside because their items ({len(missing):,} in all) have no title"
        look.notes[note] = pc.sum(missing["ratings"]).as_py()
    else:
        named = look.args.items or next(iter(look.args.logs.values()))
        remedy = "add their lines, or say --unknown_items drop or --unknown_items id"
        look.problems.append(unknown_items(missing, look.items, Path(named), remedy))

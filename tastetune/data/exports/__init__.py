"""Exports of one person: what films, books or songs somebody met, and what they said of them, by service.

An importer is one file here: the service's files in, entries out (`tastetune.data.exports.export.Export`).
"""

from collections.abc import Sequence
from pathlib import Path

from tastetune.data.exports import goodreads, lastfm, letterboxd, myanimelist, netflix_history, own_list, spotify
from tastetune.data.exports.export import Export, OwnList, one_a_title
from tastetune.data.exports.files import ExportFile, export_files
from tastetune.errors import InputError

EXPORTS: dict[str, Export] = {
    module.EXPORT.name: module.EXPORT
    for module in (letterboxd, goodreads, netflix_history, myanimelist, lastfm, spotify, own_list)
}
"""Every importer by the name that `--format` gives; the last one is for a list that a person wrote."""

SCALES = ((0.0, 1.0), (1.0, 5.0), (0.0, 5.0), (1.0, 10.0), (0.0, 10.0), (0.0, 100.0), (-10.0, 10.0), (-100.0, 100.0))
"""Usual scales; a list that names none has the first that holds all its ratings."""

HEAD = 4096
"""Bytes at a file's beginning in which its mark is looked for."""


def read_export(path: str | Path, name: str | None = None) -> OwnList:
    """One person's list: a file, an archive as downloaded, or its folder.

    Args:
        name: one of `EXPORTS`; recognised by what the files hold if None.

    Raises:
        InputError: nothing is there, it is no such export, or a line cannot be read.
    """
    files = export_files(path)
    export = _recognised(files) if name is None else EXPORTS[name]
    entries, left_out = export.read(files)
    ratings, told = tuple(one_a_title(entries)), {what: count for what, count in left_out.items() if count}
    if not ratings:
        but = "".join(f", but {count} {what}" for what, count in told.items())
        raise InputError(f"{path}: no title in it{but}; name a list or an export with some titles in it")
    rated = [entry.rating for entry in ratings if entry.rating is not None]
    scale = export.scale or next(
        (scale for scale in SCALES if rated and scale[0] <= min(rated) and max(rated) <= scale[1]), None
    )
    return OwnList(str(path), export, ratings, scale, told)


def _recognised(files: Sequence[ExportFile]) -> Export:
    for export in EXPORTS.values():
        if any(export.mark.search(file.content[:HEAD]) for file in files):
            return export
    raise InputError(
        f"{files[0].path}: of no kind that is recognised; say whose export it is by --format ({', '.join(EXPORTS)}), "
        "or write a CSV file with the columns title and rating"
    )

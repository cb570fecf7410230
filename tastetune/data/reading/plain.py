"""A file as it lies on disk, made plain: unpacked, and a text in UTF-8."""

import bz2
import csv
import gzip
import lzma
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Any

import pyarrow as pa

from tastetune.data.netflix.archives import whole
from tastetune.data.reading.encodings import encoding_of, transcoded
from tastetune.errors import InputError

CHUNK = 1 << 24
JSON = (".jsonl", ".ndjson", ".json")

PACKED: dict[str, tuple[bytes, Callable]] = {
    "gzip": (b"\x1f\x8b", gzip.open),
    "bzip2": (b"BZh", bz2.open),
    "xz": (b"\xfd7zXZ\0", lzma.open),
    "Zstandard": (b"\x28\xb5\x2f\xfd", lambda path: pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")),
}
"""How a packed file of each kind begins, and how it is read."""

OTHERS = {
    b"\xd0\xcf\x11\xe0": "a file of an old Excel; save it as .xlsx or .csv",
    b"SQLite format 3": "a database of SQLite; write its table as .csv or .parquet",
    b"7z\xbc\xaf": "a 7z archive; unpack it and name the file",
    b"Rar!": "a RAR archive; unpack it and name the file",
    b"\x89HDF": "a file of HDF5; write its table as .csv or .parquet",
    b"\x80\x04\x95": "a pickle of Python, which may run anything; write its table as .csv or .parquet",
}
"""How files begin that are not read, and the remedy."""


@dataclass(frozen=True)
class Plain:
    """A file that DuckDB can read.

    Attributes:
        named: the file as a person named it.
        path: what is read: the same file, or a plain copy that lives as long as the process.
        kind: `text`, `json` (an object a line), `json array` or `parquet`.
        suffix: the name's ending without that of a packed file.
        was: what was done to make it plain, in words.
        encoding: in which `named` is written; None where it is no text.
        unsure: other encodings that it may be written in.
    """

    named: Path
    path: Path
    kind: str
    suffix: str
    was: tuple[str, ...] = ()
    encoding: str | None = None
    unsure: tuple[str, ...] = ()


def plain(path: str | Path, encoding: str | None = None) -> Plain:
    """Unpack a file where it is packed, and write it in UTF-8 where it is a text in another encoding.

    Args:
        encoding: of a text; None to find out.

    Raises:
        InputError: no such file, a folder, an archive of several files or a damaged one, a kind of file that is not
            read, or a text whose encoding is no single one.
    """
    named = Path(path)
    if named.is_dir():
        raise InputError(f"{named}: a folder; name the file in it")
    if not named.is_file():
        raise InputError(f"{named}: no such file; check the path")
    path, suffix, was = _unpacked(named)
    start = _start(path)
    if start.startswith(b"PAR1"):
        return Plain(named, path, "parquet", suffix, was)
    if start[257:262] == b"ustar":
        raise InputError(f"{named}: a tar archive; unpack it and name the file")
    for magic, what in OTHERS.items():
        if start.startswith(magic):
            raise InputError(f"{named}: {what}")
    found = encoding_of(path, named, encoding)
    if found.codec not in ("utf-8", "utf-8-sig"):
        path = transcoded(path, named, _copy(f"{named.stem}.txt"), found.codec)
    return Plain(named, path, _kind(path, suffix), suffix, was, found.codec, found.unsure)


def with_one_line_end(file: Plain) -> Plain:
    """A copy in which every line ends in LF, for a text whose lines end in several ways."""
    copy = _copy(f"{file.named.stem}.txt")
    how: dict[str, Any] = {"encoding": "utf-8", "errors": "surrogateescape"}
    with file.path.open(newline=None, **how) as source, copy.open("w", newline="\n", **how) as target:
        shutil.copyfileobj(source, target, CHUNK)
    return Plain(file.named, copy, file.kind, file.suffix, (*file.was, "lines that end in several ways"), file.encoding)


def _unpacked(named: Path) -> tuple[Path, str, tuple[str, ...]]:
    """The file inside, its suffix, and what it was packed by; a file that is not packed, as it is."""
    start, inner = _start(named), PurePosixPath(named.name)
    for name, (magic, opened) in PACKED.items():
        if start.startswith(magic):
            inner = inner.with_suffix("") if inner.suffix.lower() in (".gz", ".bz2", ".xz", ".zst") else inner
            copy = _copy(inner.name)
            with whole(named), _noted(named), opened(named) as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target, CHUNK)
            return copy, inner.suffix.lower(), (name,)
    if start.startswith(b"PK\x03\x04"):
        with whole(named), zipfile.ZipFile(named) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            if "xl/workbook.xml" in names:
                return _from_excel(named), ".csv", ("Excel",)
            names = [name for name in names if not name.startswith("__MACOSX/") and not Path(name).name.startswith(".")]
            if len(names) != 1:
                raise InputError(f"{named}: an archive of {len(names)} files; unpack it and name the one")
            copy = _copy(PurePosixPath(names[0]).name)
            with archive.open(names[0]) as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target, CHUNK)
            return copy, PurePosixPath(names[0]).suffix.lower(), (f"zip, {names[0]}",)
    return named, named.suffix.lower(), ()


@contextmanager
def _noted(named: Path) -> Iterator[None]:
    """What pyarrow raises at damage is an OSError without a number, which `whole` names; others pass."""
    try:
        yield
    except pa.ArrowException as error:
        raise InputError(f"{named}: the archive is damaged or cut ({error}); fetch it anew") from error


def _from_excel(named: Path) -> Path:
    """The first sheet as CSV."""
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(
            f"{named}: to read Excel's files openpyxl is needed: pip install 'tastetune[excel]', or save it as .csv"
        ) from error
    copy = _copy(f"{named.stem}.csv")
    sheet = openpyxl.load_workbook(named, read_only=True, data_only=True).worksheets[0]
    with copy.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerows(["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True))
    return copy


def _start(path: Path, length: int = 512) -> bytes:
    with path.open("rb") as file:
        return file.read(length)


def _kind(path: Path, suffix: str) -> str:
    """`text`, `json` or `json array`, by what stands first; a text may begin with a bracket too."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = _first_character(file)
    if suffix in JSON:
        return "json array" if first == "[" else "json"
    return "json" if first == "{" else "text"


def _first_character(file: IO[str]) -> str:
    return next((character for character in iter(lambda: file.read(1), "") if not character.isspace()), "")


@cache
def _copies() -> tuple[TemporaryDirectory, count]:
    return TemporaryDirectory(prefix="tastetune-"), count()


def _copy(name: str) -> Path:
    """Where a plain copy goes; the folder is removed when the process ends."""
    folder, numbers = _copies()
    place = Path(folder.name, str(next(numbers)))
    place.mkdir()
    return place / name

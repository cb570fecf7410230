"""The files of one person's export: one file, an archive as it was downloaded, or the archive's folder."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tastetune.errors import InputError

SUFFIXES = (".csv", ".json", ".xml", ".gz", ".zip")
"""Of the files that exports are made of, and of what holds them."""

MOST_BYTES = 1 << 30
"""Of one export, unpacked: a lifetime of plays is a fifth of it."""


@dataclass(frozen=True)
class ExportFile:
    """One file of an export.

    Attributes:
        path: the file on disk, perhaps an archive.
        name: where it lies in the archive or folder, or the file's own name.
    """

    path: Path
    name: PurePosixPath
    content: bytes

    @property
    def place(self) -> str:
        """The file, in words that begin an error message."""
        return str(self.path) if self.path.name == self.name.name else f"{self.path}, {self.name}"

    def text(self) -> str:
        """The content as text.

        Raises:
            InputError: it is neither UTF-8 nor UTF-16; names the line.
        """
        encoding = "utf-16" if self.content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            return self.content.decode(encoding)
        except UnicodeDecodeError as error:
            line = self.content[: error.start].count(b"\n") + 1
            raise InputError(
                f"{self.place}, line {line}: bytes that are not UTF-8; take the file as it was downloaded, or save it "
                "as UTF-8"
            ) from error


def export_files(path: str | Path) -> list[ExportFile]:
    """All files of an export, sorted by name; those that hold no table are left out.

    Raises:
        InputError: nothing is there, nothing in it is a table or holds anything, or an archive is damaged, locked or
            too large.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file; check the path")
    try:
        files = sorted(_files(path), key=lambda file: str(file.name))
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise InputError(f"{path}: cannot be unpacked ({error}); download it anew") from error
    if not files:
        raise InputError(f"{path}: holds no file that ends in .csv, .json or .xml; name the export as downloaded")
    if not any(file.content.strip() for file in files):
        raise InputError(f"{path}: the file is empty; name a list or an export with some titles in it")
    return files


def _files(path: Path) -> Iterator[ExportFile]:
    if path.is_dir():
        for inner in sorted(path.rglob("*")):
            name = PurePosixPath(inner.relative_to(path).as_posix())
            if inner.is_file() and _is_table(name):
                yield _unpacked(inner, name, inner.read_bytes())
    elif zipfile.is_zipfile(path):
        yield from _zipped(path)
    else:
        yield _unpacked(path, PurePosixPath(path.name), path.read_bytes())


def _zipped(path: Path) -> Iterator[ExportFile]:
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir() and _is_table(PurePosixPath(info.filename))]
        if sum(info.file_size for info in members) > MOST_BYTES:
            raise InputError(f"{path}: unpacks to more than {MOST_BYTES >> 20} MiB, which no export does; check it")
        for info in members:
            yield _unpacked(path, PurePosixPath(info.filename), archive.read(info))


def _unpacked(path: Path, name: PurePosixPath, content: bytes) -> ExportFile:
    if content[:2] != b"\x1f\x8b":
        return ExportFile(path, name, content)
    unpacker = zlib.decompressobj(wbits=31)
    plain = unpacker.decompress(content, MOST_BYTES)
    if unpacker.unconsumed_tail:
        raise InputError(f"{path}: unpacks to more than {MOST_BYTES >> 20} MiB, which no export does; check it")
    if not unpacker.eof:
        raise gzip.BadGzipFile("it is cut")
    return ExportFile(path, name, plain)


def _is_table(name: PurePosixPath) -> bool:
    """Whether a file's name is one of a table; what a Mac adds to archives is not."""
    return name.suffix.lower() in (".csv", ".json", ".xml", ".gz") and not any(
        part.startswith((".", "__MACOSX")) for part in name.parts
    )

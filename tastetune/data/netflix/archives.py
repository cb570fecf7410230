"""Files inside folders and archives, one after another, without unpacking anything to disk."""

import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from tqdm import tqdm
from tqdm.utils import CallbackIOWrapper

from tastetune.errors import InputError

ARCHIVES = (".zip", ".tar", ".gz", ".tgz")
CHUNK = 1 << 25


def walk(source: str | Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Every wanted file of a folder, an archive or an archive inside one, in the order in which they lie there.

    A progress bar shows how much of what lies on disk has been read.

    Args:
        source: a file, a `.zip`, a `.tar`, either of them or a file as `.gz`, or a folder that holds any of these.
        wanted: whether a file of this name (without folders, without `.gz`) is asked for; others are passed over.

    Yields:
        (name, chunks): the path through the archives, and the bytes in parts of up to `CHUNK`, to be read before the
        next file is asked for.

    Raises:
        InputError: the source is missing, or an archive is damaged or cut; the latter also while reading chunks.
    """
    source = Path(source)
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; check the path")
    files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
    files = [path for path in files if _is_asked(path.name, wanted)]
    with tqdm(total=sum(path.stat().st_size for path in files), desc="reading", unit="B", unit_scale=True) as progress:
        for path in files:
            with path.open("rb") as raw:
                yield from _inside(str(path), CallbackIOWrapper(progress.update, raw), wanted)


def _inside(name: str, stream: IO[bytes], wanted: Callable[[str], bool]) -> Iterator[tuple[str, Iterator[bytes]]]:
    suffix = PurePosixPath(name).suffix.lower()
    with whole(name):
        if suffix == ".zip":
            with zipfile.ZipFile(stream) as archive:
                for member in archive.infolist():
                    if not member.is_dir() and _is_asked(member.filename, wanted):
                        with archive.open(member) as file:
                            yield from _inside(f"{name}/{member.filename}", file, wanted)
        elif suffix == ".tar":
            # As a stream: seeking back in a compressed archive means unpacking it from its beginning.
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    if member.isfile() and _is_asked(member.name, wanted):
                        yield from _inside(f"{name}/{member.name}", cast(IO[bytes], tar.extractfile(member)), wanted)
        elif suffix in (".gz", ".tgz"):
            unpacked = name[: -len(suffix)] + (".tar" if suffix == ".tgz" else "")
            yield from _inside(unpacked, cast(IO[bytes], gzip.GzipFile(fileobj=stream)), wanted)
        elif _is_asked(name, wanted):
            yield name, _chunks(name, stream)


def _chunks(name: str, stream: IO[bytes]) -> Iterator[bytes]:
    with whole(name):
        while chunk := stream.read(CHUNK):
            yield chunk


def _is_asked(path: str, wanted: Callable[[str], bool]) -> bool:
    name = PurePosixPath(path).name
    return not name.startswith(".") and (name.lower().endswith(ARCHIVES) or wanted(name))


DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, lzma.LZMAError, EOFError),
    *(struct.error, UnicodeDecodeError, OverflowError, KeyError),  # lengths and names that are none
)
"""What reading an archive raises where its bytes are cut, changed or none of an archive's."""

UNREADABLE = (NotImplementedError, RuntimeError)
"""What it raises where the archive is whole: another way of compression, or a password."""


@contextmanager
def whole(name: str | Path) -> Iterator[None]:
    """Name the file at which an archive turns out to be damaged, or to be written in a way that cannot be read.

    Raises:
        InputError: in place of what the libraries of archives raise.
    """
    try:
        yield
    except UNREADABLE as error:
        raise InputError(f"{name}: the archive cannot be read here ({error}); unpack it and name the folder") from error
    except (*DAMAGE, ValueError, OSError) as error:
        if isinstance(error, InputError) or getattr(error, "errno", None):  # a disk's error is none of the archive's
            raise
        raise InputError(f"{name}: the archive is damaged or cut ({error}); fetch it anew") from error

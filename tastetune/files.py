"""Writing so that a reader never meets a half-written file or folder, and finding what goes with the package."""

import fcntl
import glob
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tastetune.errors import InputError

MARK, OLD = ".building-", ".old"
"""In the names of hidden folders beside what is written, and of the older one that steps aside inside them."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`, on failure it is removed.

    The block writes a file or makes a folder at the yielded path. A file replaces its predecessor in one
    rename. A folder cannot be renamed over a full one, so the old folder steps aside first and is deleted
    last: between the two renames nothing is lost, and the next run puts the old folder back.

    Raises:
        OSError: what the block or the renames raise (a full disk, say); `path` is as it was.
    """
    path = Path(path)
    try:
        with scratch_beside(path) as scratch:
            new = scratch / path.name
            yield new
            if new.is_dir() and path.exists():
                old = scratch / f"{path.name}{OLD}"
                path.rename(old)
                try:
                    new.rename(path)
                except OSError:
                    old.rename(path)
                    raise
            else:
                new.replace(path)
    except OSError as error:
        if error.errno and error.filename is None:  # a write that fails knows no name, and a message needs one
            error.filename = str(path)
        raise


@contextmanager
def scratch_beside(path: str | Path) -> Iterator[Path]:
    """Yield a new hidden folder beside `path`, and remove it at the end.

    What a killed process left there for the same `path` goes first. Each process holds a lock on its own folder,
    which the system releases when the process ends in any way, so no folder of a running process is taken.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path)
    scratch, lock = _locked_folder(path)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        os.close(lock)


def _remove_leftovers(path: Path) -> None:
    for left in path.parent.glob(f".{glob.escape(path.name)}{MARK}*"):
        with suppress(FileNotFoundError):  # another process has just removed it
            lock = os.open(left, os.O_RDONLY)
            with suppress(OSError):  # a running process has it, or the file system knows no locks
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                old = left / f"{path.name}{OLD}"
                if old.exists() and not path.exists():
                    old.rename(path)
                shutil.rmtree(left, ignore_errors=True)
            os.close(lock)


def _locked_folder(path: Path) -> tuple[Path, int]:
    """A new folder beside `path` and its lock; another one if a process took the first for a leftover before that."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}{MARK}", dir=path.parent))
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            with suppress(OSError):  # on a file system that knows no locks nothing is ever removed either
                fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    with replacing(path) as new:
        new.write_text(text, encoding="utf-8")


def write_all(files: Mapping[Path, str | bytes]) -> None:
    """Write several files, each whole or not at all; text as UTF-8."""
    for path, content in files.items():
        with replacing(path) as new:
            new.write_bytes(content.encode() if isinstance(content, str) else content)


def bundled(name: str) -> Path:
    """The folder `name` (`model_cards`, `recipes`) that goes with the package, wherever the package lies.

    An installed package carries it inside; in a checkout it lies beside the package.
    """
    inside = Path(__file__).parent / "bundled" / name
    return inside if inside.exists() else Path(__file__).parents[1] / name


NAMED_ANYWHERE = ("recipes", "recbole_configs")
"""Folders that go with the package and that a command line may name, with their files, in any working folder."""


def bundled_file(path: str | Path) -> Path:
    """`path` if it exists; otherwise the recipe or RecBole config of that name that goes with the package.

    So `recipes/ml1m.yaml` and all of `recbole_configs` are found from any working folder. The file need not exist.
    """
    path = Path(path)
    if path.exists() or not path.parts or path.parts[0] not in NAMED_ANYWHERE:
        return path
    inside = bundled(path.parts[0]).joinpath(*path.parts[1:])
    return inside if inside.exists() else path


LOCK = ".lock"
"""In a folder that `held` holds: who holds it. A process that died may leave the file, but never the lock."""


@contextmanager
def held(folder: str | Path) -> Iterator[None]:
    """Hold `folder` against other processes until the block ends or this process dies; it is made if it is not there.

    Raises:
        InputError: another process holds it; the message names that process and its command.
    """
    path = Path(folder) / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise InputError(f"{folder} is held by {holder}; wait until it has ended, or name another folder") from None
        file.truncate(0)
        file.write(f"process {os.getpid()} ({' '.join(sys.argv)})")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)  # left empty: who opened it meanwhile must find the lock at the same file

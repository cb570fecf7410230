"""Finding out before the work whether its result can be written, and holding that place against other processes."""

import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from tastetune.errors import InputError
from tastetune.files import behind_links, remove_leftovers

LOCK = ".lock"
"""The file that says who holds the folder it lies in; at the end of its name, who holds the file or folder beside it.

A process that was killed may leave the file, but never the lock.
"""


def refuse_unwritable(path: str | Path) -> None:
    """Raise InputError unless `path`, a file or a folder, there or not, could be written now; nothing is left of it."""
    real = behind_links(path)
    nearest = next(folder for folder in real.parents if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {nearest}: {error.strerror}; name another place, or make this one writable"
        ) from error


@contextmanager
def held_file(path: str | Path) -> Iterator[None]:
    """Hold the place of a file against other processes until the block ends or this process dies.

    What a killed process left beside it goes. Folders that are made for it and stay empty go too.

    Raises:
        InputError: another process holds it, a folder lies there, or it cannot be written.
    """
    if Path(path).is_dir():
        raise InputError(f"{path}: a folder lies where a file is to be written; name another file")
    with held_place(path):
        yield


@contextmanager
def held_place(path: str | Path) -> Iterator[None]:
    """As `held_file`, of a file or of a folder that is replaced as a whole: the lock lies beside it."""
    refuse_unwritable(path)
    real = behind_links(path)
    made = [folder for folder in real.parents if not folder.exists()]
    try:
        with _locked(real.with_name(f".{real.name}{LOCK}"), path):
            remove_leftovers(real)
            yield
    finally:
        with suppress(OSError):
            for folder in made:
                folder.rmdir()


@contextmanager
def held(folder: str | Path) -> Iterator[None]:
    """Hold `folder` against other processes until the block ends or this process dies; it is made if it is not there.

    Raises:
        InputError: another process holds it; the message names that process and its command.
    """
    with _locked(Path(folder) / LOCK, folder):
        yield


@contextmanager
def _locked(lock: Path, held_path: str | Path) -> Iterator[None]:
    with _lock(lock, held_path) as file:
        file.truncate(0)
        file.write(f"process {os.getpid()} ({' '.join(sys.argv)})")
        file.flush()
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _lock(lock: Path, held_path: str | Path) -> TextIO:
    """The lock's file, open and locked; one that its last holder removed meanwhile is made anew."""
    while True:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError), ExitStack() as unless_ours:
            file = unless_ours.enter_context(lock.open("a+", encoding="utf-8"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "another process"
                raise InputError(
                    f"{held_path} is held by {holder}; wait until it has ended, or name another place to write to"
                ) from None
            except OSError:  # a file system that knows no locks
                pass
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                unless_ours.pop_all()
                return file

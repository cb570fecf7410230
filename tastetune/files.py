"""Writing so that a reader never meets a half-written file or folder, and finding what goes with the package."""

import errno
import fcntl
import glob
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tastetune.errors import InputError

MARK, OLD = ".building-", ".old"
"""In the names of hidden folders beside what is written, and of the older one that steps aside inside them."""

UNFINISHED = ".unfinished"
"""At the end of the name of a hidden file beside the last one of several that are written together."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`, on failure it is removed.

    The block writes a file or makes a folder at the yielded path. A file replaces its predecessor in one
    rename. A folder cannot be renamed over a full one, so the old folder steps aside first and is deleted
    last: between the two renames nothing is lost, and the next run puts the old folder back. Where `path` is a
    symbolic link, what it points to is replaced.

    Raises:
        OSError: what the block or the renames raise (a full disk, say); `path` is as it was.
    """
    real = behind_links(path)
    with _named(path), scratch_beside(real) as scratch:
        new = scratch / real.name
        yield new
        if new.is_dir() and real.exists():
            old = scratch / f"{real.name}{OLD}"
            real.rename(old)
            try:
                new.rename(real)
            except OSError:
                old.rename(real)
                raise
        else:
            new.replace(real)


def behind_links(path: str | Path) -> Path:
    """The absolute path that `path` stands for, through all symbolic links, whether anything lies there or not."""
    return Path(os.path.realpath(path))


@contextmanager
def _named(path: str | Path) -> Iterator[None]:
    """Have an OSError name `path`: a write that fails knows no name, one in a hidden folder a name of no use."""
    try:
        yield
    except OSError as error:
        if error.errno and (error.filename is None or (MARK in str(error.filename) and error.filename2 is None)):
            error.filename = str(path)
        raise


@contextmanager
def scratch_beside(path: str | Path) -> Iterator[Path]:
    """Yield a new hidden folder beside `path`, and remove it at the end.

    What a killed process left there for the same `path` goes first. Each process holds a lock on its own folder,
    which the system releases when the process ends in any way, so no folder of a running process is taken.
    """
    path = behind_links(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    scratch, lock = _locked_folder(path)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        os.close(lock)


def remove_leftovers(path: Path) -> None:
    """Remove the hidden folders that killed processes left beside `path`, and put back what had stepped aside there."""
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
    """Write several files that belong together, text as UTF-8: all of them, or none where one cannot be written.

    All are written beside their places first, and then moved there, the last of `files` last: who finds it new finds
    the others new. A process killed between two moves leaves a mark beside it, and beside the last file of every other
    folder (see `refuse_unfinished`); the next `write_all` of the same files removes it.

    Raises:
        OSError: a file cannot be written; all are as they were.
    """
    with ExitStack() as scratches:
        moves = {}
        for path, content in files.items():
            real = behind_links(path)
            with _named(path):
                if real.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
                moves[real] = scratches.enter_context(scratch_beside(real)) / real.name
                moves[real].write_bytes(content.encode() if isinstance(content, str) else content)
        with ExitStack() as marks:
            for last in {real.parent: real for real in moves}.values():
                marks.enter_context(unfinished(last))
            for real, new in moves.items():
                new.replace(real)


def _mark(path: str | Path) -> Path:
    real = behind_links(path)
    return real.with_name(f".{real.name}{UNFINISHED}")


@contextmanager
def unfinished(path: str | Path) -> Iterator[None]:
    """Have a hidden mark beside `path` until the block has succeeded; it stays where the block fails or is killed."""
    mark = _mark(path)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    yield
    mark.unlink(missing_ok=True)


def is_unfinished(path: str | Path) -> bool:
    """Whether the mark of `unfinished` lies beside `path`."""
    return _mark(path).exists()


def refuse_unfinished(path: str | Path, remedy: str) -> None:
    """Raise InputError where `path` may be new and what belongs to it old, or the other way round."""
    if is_unfinished(path):
        raise InputError(f"{path}: its writing was cut off, so it and the files beside it may be of two runs; {remedy}")


def refuse_unfinished_folder(folder: str | Path) -> None:
    """Raise InputError where `refuse_unfinished` would for a file right inside `folder`."""
    for mark in sorted(Path(folder).glob(f".*{UNFINISHED}")):
        refuse_unfinished(mark.with_name(mark.name[1 : -len(UNFINISHED)]), "run again what wrote it")


def bundled(name: str) -> Path:
    """The folder `name` (`model_cards`, `recipes`) that goes with the package, wherever the package lies.

    An installed package carries it inside; in a checkout it lies beside the package.
    """
    inside = Path(__file__).parent / "bundled" / name
    return inside if inside.exists() else Path(__file__).parents[1] / name


def command_line(launcher: str = "python") -> str:
    """The command that runs: `python scripts/x.py ...`, or of an installed package's script `tastetune x ...`."""
    script, *arguments = sys.argv
    if Path(script).is_relative_to(Path(__file__).parent):
        return shlex.join(["tastetune", Path(script).stem, *arguments])
    return f"{launcher} {shlex.join([script, *arguments])}"


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

"""Writing so that a reader never meets a half-written file or folder."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`, on failure it is removed.

    The block writes a file or makes a folder at the yielded path. A file replaces its predecessor in one
    rename. A folder cannot be renamed over a full one, so the old folder steps aside first and is deleted
    last: between the two renames nothing is lost, the old folder lies beside under a name that says so.

    Raises:
        OSError: what the block or the renames raise (a full disk, say); `path` is as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.building-", dir=path.parent))
    try:
        new = beside / path.name
        yield new
        if new.is_dir() and path.exists():
            old = beside / f"{path.name}.old"
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
    finally:
        shutil.rmtree(beside, ignore_errors=True)


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

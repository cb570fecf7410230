"""A model's folder that a script makes: whole or not at all, and never in place of something else."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from tastetune.artifacts.json_files import read_json
from tastetune.errors import InputError
from tastetune.files import replacing

MADE = ("*.json", "*.jinja", "*.safetensors", "*.gguf", "*.parquet", "README.md", "merges.txt", "*.model")
"""Files of a folder that a script made; whoever put another one there would miss it."""

DISK_FULL = ("No space left", "File too large", "Disk quota", "failed writing file", "os error")
"""What the libraries that write weights say when the disk does not take them."""


def made_model(folder: Path, key: str, what: str) -> dict[str, Any] | None:
    """The configuration of the model that a script made in `folder`; None where nothing lies there.

    Args:
        key: in the configuration, what the model was made from.
        what: how a message calls such a model.

    Raises:
        InputError: the folder holds something else, which would be lost.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    path = folder / "config.json"
    config = read_json(path, "name another folder") if path.is_file() else None
    if not isinstance(config, dict) or config.get(key) is None:
        raise InputError(f"{folder}: holds something else than {what}; name another folder")
    if foreign := sorted(path.name for path in folder.iterdir() if not _is_made(path)):
        raise InputError(f"{folder}: holds {foreign[0]} beside {what}, which would be lost; move it away first")
    return config


def _is_made(path: Path) -> bool:
    return path.is_file() and any(fnmatch(path.name, pattern) for pattern in MADE)


def why_not_written(error: Exception) -> str | None:
    """What a library says when the disk does not take a model's weights; None for an error of another kind."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if isinstance(error, OSError):
        return reason if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) else None
    if isinstance(error, SafetensorError) or any(words in reason for words in DISK_FULL):
        return reason
    return None


@contextmanager
def replacing_model(path: Path) -> Iterator[Path]:
    """As `tastetune.files.replacing`, of a model's folder or file.

    Raises:
        InputError: the disk does not take it; what lay there is as it was.
    """
    try:
        with replacing(path) as new:
            yield new
    except (SafetensorError, RuntimeError, OSError) as error:
        if (reason := why_not_written(error)) is None:
            raise
        raise InputError(f"{path}: could not be written ({reason}); make room, or name another place") from error

"""What folders of exported records and predictions are called, and whether a folder holds nothing else."""

import re
from pathlib import Path

from tastetune.errors import InputError
from tastetune.hub.results import RECORD


def folder_name(name: str) -> str:
    """A model's or dataset's name as a folder may be called everywhere; `data` is Every Eval Ever's own word."""
    part = re.sub(r"[^\w.@+=-]", "_", name).strip(".") or "_"
    return f"{part}_" if part == "data" else part


def refuse_other_files(folder: Path) -> None:
    """Raise InputError if `folder`, which is to be replaced or removed, holds or is a file that no export wrote."""
    files = (path for path in [folder, *sorted(folder.rglob("*"))] if path.exists() and not path.is_dir())
    inside = (path.relative_to(folder.parent) for path in files)
    if other := [path for path in inside if not RECORD.fullmatch(path.as_posix()) and not path.name.startswith(".")]:
        raise InputError(
            f"{folder.parent / other[0]}: would be lost, for all of {folder} is replaced; move it elsewhere, or write "
            "the scores to another folder"
        )

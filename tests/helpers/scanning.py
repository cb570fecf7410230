"""What of this machine a file gives away: tokens, folders, names of its user and of itself."""

import getpass
import io
import json
import re
import socket
from pathlib import Path

import pyarrow.parquet as pq

from tastetune.artifacts.redaction import TOKENS

FOLDERS = (
    "home",
    "root",
    "Users",
    "tmp",
    "var",
    "private",
    "mnt",
    "work",
    "srv",
    "opt",
    "workspace",
    "content",
    "data",
)
"""Of the system's root; what lies below one of these is a place on one machine."""

NOBODY = ("root", "user", "runner", "localhost")
"""Names that name nobody, and nothing; so do those of less than four letters, which stand in any weights."""


def patterns(*names: str) -> dict[str, re.Pattern]:
    """What to look for, by what it is; `names` are further names of users and folders."""
    machine = {getpass.getuser(), socket.gethostname(), Path.home().name, *names}
    machine = {name for name in machine if len(name) >= 4} - {*NOBODY}
    named = "|".join(map(re.escape, sorted(machine, key=len, reverse=True)))
    kinds = {f"token: {name}": re.compile(pattern) for name, pattern in TOKENS.items()}
    kinds["absolute path"] = re.compile(rf"(?<![\w./:])/(?:{'|'.join(FOLDERS)})/[\w.-]+")
    kinds["absolute path of Windows"] = re.compile(r"\b[A-Z]:\\[\w.-]+\\")
    return kinds | {"name of the user or the machine": re.compile(rf"(?<![A-Za-z0-9])(?:{named})(?![A-Za-z0-9])")}


def scanned(files: dict[str, bytes], *names: str) -> list[str]:
    """What files give away, as `NAME: what it is: how it reads`; a table is looked at row by row."""
    found = []
    for name, content in files.items():
        text = _text(name, content)
        for kind, pattern in patterns(*names).items():
            found += [f"{name}: {kind}: {match.group()}" for match in pattern.finditer(text)]
    return found


def _text(name: str, content: bytes) -> str:
    text = content.decode("utf-8", "ignore")
    if name.endswith(".parquet"):
        table = pq.read_table(io.BytesIO(content))
        text += json.dumps(table.to_pylist(), default=str, ensure_ascii=False) + str(table.schema.metadata)
    return text

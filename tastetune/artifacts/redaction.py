"""What may be told of a run: its settings and commands, without secrets and without this machine's folders."""

import os
import re
from pathlib import Path

_SECRET_KEYS = re.compile(r"(hub|hf|auth|access)_?token|token|password|api_?key|secret", re.IGNORECASE)
_SECRETS = (
    (re.compile(r"\bhf_[A-Za-z0-9]{8,}"), "hf_…"),
    (re.compile(r"(--(?:hub|hf|auth|access)?_?token[= ])\S+"), r"\1…"),
)
# A slash that opens a word opens an absolute path; one after a letter or a colon belongs to a URL or a relative path.
_ABSOLUTE = re.compile(r"(?<![\w.:/~<\\-])/[^\s'\"`,;:()\[\]{}<>/][^\s'\"`,;:()\[\]{}<>]*")


def shareable(value):
    """`value` (nested dicts, lists, strings) without secrets, and with absolute paths shortened.

    A path under the working directory becomes relative to it; of any other only the last component stays. Entries
    whose key names a secret are left out.
    """
    if isinstance(value, dict):
        return {key: shareable(inner) for key, inner in value.items() if not _SECRET_KEYS.fullmatch(str(key))}
    if isinstance(value, list | tuple):
        return [shareable(inner) for inner in value]
    return _clean(value) if isinstance(value, str) else value


def relative_to(path: str | Path, folder: str | Path) -> str:
    """`path` as seen from `folder`, with forward slashes."""
    return Path(os.path.relpath(Path(path).resolve(), Path(folder).resolve())).as_posix()


def _clean(text: str) -> str:
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    if text.startswith("/") and Path(text).exists():
        return _shorten(text)
    return _ABSOLUTE.sub(lambda found: _shorten(found.group()), text)


def _shorten(path: str) -> str:
    here = Path.cwd()
    inside = Path(path).is_relative_to(here) and Path(path) != here
    return Path(path).relative_to(here).as_posix() if inside else Path(path).name or path

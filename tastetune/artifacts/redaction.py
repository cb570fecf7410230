"""What may be told of a run: its settings and commands, without secrets and without this machine's folders."""

import os
import re
from collections.abc import Callable
from pathlib import Path

_SECRET_KEYS = re.compile(r"((hub|hf|auth|access)[_-]?)?token|.*(password|api[_-]?key|secret)", re.IGNORECASE)

_WORD = r"(?<![A-Za-z0-9])"
TOKENS = {
    "a Hub token (hf_...)": _WORD + r"hf_(?:[a-z]+_)?[A-Za-z0-9]{30,}",
    "a GitHub token (ghp_...)": _WORD + r"gh[pousr]_[A-Za-z0-9]{36,}",
    "a GitHub token (github_pat_...)": _WORD + r"github_pat_[A-Za-z0-9_]{22,}",
    "a GitLab token (glpat-...)": _WORD + r"glpat-[A-Za-z0-9_-]{20,}",
    "an AWS key (AKIA...)": _WORD + r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    "a Google key (AIza...)": _WORD + r"AIza[A-Za-z0-9_-]{35}",
    "a Slack token (xox...)": _WORD + r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    "an API key (sk-...)": _WORD + r"sk-(?:[a-z0-9]+-)*[A-Za-z0-9_]{20,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
"""What a secret looks like, by what it is called: regular expressions over text without line breaks."""

_SECRETS = (
    *((re.compile(pattern), lambda match: match.group()[:3] + "…") for pattern in TOKENS.values()),
    (re.compile(r"\bhf_[A-Za-z0-9]{8,}"), "hf_…"),
    (
        re.compile(
            r"(--(?:(?:hub|hf|auth|access)[_-]?)?token[= ]|--[\w-]*(?:password|api[_-]?key|secret)[= ])\S+",
            re.IGNORECASE,
        ),
        r"\1…",
    ),
    (re.compile(r"(\w://)[^/\s:@]+:[^/\s@]+@"), r"\1…@"),
)
_QUOTED = re.compile(r"""(['"])(/[^'"\n]+)\1""")  # as a shell is given a path with a space in it
# A slash that opens a word opens an absolute path; one after a letter or a colon belongs to a URL or a relative path.
_ABSOLUTE = re.compile(r"(?<![\w.:/~<\\-])/[^\s'\"`,;:()\[\]{}<>/][^\s'\"`,;:()\[\]{}<>]*")


def shareable(value):
    """`value` (nested dicts, lists, strings) without secrets, and with absolute paths shortened.

    A path under the working directory becomes relative to it; of any other only the last component stays. Entries
    whose key names a secret are left out.
    """
    return _mapped(value, lambda text: _without_paths(_without_secrets(text)))


def without_secrets(value):
    """`value` (nested dicts, lists, strings) as `shareable` gives it, but with its paths as they are."""
    return _mapped(value, _without_secrets)


def relative_to(path: str | Path, folder: str | Path) -> str:
    """`path` as seen from `folder`, with forward slashes."""
    return Path(os.path.relpath(Path(path).resolve(), Path(folder).resolve())).as_posix()


def _mapped(value, change: Callable[[str], str]):
    if isinstance(value, dict):
        return {key: _mapped(inner, change) for key, inner in value.items() if not _SECRET_KEYS.fullmatch(str(key))}
    if isinstance(value, list | tuple):
        return [_mapped(inner, change) for inner in value]
    return change(value) if isinstance(value, str) else value


def _without_secrets(text: str) -> str:
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _without_paths(text: str) -> str:
    if text.startswith("/") and Path(text).exists():
        return _shorten(text)
    text = _QUOTED.sub(lambda found: f"{found[1]}{_shorten(found[2])}{found[1]}", text)
    return _ABSOLUTE.sub(lambda found: _shorten(found.group()), text)


def _shorten(path: str) -> str:
    here = Path.cwd()
    inside = Path(path).is_relative_to(here) and Path(path) != here
    return Path(path).relative_to(here).as_posix() if inside else Path(path).name or path

"""Which versions of packages a run has, and by which command a dataset is built."""

import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "tastetune",
    "torch",
    "transformers",
    "trl",
    "peft",
    "bitsandbytes",
    "datasets",
    "recbole",
    "numpy",
)


def versions() -> dict[str, str]:
    """Versions of Python and of the installed packages that a score can depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


PLACES = ("output_dir", "push_to_hub", "public", "recipe_only")
"""Flags of a builder that say where the dataset goes, and nothing of its rows."""


def build_command() -> str:
    """The builder's command that runs, as others can repeat it: without `PLACES`."""
    script, *flags = sys.argv
    kept, is_place = [], False
    for word in flags:
        if word.startswith("--"):
            is_place = word[2:].partition("=")[0].replace("-", "_") in PLACES
        if not is_place:
            kept.append(word)
    return shlex.join(["python", f"data_builders/{Path(script).stem}.py", *kept])

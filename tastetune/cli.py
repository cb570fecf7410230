"""The console command `tastetune`: every script and builder by its name, from any folder."""

import ast
import os
import runpy
import sys
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from tastetune.errors import InputError, run
from tastetune.files import bundled

FOLDERS = {"data_builders": "Build a dataset", "scripts": "Train, answer, score, publish"}
EXTRAS = {
    "accelerate": "train",
    "bitsandbytes": "train",
    "datasets": "train",
    "gguf": "gguf",
    "gradio": "demo",
    "peft": "train",
    "torch": "train",
    "trl": "train",
    "recbole": "baselines",
    "optuna": "tune",
    "openpyxl": "excel",
    "sentence_transformers": "text",
    "trackio": "trackio",
    "pyspark": "spark",
}
"""Modules that the core does without, and the extra that brings each."""


def main() -> None:
    """Run `tastetune NAME ARGUMENT ...` as `python NAME.py ARGUMENT ...`; without a name, list the names."""
    run(_main)


def commands() -> dict[str, Path]:
    """Every script and builder by the name that runs it."""
    return {path.stem: path for folder in FOLDERS for path in sorted(bundled(folder).glob("*.py"))}


def usage() -> str:
    """The commands, each with the first line of its docstring."""
    width = max(map(len, commands()))
    lines = ["Usage: tastetune COMMAND [ARGUMENT ...]; tastetune COMMAND --help says more"]
    for folder, purpose in FOLDERS.items():
        paths = [path for path in commands().values() if path.parent.name == folder]
        lines += ["", f"{purpose}:", *(f"  {path.stem:{width}}  {_summary(path)}" for path in paths)]
    return "\n".join(lines)


def _main() -> None:
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        print(usage())
        return
    if name not in commands():
        near = get_close_matches(name, commands(), n=1)
        raise InputError(f"no command {name!r}; " + (f"did you mean {near[0]}?" if near else "see tastetune --help"))
    if find_spec("torch") is None:  # transformers, which reads flags, would lament it at every command
        os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    sys.argv = [name, *arguments]
    try:
        runpy.run_path(str(commands()[name]), run_name="__main__")
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRAS or find_spec(module):
            raise
        extra = EXTRAS[module]
        raise InputError(f"{name} needs {module}, not installed; run pip install 'tastetune[{extra}]'") from error


def _summary(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]

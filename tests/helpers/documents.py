"""What documents say: the commands, files and targets named in the README, usage docstrings and headers."""

import ast
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (
    *("scripts", "data_builders", "benchmarks", "tastetune", "recipes", "recbole_configs", "model_cards", "tests"),
    *("docs", "metrics"),
)
COMMAND = re.compile(rf"(?P<launcher>accelerate launch .*?)?\b(?P<script>(?:{'|'.join(FOLDERS)})/\w+\.py)(?P<rest>.*)")
NAMED = re.compile(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./*-]*\w")


@dataclass(frozen=True)
class Command:
    """A script's call as a document shows it; `launcher` are accelerate's own words before it, or empty."""

    document: str
    launcher: str
    script: str
    flags: tuple[str, ...]


@cache
def tracked() -> list[Path]:
    """Files that git tracks or would, relative to the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(name) for name in sorted(set(listed.stdout.splitlines())) if (ROOT / name).is_file()]


def scripts() -> list[str]:
    """What is meant to be run: the files of scripts/ and data_builders/."""
    return [str(path) for path in tracked() if path.suffix == ".py" and path.parts[0] in ("scripts", "data_builders")]


@cache
def documents() -> dict[str, str]:
    """Pages, Makefile and shell scripts whole, of a script its docstring, of a recipe or config its comments."""
    found = {}
    for path in tracked():
        text = (ROOT / path).read_text(encoding="utf-8") if path.suffix in (".py", ".yaml", ".sh", ".md", "") else ""
        if path.name in ("README.md", "CONTRIBUTING.md", "Makefile") or path.suffix == ".sh" or path.parts[0] == "docs":
            found[str(path)] = text
        elif path.suffix == ".py" and path.parts[0] in ("scripts", "data_builders", "benchmarks"):
            found[str(path)] = ast.get_docstring(ast.parse(text)) or ""
        elif path.suffix == ".yaml" and path.parts[0] in ("recipes", "recbole_configs"):
            comments = [line[1:] for line in text.splitlines() if line.startswith("#")]
            found[str(path)] = "\n".join(comments)
    return found


def commands(document: str, text: str) -> list[Command]:
    """Every call of a script in `text`, backslashes at line ends followed."""
    found = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        for part in re.split(r"[`;]|&&| \| | # ", line):
            if called := COMMAND.search(part):
                flags = tuple(re.findall(r"(?<=\s)--[\w-]+", called["rest"]))
                found.append(Command(document, called["launcher"] or "", called["script"], flags))
    return found


def named_files(text: str) -> list[str]:
    """Paths of the checkout in `text`; one that holds a star is a pattern."""
    return NAMED.findall(text)

"""How time and memory of stages grow with the log: each in a process of its own, kept as JSON, shown as a table."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import log
from pathlib import Path
from tempfile import NamedTemporaryFile

from tastetune.config.environment import versions
from tastetune.errors import InputError
from tastetune.files import command_line
from tastetune.measurements import read_measurements, write_measurements

FOLDER = Path("results/scale")
"""Where benchmarks/scale.py keeps what it measured, one file a size."""

HEAD = (
    "Stage",
    "Ratings",
    "Seconds",
    "Processor seconds",
    "Peak memory, GiB",
    "Power of the ratings",
)


@dataclass(frozen=True)
class Use:
    """What a process and those that it waited for took.

    Attributes:
        seconds: by the clock.
        processor_seconds: of all cores.
        bytes: of memory, at its peak; of several processes those of the largest.
        command: that measured it; empty in a file that does not say.
    """

    seconds: float
    processor_seconds: float
    bytes: int
    command: str = ""


WATCH = """
import json, resource, subprocess, sys, time
began = time.monotonic()
status = subprocess.run(sys.argv[2:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
took = time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss << 10
with open(sys.argv[1], "w") as file:
    json.dump(took, file)
sys.exit(status)
"""
"""A small process that runs a command: a new process counts what its parent held. Linux has `ru_maxrss` in KiB."""


def measured(command: Sequence[str]) -> Use:
    """What `python *command` takes.

    Raises:
        InputError: it ends with another status than 0.
    """
    with NamedTemporaryFile("r") as file:
        watch = [sys.executable, "-S", "-c", WATCH, file.name, sys.executable, *command]
        if status := subprocess.run(watch, check=False).returncode:
            raise InputError(f"python {' '.join(command)}: ended with status {status}; see what it printed")
        return Use(*json.load(file))


def write_stage(ratings: int, stage: str, use: Use) -> Path:
    """Write what a stage took of a log of so many ratings into `FOLDER`, print it, and return the file.

    What the file holds of other stages stays, so that no stage is lost where a later one is cut off; each names the
    command that measured it.
    """
    path = FOLDER / f"{ratings}.json"
    stages = (read_growth(path) if path.is_file() else {}) | {stage: replace(use, command=command_line("python"))}
    figures = {name: asdict(of) for name, of in stages.items()}
    write_measurements(path, f"{os.cpu_count()} cores", versions(), ratings=ratings, stages=figures)
    print(growth_table([path]), flush=True)
    return path


def read_growth(path: Path) -> dict[str, Use]:
    """What each stage took, of a file of `write_stage`.

    Raises:
        InputError: it is none.
    """
    return read_measurements(path, _stages, "benchmarks/scale.py")


def _stages(content: dict) -> dict[str, Use]:
    return {name: Use(**use) for name, use in content["stages"].items()}


def read_sizes(paths: Sequence[Path]) -> dict[str, list[tuple[int, Use]]]:
    """What each stage took of logs of each size, the smallest first.

    Raises:
        InputError: no files, or one that benchmarks/scale.py did not write.
    """
    if not paths:
        raise InputError(f"no file in {FOLDER}; run benchmarks/scale.py")
    sizes: dict[str, list[tuple[int, Use]]] = {}
    for path in sorted(paths, key=_ratings):
        for stage, use in read_growth(path).items():
            sizes.setdefault(stage, []).append((_ratings(path), use))
    return sizes


def _ratings(path: Path) -> int:
    return read_measurements(path, lambda content: int(content["ratings"]), "benchmarks/scale.py")


def growth_table(paths: Sequence[Path]) -> str:
    """A Markdown table of files of `write_stage`: each stage from the smallest log to the largest.

    The power is that between a size and the one before it, of the processor's seconds: 1 is linear.

    Raises:
        InputError: see `read_sizes`.
    """
    lines = [f"| {' | '.join(HEAD)} |", "|:--|--:|--:|--:|--:|--:|"]
    for stage, sizes in read_sizes(paths).items():
        for before, (ratings, use) in zip([None, *sizes], sizes, strict=False):
            power = f"{exponent(before, (ratings, use)):.2f}" if before else "–"
            figures = f"{use.seconds:,.0f} | {use.processor_seconds:,.0f} | {use.bytes / 2**30:.1f}"
            lines.append(f"| {stage} | {ratings:,} | {figures} | {power} |")
    return "\n".join(lines)


def exponent(one: tuple[int, Use], other: tuple[int, Use]) -> float:
    """The power of the number of ratings with which the processor's seconds grow from one log to the other."""
    (n, use), (m, more) = one, other
    return log(more.processor_seconds / use.processor_seconds) / log(m / n)

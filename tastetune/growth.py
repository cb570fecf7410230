"""How time and memory of stages grow with the log: each in a process of its own, kept as JSON, shown as a table."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path
from tempfile import NamedTemporaryFile

from tastetune.config.environment import versions
from tastetune.errors import InputError
from tastetune.files import command_line, write_text
from tastetune.speed import processor

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
    """

    seconds: float
    processor_seconds: float
    bytes: int


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


def write_growth(ratings: int, stages: Mapping[str, Use]) -> Path:
    """Write what the stages of a log of so many ratings took into `FOLDER`, print it, and return the file."""
    content = {
        "command": command_line("python"),
        "processor": f"{os.cpu_count()} cores of {processor()}",
        "versions": versions(),
        "ratings": ratings,
        "stages": {name: asdict(use) for name, use in stages.items()},
    }
    path = FOLDER / f"{ratings}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(content, indent=2) + "\n")
    print(growth_table([path]))
    return path


def growth_table(paths: list[Path]) -> str:
    """A Markdown table of files of `write_growth`: each stage from the smallest log to the largest.

    The power is that between a size and the one before it, of the processor's seconds: 1 is linear.

    Raises:
        InputError: no files, or one that benchmarks/scale.py did not write.
    """
    if not paths:
        raise InputError(f"no file in {FOLDER}; run benchmarks/scale.py")
    sizes: dict[int, dict[str, Use]] = {}
    for path in paths:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            sizes[content["ratings"]] = {name: Use(**use) for name, use in content["stages"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: expected what benchmarks/scale.py writes; run it anew") from error
    lines = [f"| {' | '.join(HEAD)} |", "|:--|--:|--:|--:|--:|--:|"]
    for stage in dict.fromkeys(name for stages in sizes.values() for name in stages):
        before: tuple[int, Use] | None = None
        for ratings in sorted(size for size, stages in sizes.items() if stage in stages):
            use = sizes[ratings][stage]
            power = f"{exponent(before, (ratings, use)):.2f}" if before else "–"
            figures = f"{use.seconds:,.0f} | {use.processor_seconds:,.0f} | {use.bytes / 2**30:.1f}"
            lines.append(f"| {stage} | {ratings:,} | {figures} | {power} |")
            before = ratings, use
    return "\n".join(lines)


def exponent(one: tuple[int, Use], other: tuple[int, Use]) -> float:
    """The power of the number of ratings with which the processor's seconds grow from one log to the other."""
    (n, use), (m, more) = one, other
    return log(more.processor_seconds / use.processor_seconds) / log(m / n)

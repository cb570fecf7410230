"""How fast two ways of doing the same are, timed in turns; kept as JSON, and shown as one table.

A machine is seldom quiet. So each way runs on one thread, its time is what the processor spent on it, and the ways take
turns: what else the machine does hits both.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from tastetune.errors import InputError
from tastetune.measurements import read_measurements, write_measurements

FOLDER = Path("results/speed")
"""Where the benchmarks keep what they measured."""

HEAD = ("What", "Beside", "Its rate", "Here", "Ratio", "What is equal")


@dataclass(frozen=True)
class Comparison:
    """What two ways did in a second.

    Attributes:
        what: the work.
        unit: of the rates.
        beside: the way to compare with.
        theirs, ours: how much of the work each did in a second of processor time, the median of its turns.
        equal: what came out alike, and how nearly.
    """

    what: str
    unit: str
    beside: str
    theirs: float
    ours: float
    equal: str

    @property
    def ratio(self) -> float:
        """How many times as fast ours is."""
        return self.ours / self.theirs


def in_turns(ways: Mapping[str, Callable[[], float]], turns: int) -> dict[str, float]:
    """The median rate of each way, which run after each other so many times.

    Have the libraries compute on one thread before.

    Args:
        ways: from a name to what does the work and returns how much of it was done.

    Returns:
        Work in a second of this process's processor time, by name.
    """
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, work in ways.items():
            began = time.process_time()
            done = work()
            rates[name].append(done / (time.process_time() - began))
    return {name: median(of_way) for name, of_way in rates.items()}


def write_speed(name: str, comparisons: list[Comparison], versions: Mapping[str, str], turns: int) -> Path:
    """Write what a benchmark measured into `FOLDER`, print it, and return the file."""
    path = FOLDER / f"{name}.json"
    figures = [asdict(comparison) for comparison in comparisons]
    write_measurements(path, "one thread", versions, turns=turns, comparisons=figures)
    print(speed_table([path]))
    return path


def speed_table(paths: list[Path]) -> str:
    """A Markdown table of all comparisons in files of `write_speed`.

    Raises:
        InputError: no files, or one that is none of a benchmark's.
    """
    if not paths:
        raise InputError("no file of a benchmark there; run the scripts of benchmarks/ that write into results/speed")
    lines = [f"| {' | '.join(HEAD)} |", "|:--|:--|--:|--:|--:|:--|"]
    for path in paths:
        comparisons = read_measurements(path, _comparisons, "a script of benchmarks/")
        lines += [_line(comparison) for comparison in comparisons]
    return "\n".join(lines)


def _line(made: Comparison) -> str:
    rates = (f"{rate:.3g} {made.unit}" for rate in (made.theirs, made.ours))
    return f"| {made.what} | {made.beside} | {' | '.join(rates)} | {made.ratio:.1f} | {made.equal} |"


def _comparisons(content: dict) -> list[Comparison]:
    return [Comparison(**entry) for entry in content["comparisons"]]

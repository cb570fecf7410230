"""What training steps of a model take on one GPU, kept as JSON, and shown as one table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tastetune.config.environment import versions
from tastetune.measurements import read_measurements, write_measurements

PATH = Path("results/gpu/true_size.json")
"""Where benchmarks/true_size.py keeps what it measured."""

HEAD = ("Rows", "Tokens a step", "Tokens/s", "Labels/s", "Peak memory, GiB", "Share of the peak")


@dataclass(frozen=True)
class StepUse:
    """What one step of training takes.

    Attributes:
        rows: what the model reads, in words.
        tokens, labels: of one step, without padding; labels are answers learnt from.
        seconds: of one step, the median.
        bytes: of the GPU's memory, at its peak.
        operations: floating-point operations that one step cannot do without.
    """

    rows: str
    tokens: float
    labels: float
    seconds: float
    bytes: int
    operations: float


def write_steps(uses: Sequence[StepUse], device: str, peak: float, **about: object) -> Path:
    """Write what was measured into `PATH`, print it, and return the file.

    Args:
        peak: floating-point operations a second that the device reached in a product of large matrices.
        about: what else the figures are of, by key.
    """
    steps = [asdict(use) for use in uses]
    write_measurements(PATH, f"{device} and one process", versions(), peak=peak, steps=steps, **about)
    print(steps_table(PATH), flush=True)
    return PATH


def steps_table(path: Path) -> str:
    """A Markdown table of a file of `write_steps`.

    Raises:
        InputError: it is none.
    """
    uses, peak = read_measurements(path, _steps, "benchmarks/true_size.py")
    lines = [f"| {' | '.join(HEAD)} |", "|:--|--:|--:|--:|--:|--:|"]
    for use in uses:
        rates = f"{use.tokens:,.0f} | {use.tokens / use.seconds:,.0f} | {use.labels / use.seconds:,.1f}"
        share = use.operations / use.seconds / peak
        lines.append(f"| {use.rows} | {rates} | {use.bytes / 2**30:.1f} | {share:.0%} |")
    return "\n".join(lines)


def _steps(content: dict) -> tuple[list[StepUse], float]:
    return [StepUse(**use) for use in content["steps"]], float(content["peak"])

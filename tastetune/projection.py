"""A log larger than any that was run, on paper: hours, dollars and memory of each stage, from what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tastetune.growth import Use, exponent, read_sizes

RATINGS, USERS, RESAMPLES = 10**9, 10**8, 1_000
"""Of the log on paper, and of its users' bootstrap."""

DOLLARS = 0.05
"""For one core an hour: an assumption, about what clouds ask for a core and its 4 GiB without a contract."""

MEMORY = 24 << 30
"""Bytes of the machine that breaks."""

ARRAY = 1 << 31
"""Bytes of text in one Arrow array of strings, whose offsets have 32 bits."""

RESTS_ON = {
    "Dataset built": ("tastetune.data.rows.Renderer.table", "tastetune.data.rows.canonical"),
    "Trivial models": ("tastetune.baselines.trivial.likes.tune",),
    "Scores": ("tastetune.metrics.roc_auc.weighed_roc_auc",),
}
"""What most of a stage's time goes into."""


@dataclass(frozen=True)
class Holding:
    """What a function holds in memory at once.

    Attributes:
        what: it holds.
        where: the function.
        bytes: on paper.
        most: bytes at which it breaks.
    """

    what: str
    where: str
    bytes: int
    most: int = MEMORY


TESTED = RATINGS // 10
ID = len(f"{USERS}:{RATINGS}")
"""Bytes of an example's id, at most."""

HOLDINGS = (
    Holding("Every user's number in every resample", "tastetune.evaluation.bootstrap.draws", 2 * USERS * RESAMPLES),
    Holding("Ids of test rows as Python texts", "tastetune.tasks.task.Rows.example_ids", (57 + ID) * TESTED),
    Holding("Codes and likes of all rows, twice", "tastetune.baselines.trivial.coded.joined", 2 * 16 * RATINGS),
    Holding("A hash of each prompt, and its sorted copy", "tastetune.data.audit.copies.PromptCopies", 16 * RATINGS),
    Holding("A hash of each user and item, and its sorted copy", "tastetune.data.audit.leakage", 16 * RATINGS),
    Holding("Ids of test rows in one Arrow array", "tastetune.tasks.task.refuse_doubled", ID * TESTED, ARRAY),
)


def projected_table(paths: Sequence[Path]) -> str:
    """A Markdown table of what each stage would take of the log on paper, from files of `tastetune.growth`.

    The processor's seconds grow from the largest log that was measured as they did up to it, and no slower than the
    ratings: to begin with they grow less, for the libraries take their share. Memory goes on along a straight line.

    Raises:
        InputError: see `tastetune.growth.read_sizes`.
    """
    lines = ["| Stage | Measured up to | Power | Core hours | Dollars | Memory, GiB | Rests on |"]
    lines.append("|:--|--:|--:|--:|--:|--:|:--|")
    for stage, sizes in read_sizes(paths).items():
        ratings, use = sizes[-1]
        times = RATINGS / ratings
        power = max(1.0, exponent(sizes[-2], sizes[-1])) if len(sizes) > 1 else 1.0
        hours = use.processor_seconds * times**power / 3600
        memory = _bytes(sizes) / 2**30
        where = ", ".join(f"`{name}`" for name in RESTS_ON.get(stage, ()))
        figures = f"{power:.2f} | {hours:,.1f} | {hours * DOLLARS:,.2f} | {memory:,.0f}"
        lines.append(f"| {stage} | {ratings:,} | {figures} | {where} |")
    return "\n".join(lines)


def breaking_table() -> str:
    """A Markdown table of what is held at once of the log on paper, what breaks first at the top."""
    lines = ["| What is held at once | Where | GiB | Full at ratings |", "|:--|:--|--:|--:|"]
    for held in sorted(HOLDINGS, key=lambda of: of.most / of.bytes):
        full = RATINGS * held.most / held.bytes
        lines.append(f"| {held.what} | `{held.where}` | {held.bytes / 2**30:,.1f} | {full:.1e} |")
    return "\n".join(lines)


def _bytes(sizes: Sequence[tuple[int, Use]]) -> float:
    """On the line through the two largest sizes, or through nothing and the only one."""
    (n, before), (m, use) = [(0, Use(0, 0, 0)), *sizes][-2:]
    return use.bytes + (use.bytes - before.bytes) / (m - n) * (RATINGS - m)

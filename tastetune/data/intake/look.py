"""What was understood of a log and its catalogue, and what is unsure of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
from ibis.expr import types as ir

from tastetune.data.intake.arguments import LogArguments
from tastetune.data.intake.doubts import Doubt
from tastetune.data.intake.scale import Scale
from tastetune.data.reading.logs import RawLog
from tastetune.data.reading.problems import Problem
from tastetune.data.reading.tables import TableFile


@dataclass
class Look:
    """What was understood.

    Attributes:
        args: the flags, those that were not given filled in.
        tables: the log's files by their splits; a single one under the empty name.
        catalogue: the file of the catalogue, if there is one.
        kind: `ratings`, `counts`, `likes` or `clicks`.
        scale: of the ratings.
        times: what the times are, in words.
        log: the four columns of the contract, as strings.
        items: the items table.
        titled: what the titles are: of the `catalogue`, of the `log`, or the `ids` for want of titles.
        unknown: rated items that the catalogue lacks, with their ratings.
        notes: what was mended or set aside, and how often.
        doubts, problems: what a person has to settle.
    """

    args: LogArguments
    tables: Mapping[str, TableFile]
    catalogue: TableFile | None = None
    kind: str = "ratings"
    scale: Scale = field(default_factory=lambda: Scale("ratings"))
    times: str = ""
    log: RawLog | None = None
    items: pa.Table | None = None
    titled: str = "catalogue"
    unknown: pa.Table | None = None
    notes: dict[str, int] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def interactions(self) -> ir.Table:
        """The log in the contract's types; only without problems."""
        assert self.log is not None
        names = ("user_id", "item_id", "rating", "timestamp", "split")
        table = self.log.table.select([name for name in names if name in self.log.table.columns])
        return table.mutate(rating=table.rating.cast("float64"), timestamp=table.timestamp.cast("int64"))

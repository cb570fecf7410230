"""Every rating once as a target, read a range of users at a time, so that a large log needs no more memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from tastetune.data.engine import batches, even
from tastetune.data.histories import Histories
from tastetune.data.interactions import INTERACTIONS
from tastetune.tasks.order import Order

ROWS_AT_ONCE = 1 << 21
"""Ratings whose histories are worked out at a time, about: those of whole users."""


@dataclass(frozen=True)
class Targets:
    """The ratings of a log that is split.

    Attributes:
        rows: with their `split`, held by their engine.
        order: of each user's ratings.
        rows_a_table: of each table that is read.
        histories: the rule for what stands before each of them.
    """

    rows: ir.Table
    order: Order
    rows_a_table: int
    histories: Histories

    def log(self, split: str) -> Iterator[pa.Table]:
        """The ratings of a split by user, and each user's in order, in tables of `rows_a_table`."""
        tables = (rows.filter(rows.split == split).select(*INTERACTIONS.names) for rows in self._ranges())
        return even(chain.from_iterable(batches(self._ordered(rows)) for rows in tables), self.rows_a_table)

    def with_histories(self, split: str) -> Iterator[pa.Table]:
        """The same ratings with their histories."""
        ranges = (pa.Table.from_batches(batches(self._ordered(rows))) for rows in self._ranges())
        tables = chain.from_iterable(self.histories.of(split, ratings) for ratings in ranges)
        return even(chain.from_iterable(table.to_batches() for table in tables), self.rows_a_table)

    def _ordered(self, rows: ir.Table) -> ir.Table:
        return rows.order_by("user_id", *self.order.columns)

    def _ranges(self) -> Iterator[ir.Table]:
        for first, behind in pairwise((*self._first_users, None)):
            is_within = self.rows.user_id >= first
            if behind is None:
                yield self.rows.filter(is_within) if first else self.rows
            else:
                yield self.rows.filter(is_within & (self.rows.user_id < behind))

    @cached_property
    def _first_users(self) -> list[str]:
        """With whom each range begins, in the order of the ids as text; the first with the empty one, before all."""
        if int(self.rows.count().execute()) <= ROWS_AT_ONCE:
            return [""]
        users = self.rows.group_by("user_id").agg(rows=ibis._.count())
        upto = users.rows.sum().over(ibis.window(order_by="user_id", preceding=(None, 0)))
        placed = users.mutate(range=(upto - users.rows) // ROWS_AT_ONCE)
        first = placed.group_by("range").agg(user_id=ibis._.user_id.min()).order_by("range")
        return ["", *first.to_pyarrow()["user_id"].to_pylist()[1:]]

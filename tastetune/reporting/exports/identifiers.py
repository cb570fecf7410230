"""Ids of users, items and rows as they may leave: as they are, or hashed where the ratings may not be passed on."""

from collections.abc import Iterable
from hashlib import blake2b

import pyarrow as pa

from tastetune.artifacts.digests import digest_of_table
from tastetune.artifacts.predictions import Predictions
from tastetune.errors import InputError
from tastetune.tasks.task import Rows, check_same_rows

WITHHELD = "withheld"
"""Stands for a text where ids are hashed and texts are left out."""


class Identifiers:
    """Writes ids, and reads those of predictions that others published.

    A plain hash of an id gives it away, for ids are small numbers that anybody can count through. The hash here has a
    key, a digest of the rows that is written nowhere, which only those can compute who have the ratings. So models and
    runs on the same rows share ids, and nobody else can tell whose they are.

    Attributes:
        withheld: whether ids are hashed, and texts are left out.
    """

    def __init__(self, rows: Rows):
        self.rows, self.withheld = rows, not rows.dataset.may_be_shared
        self._key = digest_of_table(rows.table, b"key of ids").encode()

    def __call__(self, kind: str, name: str) -> str:
        """`name`, the id of a `kind` of thing (`user`, `item`, `row`), as it may leave."""
        return self._hashed(kind, name) if self.withheld else name

    def of_items(self, names: Iterable[str | None]) -> list[str | None]:
        """As `__call__`, of items; None, a line off the catalogue, stays None."""
        return [None if name is None else self("item", name) for name in names]

    def read(self, predictions: Predictions) -> Predictions:
        """Predictions with the ids that the dataset has, in place of hashed ones.

        Raises:
            InputError: they are of other rows, or have an id of no row or item.
        """
        if not predictions.meta.hashed_ids:
            return predictions
        check_same_rows(self.rows, predictions)
        table = predictions.table
        names = {"example_id": ("row", self.rows.example_ids)}
        if "item_id" in table.column_names:
            names["item_id"] = ("item", self.rows.dataset.read("items", "train", ["item_id"])["item_id"].to_pylist())
        for column, (kind, originals) in names.items():
            original_of = {self._hashed(kind, name): name for name in originals} | {None: None}
            hashed = table[column].to_pylist()
            if unknown := [name for name in hashed if name not in original_of]:
                raise InputError(
                    f"{predictions.place}: {len(unknown)} hashed values of {column} belong to no {kind} of "
                    f"{self.rows.dataset.source}, first {unknown[0]!r}; ask its publisher to push it anew"
                )
            place = table.column_names.index(column)
            table = table.set_column(place, column, pa.array([original_of[name] for name in hashed], pa.string()))
        return Predictions(predictions.meta, table, predictions.path, predictions.source)

    def _hashed(self, kind: str, name: str) -> str:
        return blake2b(f"{kind} {name}".encode(), key=self._key, digest_size=16).hexdigest()

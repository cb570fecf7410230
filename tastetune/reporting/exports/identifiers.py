"""Ids of users, items and rows as they may leave: as they are, or hashed where the ratings may not be passed on."""

from collections.abc import Iterable
from hashlib import blake2b

from tastetune.tasks import Rows


class Identifiers:
    """Writes ids.

    A plain hash of an id gives it away, for ids are small numbers that anybody can count through. The hash here has a
    key, the digest of the file of rows, which only those know who have the ratings. So models and runs on the same rows
    share ids, and nobody else can tell whose they are.

    Attributes:
        withheld: whether ids are hashed, and texts are left out.
    """

    def __init__(self, rows: Rows):
        files = [f"{rows.task.rows_config}/{part}.parquet" for part in rows.split.split("+")]
        self.withheld = not rows.dataset.may_be_shared
        self._key = "".join(rows.dataset.info["files"][name] for name in files).encode()[:64]

    def __call__(self, kind: str, name: str) -> str:
        """`name`, the id of a `kind` of thing (`user`, `item`, `row`), as it may leave."""
        if not self.withheld:
            return name
        return blake2b(f"{kind} {name}".encode(), key=self._key, digest_size=16).hexdigest()

    def of_items(self, names: Iterable[str | None]) -> list[str | None]:
        """As `__call__`, of items; None, a line off the catalogue, stays None."""
        return [None if name is None else self("item", name) for name in names]

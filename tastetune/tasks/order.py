"""The order in which a user's ratings stand: splits, histories, streams and lists of favourites all follow it."""

from dataclasses import dataclass
from hashlib import md5
from typing import Literal

import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset

ITEM_ID: Literal["item_id"] = "item_id"
HASH: Literal["hash"] = "hash"


@dataclass(frozen=True)
class Order:
    """By time; ratings of one moment, of which many logs hold more than half, by a rule that is the same everywhere.

    Attributes:
        ties: `item_id`, the ids compared as strings byte by byte; or `hash`, by lot: the MD5 of user, item and seed.
            Ids are often given in the order in which items appeared, so that they put new items last; a lot does not.
        seed: of the lot.
    """

    ties: str = ITEM_ID
    seed: int = 42

    def tie(self, user_id: str, item_id: str) -> str:
        """What a rating is compared by among those of its user and moment."""
        return item_id if self.ties == ITEM_ID else md5(f"{user_id}:{item_id}:{self.seed}".encode()).hexdigest()

    def sorted(self, ratings: pa.Table) -> pa.Table:
        """The rows of `ratings` (`user_id`, `item_id`, `timestamp` among its columns) by user, each user's in order."""
        pairs = zip(ratings["user_id"].to_pylist(), ratings["item_id"].to_pylist(), strict=True)
        tied = ratings.append_column("tie", pa.array([self.tie(*pair) for pair in pairs], pa.string()))
        return tied.sort_by([(name, "ascending") for name in ("user_id", "timestamp", "tie")]).drop_columns("tie")

    @property
    def words(self) -> str:
        """The rule for ratings of one moment, in the words of the dataset card."""
        if self.ties == ITEM_ID:
            return "ratings of one moment by item id, ids compared as strings byte by byte"
        return "ratings of one moment by lot (the MD5 of user, item and seed)"

    @property
    def columns(self) -> tuple:
        """The same within one user, as what an Ibis table is ordered by."""
        return "timestamp", self.tie_column

    @property
    def tie_column(self):
        """`tie` as a column of an Ibis table."""
        import ibis

        if self.ties == ITEM_ID:
            return "item_id"
        return (ibis._.user_id + ":" + ibis._.item_id + f":{self.seed}").hexdigest("md5")


BY_ITEM_ID = Order()
"""The documented order of the public logs."""


def order_of(dataset: BuiltDataset) -> Order:
    """The order that a built dataset follows."""
    return Order(dataset.ties, dataset.seed)

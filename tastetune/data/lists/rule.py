"""The constants by which gold lists are made, on the scale of a log."""

from dataclasses import dataclass, field, fields, replace
from typing import Literal, TypeVar

import ibis
import numpy as np
from ibis.expr import types as ir

from tastetune.artifacts.dataset import LIKE_FROM
from tastetune.errors import InputError

NEIGHBOURS: Literal["neighbours"] = "neighbours"
FUTURE: Literal["future"] = "future"

OF_ONE_GOLD = {
    **dict.fromkeys(("high", "shared", "neighbours", "min_neighbours", "watched_by"), NEIGHBOURS),
    **dict.fromkeys(("past_share", "like_from"), FUTURE),
}
"""Constants that one kind of gold list alone has a use for."""


@dataclass(kw_only=True)
class Rule:
    """How gold lists are made; the defaults are the published constants of profileData50, except `shared`.

    Raises:
        InputError: a constant that cannot be.
    """

    gold: Literal["neighbours", "future"] = field(
        default=NEIGHBOURS,
        metadata={
            "help": "What a gold list holds: `neighbours`, what people of like taste watched, as published; `future`, "
            "what the user went on to like."
        },
    )
    users: int = field(default=10_000, metadata={"help": "Users sampled from those who qualify."})
    liked: int = field(default=10, metadata={"help": "A user's best items; who rated fewer is set aside."})
    favourite: float | None = field(
        default=None,
        metadata={"help": "A favourite is rated this or more; if none 5, or what a fifth reach on another scale."},
    )
    favourites_over: int = field(default=3, metadata={"help": "A user who qualifies has more favourites than this."})
    high: float | None = field(
        default=None, metadata={"help": "A neighbour rated them this or more (60: 4); as --favourite if none."}
    )
    shared: int = field(default=2, metadata={"help": "How many of them a neighbour rated high, at least."})
    neighbours: int = field(default=10_000, metadata={"help": "Neighbours of a user at most; sampled from more."})
    min_neighbours: int = field(default=1, metadata={"help": "Users with fewer neighbours are set aside."})
    watched_by: float = field(
        default=0.5, metadata={"help": "Share of the neighbours who rated an item of a gold list (60: 0.6)."}
    )
    past_share: float = field(
        default=0.5, metadata={"help": "Share of a user's ratings, the earliest, that are the past."}
    )
    like_from: float | None = field(
        default=None,
        metadata={"help": "A like of the future is rated this or more; as the source says if none, 4 of 5 stars."},
    )
    seed: int = field(default=42, metadata={"help": "Seed of everything drawn."})

    def __post_init__(self):
        for name, gold in OF_ONE_GOLD.items():
            if gold != self.gold and getattr(self, name) != _DEFAULTS[name]:
                raise InputError(f"--{name} {getattr(self, name)}: of --gold {gold} alone; leave it out, or say so")
        if not 0 < self.past_share < 1:
            raise InputError(f"--past_share {self.past_share}: expected a share above 0 and below 1")
        for name in ("users", "liked", "shared", "neighbours", "min_neighbours"):
            if getattr(self, name) < 1:
                raise InputError(f"--{name} {getattr(self, name)}: expected 1 or more")
        if self.shared > self.liked:
            raise InputError(f"--shared {self.shared}: a user has the best --liked {self.liked}, no more can be shared")
        if not 0 < self.watched_by <= 1:
            raise InputError(f"--watched_by {self.watched_by}: expected a share above 0 and up to 1")

    @property
    def constants(self) -> dict:
        """Those that this kind of gold list has a use for, by name."""
        names = [entry.name for entry in fields(Rule) if OF_ONE_GOLD.get(entry.name, self.gold) == self.gold]
        return {name: getattr(self, name) for name in names}


_DEFAULTS = {entry.name: entry.default for entry in fields(Rule)}

RuleOnScale = TypeVar("RuleOnScale", bound=Rule)

PUBLISHED = 5.0
"""A favourite of the published lists."""

FAVOURITES = 0.2
"""The share of a log's ratings that are favourites, at least, where nobody says from which rating on one is."""


def on_scale(interactions: ir.Table, rule: RuleOnScale) -> RuleOnScale:
    """The rule with what it leaves open said.

    `favourite` is 5 where the log's ratings end there, as published, and on another scale the highest rating that a
    fifth of the ratings reach; `high` is the same. `like_from` is 4 where a favourite is 5, and elsewhere a favourite.
    """
    favourite = rule.favourite
    if favourite is None:
        ratings = interactions.group_by("rating").agg(rows=interactions.count()).order_by(ibis.desc("rating"))
        values, rows = (column.to_numpy() for column in ratings.to_pyarrow().columns)
        reached = values[np.argmax(np.cumsum(rows) >= FAVOURITES * rows.sum())]
        favourite = PUBLISHED if values[0] == PUBLISHED else float(reached)
    if rule.gold == FUTURE:
        like_from = LIKE_FROM if favourite == PUBLISHED else favourite
        return replace(rule, favourite=favourite, like_from=like_from if rule.like_from is None else rule.like_from)
    return replace(rule, favourite=favourite, high=favourite if rule.high is None else rule.high)

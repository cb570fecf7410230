"""Gold lists from people's own future: the films that a user went on to like after a moment of their own.

A user's past is the first `past_share` of their ratings in order of time, with all of its last moment. The users stand
in the order in which their pasts end, and are cut at two moments for everybody: whose past ends before the first is
train, before the second validation, and all others test. A gold list holds what its user liked after the past, and
before the moment that ends the user's split. So whatever lies before a split's first moment may be learnt from, of
anybody, and nothing that is asked there lies before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr import types as ir

from tastetune.data.gold_lists import draw_keys, nobody_qualifies
from tastetune.data.list_rule import Rule
from tastetune.data.splits import SPLITS
from tastetune.tasks.order import Order

LISTS = pa.schema(
    [
        ("user_id", pa.string()),
        ("liked", pa.list_(pa.string())),
        ("gold", pa.list_(pa.string())),
        ("past", pa.list_(pa.string())),
        ("past_ratings", pa.list_(pa.float64())),
    ]
)


@dataclass(frozen=True)
class Futures:
    """Gold lists of three splits.

    Attributes:
        parts: `LISTS` by split, in the order in which the users' pasts end; `liked` and `gold` best first, `past`
            oldest first.
        moments: seconds; where validation and test begin.
        counts: `users` in the log; of them `too_few_ratings` in the past, `too_few_favourites` (with ratings enough)
            and `qualified`; of these `sampled`; of these `no_liked_future` and `kept`.
    """

    parts: dict[str, pa.Table]
    moments: tuple[int, int]
    counts: dict[str, int]


def read_futures(interactions: ir.Table, rule: Rule, shares: tuple[float, float], order: Order) -> Futures:
    """Lists of the users whose past qualifies, and who went on to like something.

    Args:
        interactions: `user_id`, `item_id`, `rating`, `timestamp`, in any order, on any engine; one row a pair.
        rule: with its `favourite` and `like_from` said.
        shares: of the users sampled, those whose lists are for training and for validation.
        order: what settles ties between a user's ratings of one moment.

    Raises:
        InputError: nobody qualifies.
    """
    ends = _past_ends(interactions, rule, order)
    sampled, counts = _sampled(interactions, ends, rule)
    moments = _moments(sampled["end"].to_numpy(), shares)
    wanted = ibis.memtable(sampled.select(["user_id"]))
    ratings = order.sorted(interactions.semi_join(wanted, "user_id").to_pyarrow())
    lists = {row["user_id"]: row for row in _lists(ratings, sampled, moments, rule, order)}
    split = np.searchsorted(moments, sampled["end"].to_numpy(), side="right")
    users = np.array(sampled["user_id"].to_pylist(), object)
    parts = {
        name: pa.Table.from_pylist([lists[user] for user in users[split == number] if user in lists], LISTS)
        for number, name in enumerate(SPLITS)
    }
    return Futures(parts, moments, counts | {"no_liked_future": len(users) - len(lists), "kept": len(lists)})


def by_moment(interactions: ir.Table, moments: tuple[int, int]) -> dict[str, ir.Table]:
    """The ratings of each split: before the first moment, from there up to the second, and from the second on."""
    first, second = moments
    time = interactions.timestamp
    rules = (time < first, (time >= first) & (time < second), time >= second)
    return dict(zip(SPLITS, map(interactions.filter, rules), strict=True))


def _past_ends(interactions: ir.Table, rule: Rule, order: Order) -> ir.Table:
    """`user_id` and `end`, the last moment of the user's past."""
    share = Fraction(str(rule.past_share))
    placed = interactions.select(
        "user_id",
        end="timestamp",
        place=ibis.row_number().over(ibis.window(group_by="user_id", order_by=order.columns)),
        ratings=interactions.count().over(ibis.window(group_by="user_id")),
    )
    past = ibis.greatest(placed.ratings * share.numerator // share.denominator, 1)
    return placed.filter(placed.place == past - 1).select("user_id", "end")


def _sampled(interactions: ir.Table, ends: ir.Table, rule: Rule) -> tuple[pa.Table, dict[str, int]]:
    """`user_id` and `end` of those drawn from the users whose past qualifies, by `end`; and how many do not, by why."""
    rated = interactions.inner_join(ends, "user_id")
    past = rated.filter(rated.timestamp <= rated.end)
    totals = past.group_by("user_id", "end").agg(ratings=past.count(), favourites=(past.rating >= rule.favourite).sum())
    totals = totals.to_pyarrow().sort_by("user_id")
    few = totals["ratings"].to_numpy() < rule.liked
    plain = ~few & (totals["favourites"].to_numpy() <= rule.favourites_over)
    qualified = totals.filter(pa.array(~few & ~plain))
    if not len(qualified):
        raise nobody_qualifies(len(totals), rule)
    drawn = np.argsort(draw_keys(qualified["user_id"].to_pylist(), rule.seed), kind="stable")[: rule.users]
    sampled = qualified.take(drawn).select(["user_id", "end"]).sort_by([("end", "ascending"), ("user_id", "ascending")])
    counts = {"users": len(totals), "too_few_ratings": int(few.sum()), "too_few_favourites": int(plain.sum())}
    return sampled, counts | {"qualified": len(qualified), "sampled": len(sampled)}


def _moments(ends: np.ndarray, shares: tuple[float, float]) -> tuple[int, int]:
    """Where validation and test begin: the end of the first past that is theirs, given sorted `ends` of pasts."""
    train, validation = (Fraction(str(share)) for share in shares)
    first, second = (ends[int(share * len(ends))] for share in (train, train + validation))
    return int(first), int(second)


def _lists(
    ratings: pa.Table, sampled: pa.Table, moments: tuple[int, int], rule: Rule, order: Order
) -> Iterator[dict[str, object]]:
    """A row of `LISTS` of each user who went on to like something within the split."""
    ends = dict(zip(sampled["user_id"].to_pylist(), sampled["end"].to_pylist(), strict=True))
    users, items = ratings["user_id"].to_pylist(), ratings["item_id"].to_pylist()
    stars, times = ratings["rating"].to_numpy(), ratings["timestamp"].to_numpy()
    starts = [at for at in range(len(users)) if not at or users[at] != users[at - 1]]
    for start, stop in zip(starts, [*starts[1:], len(users)], strict=True):
        user = users[start]
        end = ends[user]
        past = start + int(np.searchsorted(times[start:stop], end, side="right"))
        until = next((moment for moment in moments if end < moment), np.inf)
        ties = {at: order.tie(user, items[at]) for at in range(start, stop)}
        best = sorted(range(start, past), key=lambda at: (-stars[at], -times[at], ties[at]))
        gold = [at for at in range(past, stop) if stars[at] >= rule.like_from and times[at] < until]
        gold.sort(key=lambda at: (-stars[at], times[at], ties[at]))
        if gold:
            yield {
                "user_id": user,
                "liked": [items[at] for at in best[: rule.liked]],
                "gold": [items[at] for at in gold],
                "past": items[start:past],
                "past_ratings": stars[start:past].tolist(),
            }

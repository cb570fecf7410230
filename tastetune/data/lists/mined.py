"""Mining gold lists: the films that people of one's taste have watched, for users sampled from a log of any size.

The published rule, every constant a field of `tastetune.data.lists.rule.Rule`: a user's ten best films; the neighbours
who rated them high; the films that at least half of the neighbours watched, most watched first, without the ten. Who is
a neighbour and how many watched a film are two sparse products.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import md5
from math import ceil

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir
from scipy import sparse
from tqdm import tqdm

from tastetune.data.engine import batches, even
from tastetune.data.lists.rule import FUTURE, Rule, on_scale
from tastetune.errors import InputError
from tastetune.tasks.order import BY_ITEM_ID, Order

LISTS = pa.schema(
    [
        ("user_id", pa.string()),
        ("liked", pa.list_(pa.string())),
        ("gold", pa.list_(pa.string())),
        ("neighbours", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Mined:
    """Gold lists.

    Attributes:
        lists: `LISTS`, in the order in which the users were drawn; `liked` best first, `gold` most watched first.
        counts: `users` in the log; of them `too_few_ratings`, `too_few_favourites` (with ratings enough) and
            `qualified`; of these `sampled`; of these `too_few_neighbours`, `empty_gold` and `kept`. Over the lists
            kept: `gold_items`, and of these `gold_rated`, by the user themselves.
    """

    lists: pa.Table
    counts: dict[str, int]


def mine(interactions: ir.Table, rule: Rule, order: Order = BY_ITEM_ID) -> Mined:
    """Mine gold lists from a log.

    Args:
        interactions: `user_id`, `item_id`, `rating`, `timestamp`, in any order, on any engine; one row a pair.
        rule: how.
        order: what settles ties between a user's ratings of one moment.

    Raises:
        InputError: nobody qualifies.
    """
    rule = on_scale(interactions, rule)
    users, qualified, counts = _who(interactions, rule)
    keys = draw_keys(users.to_pylist(), rule.seed)
    sampled = qualified[np.argsort(keys[qualified], kind="stable")][: rule.users]
    watching = _watching(interactions, users, rule)
    liked = _best(interactions, users.take(sampled), watching.items, rule, order)
    counts |= {"sampled": len(sampled), "too_few_neighbours": 0, "empty_gold": 0, "gold_items": 0, "gold_rated": 0}
    rows = {name: [] for name in LISTS.names}
    for user, films, (neighbours, gold) in zip(
        sampled, liked, _gold(watching, sampled, liked, keys, rule), strict=True
    ):
        if neighbours < rule.min_neighbours:
            counts["too_few_neighbours"] += 1
        elif not len(gold):
            counts["empty_gold"] += 1
        else:
            counts["gold_items"] += len(gold)
            counts["gold_rated"] += int(np.isin(gold, watching.watched[[user]].indices).sum())
            row = users[user], watching.items.take(films), watching.items.take(gold), neighbours
            for column, value in zip(rows.values(), row, strict=True):
                column.append(value)
    return Mined(pa.table(rows, schema=LISTS), counts | {"kept": len(rows["user_id"])})


def _who(interactions: ir.Table, rule: Rule) -> tuple[pa.Array, np.ndarray, dict[str, int]]:
    """All users by id, the indices of those who qualify, and how many do not, by reason."""
    totals = interactions.group_by("user_id").agg(
        ratings=interactions.count(), favourites=(interactions.rating >= rule.favourite).sum()
    )
    totals = totals.to_pyarrow().sort_by("user_id")
    few = totals["ratings"].to_numpy() < rule.liked
    plain = ~few & (totals["favourites"].to_numpy() <= rule.favourites_over)
    qualified = np.flatnonzero(~few & ~plain)
    if not len(qualified):
        raise nobody_qualifies(len(totals), rule)
    counts = {"users": len(totals), "too_few_ratings": int(few.sum()), "too_few_favourites": int(plain.sum())}
    return totals["user_id"].combine_chunks(), qualified, counts | {"qualified": len(qualified)}


def nobody_qualifies(users: int, rule: Rule) -> InputError:
    """What is said where none of so many users has ratings and favourites enough."""
    past = " in the past" if rule.gold == FUTURE else ""
    return InputError(
        f"none of {users} users has {rule.liked} ratings and more than {rule.favourites_over} of "
        f"{rule.favourite:g} or above{past}; lower --liked, --favourite or --favourites_over"
    )


def draw_keys(ids: Sequence[str], seed: int) -> np.ndarray:
    """A key for each id, uint64; in their order the ids stand as drawn by `seed`, on any engine and machine."""
    digests = b"".join(md5(f"{seed}:{id}".encode()).digest()[:8] for id in ids)
    return np.frombuffer(digests, ">u8").astype(np.uint64)


@dataclass(frozen=True)
class _Watching:
    """Who watched what: `watched` users x items, `loved` items x users (rated high), sparse and of ones."""

    items: pa.Array
    watched: sparse.csr_array
    loved: sparse.csr_array


def _watching(interactions: ir.Table, users: pa.Array, rule: Rule) -> _Watching:
    items = interactions.select("item_id").distinct().to_pyarrow()["item_id"].combine_chunks()
    items = items.take(pc.sort_indices(items))
    size, done = int(interactions.count().execute()), 0
    user, item, high = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, bool)
    with tqdm(total=size, desc="indexing", unit=" ratings", unit_scale=True) as progress:
        for batch in even(batches(interactions.select("user_id", "item_id", "rating")), 1 << 22):
            part = slice(done, done := done + len(batch))
            user[part] = pc.index_in(batch["user_id"], users)
            item[part] = pc.index_in(batch["item_id"], items)
            high[part] = batch["rating"].to_numpy() >= rule.high
            progress.update(len(batch))
    # A count has the type of the ones: wide enough for it, and no wider, for the log is large.
    wide = np.int16 if max(rule.neighbours, rule.liked) <= np.iinfo(np.int16).max else np.int32
    watched = sparse.csr_array((np.ones(size, wide), (user, item)), shape=(len(users), len(items)))
    user, item = user[high], item[high]
    loved = sparse.csr_array((np.ones(len(user), wide), (item, user)), shape=(len(items), len(users)))
    return _Watching(items, watched, loved)


def _best(interactions: ir.Table, users: pa.Array, items: pa.Array, rule: Rule, order: Order) -> np.ndarray:
    """These users' best films, (users, liked) indices of items: by rating, then the latest, then as `order` says."""
    best_first = (ibis.desc("rating"), ibis.desc("timestamp"), order.tie_column)
    wanted = ibis.memtable(pa.table({"user_id": users}))
    rated = interactions.semi_join(wanted, "user_id")
    placed = rated.mutate(place=ibis.row_number().over(ibis.window(group_by="user_id", order_by=best_first)))
    best = placed.filter(placed.place < rule.liked).select("user_id", "item_id", "place").to_pyarrow()
    row = pc.index_in(best["user_id"], users).to_numpy()
    films = np.empty((len(users), rule.liked), np.int32)
    films[row, best["place"].to_numpy()] = pc.index_in(best["item_id"], items).to_numpy()
    return films


def _gold(
    watching: _Watching, sampled: np.ndarray, liked: np.ndarray, keys: np.ndarray, rule: Rule
) -> Iterator[tuple[int, np.ndarray]]:
    """For each sampled user the number of neighbours and the gold list, indices of items."""
    share = Fraction(str(rule.watched_by))
    for target, films in zip(tqdm(sampled, desc="mining", unit=" users"), liked, strict=True):
        shared = _tally(watching.loved, films)
        shared[target] = 0
        neighbours = _drawn(np.flatnonzero(shared >= rule.shared), keys, keys[target], rule.neighbours)
        seen = _tally(watching.watched, neighbours)
        seen[films] = 0
        gold = np.flatnonzero(seen >= max(ceil(share * len(neighbours)), 1))
        yield len(neighbours), gold[np.argsort(-seen[gold], kind="stable")]


def _tally(matrix: sparse.csr_array, rows: np.ndarray) -> np.ndarray:
    """How many of these rows of a matrix of ones hold each column. One product for all users at once takes longer."""
    return matrix[rows].T @ np.ones(len(rows), matrix.dtype)


def _drawn(users: np.ndarray, keys: np.ndarray, key: np.uint64, most: int) -> np.ndarray:
    """`most` of the users (all, if fewer), drawn by lot: those whose keys are least after an exclusive or with `key`.

    So every target draws anew, and no order of rows or users can change the draw.
    """
    return users if len(users) <= most else users[np.argpartition(keys[users] ^ key, most - 1)[:most]]

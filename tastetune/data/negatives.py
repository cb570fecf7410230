"""Sampled dislikes for a log of clicks alone, which shows no dislike of its own."""

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr import types as ir

from tastetune.data.engine import keep
from tastetune.tasks.order import BY_ITEM_ID

UNIFORM, POPULARITY = "uniform", "popularity"

DRAWS = {
    UNIFORM: "uniformly from those that anybody clicked: most of them are rare, so that a model which knows nothing "
    "but how popular an item is can tell many of them from clicks",
    POPULARITY: "in proportion to their clicks: popular items are drawn as often as they are clicked, so that to know "
    "what is popular helps little; and since a held-out click is missing from the counts of its item, means of items "
    "fall below a coin",
}
"""How dislikes are drawn, and what that does to the figures, in the words of the dataset card."""


def policy(by: str) -> str:
    """What is drawn and how, in the words of the dataset card."""
    return (
        f"Beside each click stand items drawn {DRAWS[by]}. None of them this user clicks anywhere in the log. They are "
        "targets only: they take the click's moment, split and history, stand in no history, and are rated 0, in "
        "`interactions` too. A sampled dislike is a guess: the user may never have seen the item. A user's late clicks "
        "are often on new or rare items, which training has hardly counted: then popularity, and the mean of an item, "
        "point the wrong way."
    )


CLICK = "click"
"""The column of a sampled dislike that names the item of its click; null of a click."""

MISSING = "sampled dislikes missing, where a user clicked nearly everything"
RATING = 0.0
ROUNDS = 20
"""Draws that hit an item which the user clicked, or was given already, are drawn again this often at most."""


def with_sampled(rows: ir.Table, each: int, seed: int, by: str = UNIFORM) -> tuple[ir.Table, int]:
    """`rows` and up to `each` sampled dislikes beside every one (see `policy`), and how many there are too few."""
    drawn = draw(rows, each, seed, by)
    missing = each * int(rows.count().execute()) - int(drawn.count().execute())
    return beside(rows, drawn), missing


def draw(interactions: ir.Table, each: int, seed: int, by: str = UNIFORM) -> ir.Table:
    """Draw up to `each` items beside every row: `user_id`, `item_id` (of the row) and `drawn`.

    The draw depends on the log and the seed alone, not on the order of rows or the engine. A user who clicked nearly
    every item gets fewer.

    Args:
        by: a key of `DRAWS`.
    """
    table = interactions.select("user_id", "item_id", "timestamp").order_by("user_id", *BY_ITEM_ID.columns).to_pyarrow()
    users = table["user_id"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    names, items = np.unique(table["item_id"].to_numpy(), return_inverse=True)
    rng = np.random.default_rng(seed)
    # The item of a row that is drawn evenly is drawn in proportion to its rows
    lot = items if by == POPULARITY else np.arange(len(names))
    taken, lacking, rounds = users * len(names) + items, np.repeat(np.arange(len(table)), each), []
    for _ in range(ROUNDS):
        drawn = lot[rng.integers(len(lot), size=len(lacking))]
        pairs = users[lacking] * len(names) + drawn
        is_new = np.zeros(len(pairs), dtype=bool)
        is_new[np.unique(pairs, return_index=True)[1]] = True
        is_new &= ~np.isin(pairs, taken)
        rounds.append((lacking[is_new], drawn[is_new]))
        taken, lacking = np.concatenate([taken, pairs[is_new]]), lacking[~is_new]
    row, drawn = (np.concatenate(part) for part in zip(*rounds, strict=True))
    sampled = table.select(["user_id", "item_id"]).take(pa.array(row))
    return ibis.memtable(sampled.append_column("drawn", pa.array(names[drawn], pa.string())))


def beside(rows: ir.Table, drawn: ir.Table) -> ir.Table:
    """`rows` and, for each drawn item, a copy of its row with that item, rated 0; with their `CLICK`."""
    clicks = rows.mutate(**{CLICK: ibis.null("string")})
    of_click = {"rating": ibis.literal(RATING), CLICK: ibis._.item_id, "item_id": ibis._.drawn}
    copies = rows.join(drawn, ["user_id", "item_id"]).mutate(**of_click)
    return keep(ibis.union(clicks, copies.select(*clicks.columns)))

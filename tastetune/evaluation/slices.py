"""Where a model is good and where it is not: named parts of the rows, from what training knew of users and items."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.tasks import Rows
from tastetune.tasks.task import FIT_ON

FIFTHS = 5
_LENGTHS = ((0, 0), (1, 4), (5, 9), (10, None))


def slices(rows: Rows) -> dict[str, np.ndarray]:
    """Boolean masks over the rows, by name; each family (the part before the colon) covers every row once.

    - `user:cold`, `item:cold`: nothing of the user, or item, stands in the splits before; `warm`: something does.
    - `popularity:1` … `popularity:5`: fifths of the rows by how often the splits before rate the item, rarest first;
      items rated equally often stay together, so fifths may differ in size.
    - `history:0`, `1-4`, `5-9`, `10+`: items in the prompt's history.
    - `user_likes:0-20%` … `80-100%`, `unknown`: the user's share of likes in the splits before.

    Rows that ask for more than one item have no slices.
    """
    if not rows.task.of_slices:
        return {}
    training = rows.dataset.read(
        "interactions", FIT_ON.get(rows.split, "train+validation"), ["user_id", "item_id", "rating"]
    )
    liked = pc.greater_equal(training["rating"], rows.dataset.like_from)
    training = training.append_column("liked", pc.cast(liked, pa.float64()))
    user_ratings, share = _looked_up(training, "user_id", rows.table)
    item_ratings, _ = _looked_up(training, "item_id", rows.table)
    return (
        _warm_and_cold("user", user_ratings)
        | _warm_and_cold("item", item_ratings)
        | _popularity(item_ratings)
        | _history(pc.list_value_length(rows.table["history"]).to_numpy())
        | _user_likes(share)
    )


def _looked_up(training: pa.Table, key: str, rows: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Of each row's user or item: ratings in training (0 if none), and the share of likes among them (NaN if none)."""
    known = training.group_by(key).aggregate([("liked", "count"), ("liked", "mean")])
    where = pc.index_in(rows[key].combine_chunks(), known[key].combine_chunks())
    count = pc.fill_null(known["liked_count"].combine_chunks().take(where), 0).to_numpy()
    return count, known["liked_mean"].combine_chunks().take(where).to_numpy(zero_copy_only=False)


def _warm_and_cold(name: str, ratings: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}:warm": ratings > 0, f"{name}:cold": ratings == 0}


def _popularity(ratings: np.ndarray) -> dict[str, np.ndarray]:
    edges = np.quantile(ratings, np.arange(1, FIFTHS) / FIFTHS)
    fifth = np.searchsorted(edges, ratings, side="left")
    return {f"popularity:{k + 1}": fifth == k for k in range(FIFTHS)}


def _history(lengths: np.ndarray) -> dict[str, np.ndarray]:
    masks = {}
    for low, high in _LENGTHS:
        name = f"{low}+" if high is None else f"{low}-{high}" if high > low else str(low)
        masks[f"history:{name}"] = (lengths >= low) & (lengths <= (np.inf if high is None else high))
    return masks


def _user_likes(share: np.ndarray) -> dict[str, np.ndarray]:
    fifth = np.where(np.isnan(share), -1, np.minimum(np.nan_to_num(share) * FIFTHS, FIFTHS - 1)).astype(int)
    step = 100 // FIFTHS
    masks = {f"user_likes:{step * k}-{step * (k + 1)}%": fifth == k for k in range(FIFTHS)}
    return masks | {"user_likes:unknown": fifth == -1}

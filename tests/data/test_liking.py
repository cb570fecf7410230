"""The rules for likes, worked by hand."""

import numpy as np
import pytest
from made_log import log_table

from tastetune.data.liking import with_rule
from tastetune.errors import InputError


def ratings(table):
    return {(row["user_id"], row["item_id"]): row["rating"] for row in table.to_pyarrow().to_pylist()}


def plays(*rows):
    return log_table([(user, item, float(count), 0, split) for user, item, count, split in rows])


def test_a_threshold_leaves_ratings_as_they_are():
    table, like_from = with_rule(plays(("u", "a", 3, "train")), "threshold", 2.0)
    assert (ratings(table), like_from) == ({("u", "a"): 3.0}, 2.0)


def test_counts_on_a_log_scale():
    # log2(1 + 0) = 0, log2(1 + 1) = 1, log2(1 + 1023) = 10; a like from 3 plays on is one from 2 on.
    table, like_from = with_rule(plays(*(("u", str(n), n, "train") for n in (0, 1, 1023))), "log", 3.0)
    assert list(ratings(table).values()) == pytest.approx([0, 1, 10])
    assert like_from == 2
    with pytest.raises(InputError, match="counts are 0 or more, and -1 is among them"):
        with_rule(plays(("u", "a", -1, "train")), "log", 3.0)


def test_more_than_is_usual_for_the_user():
    # u's training counts are 1, 3 and 8: median 3. v's are 100 and 200: median 150. w has none: everybody's median 8.
    rows = [("u", "a", 1, "train"), ("u", "b", 3, "train"), ("u", "c", 8, "train"), ("u", "d", 9, "test")]
    rows += [("v", "a", 100, "train"), ("v", "b", 200, "train"), ("w", "a", 10, "test")]
    table, like_from = with_rule(plays(*rows), "user_median", 4.0)
    assert ratings(table) == {
        **{("u", "a"): -2, ("u", "b"): 0, ("u", "c"): 5, ("u", "d"): 6},
        **{("v", "a"): -50, ("v", "b"): 50, ("w", "a"): 2},
    }
    # At least the median: 3 of 5 training rows (b, c, and v's b). More than it, from 5 on: 2 of 5. Both are as near to
    # a half; the median itself is taken.
    assert like_from == 0


def test_where_most_ratings_are_alike_a_like_is_more_than_them():
    # Eight of ten rows have one play: at least the median (1) would be all ten, more than it are two.
    rows = [("u", str(n), 1, "train") for n in range(8)] + [("u", "8", 4, "train"), ("u", "9", 2, "train")]
    table, like_from = with_rule(plays(*rows), "user_median", 4.0)
    assert like_from == 1
    assert np.mean([rating >= like_from for rating in ratings(table).values()]) == pytest.approx(0.2)

"""What a column of ratings holds: from where to where they go and by which step, what stands for no rating, likes."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, isclose

import ibis
from ibis.expr import types as ir

from tastetune.data.reading.problems import MANY

LIKES = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "y", "like", "liked", "up", "positive", "recommended"), "1"),
    **dict.fromkeys(
        ("0", "0.0", "false", "no", "n", "dislike", "disliked", "down", "negative", "not recommended"), "0"
    ),
}
"""What a column of likes may hold, in small letters."""

SCALES = (
    *((0, 1), (-1, 1), (1, 5), (0.5, 5), (0, 5), (-5, 5), (1, 10), (0.5, 10), (0, 10), (-10, 10), (1, 20), (0, 20)),
    *((1, 100), (0, 100), (-100, 100)),
)
"""Usual scales; ratings are on the narrowest that reaches less than twice as far as they do."""

NO_RATING = (-1.0, 99.0, 0.0)
"""Numbers that stand for no rating in public logs."""

COUNTED = 100
"""A scale ends here; a number beyond is a count: of plays, hours, purchases."""

DIFFERENT = 5000
"""Different ratings that are counted; more are no scale's."""

FEW, MOST = 0.2, 0.8
"""A share of likes outside is worth a warning: there is little to tell apart."""


@dataclass(frozen=True)
class Scale:
    """What the ratings of a log are.

    Attributes:
        kind: `ratings`, `counts`, `likes` or `clicks`, where every value is the same.
        low, high: the ends of the scale.
        step: the least distance of two ratings, None where it is none.
        values: how many rows have each rating.
        unrated: the number that stands for no rating, None for none.
        is_sure: the number is no rating on this scale; otherwise a person should say.
    """

    kind: str
    low: float = 0.0
    high: float = 1.0
    step: float | None = None
    values: Mapping[float, int] | None = None
    unrated: float | None = None
    is_sure: bool = True

    def share_of_likes(self, like_from: float) -> float:
        """The share of ratings of at least `like_from`; 0 without ratings."""
        rated = {value: rows for value, rows in (self.values or {}).items() if value != self.unrated}
        return sum(rows for value, rows in rated.items() if value >= like_from) / max(sum(rated.values()), 1)


def number(rating: ir.StringValue) -> ir.FloatingValue:
    """A rating as a number, null where it is none; a comma may stand before its decimals."""
    return rating.strip().replace(",", ".").try_cast("float64")


def scale_of(
    table: ir.Table, unrated: float | None = None, low: float | None = None, *, is_count: bool = False
) -> Scale:
    """What the column `rating` of a raw log holds; texts that are no ratings are passed over.

    Args:
        unrated: the number that a person said stands for no rating.
        low: the lowest rating that a person said there can be.
        is_count: the column's name says that it counts.
    """
    words = table.group_by(word=table.rating.strip().lower()).agg(rows=ibis._.count()).order_by(ibis.desc("rows"))
    top = {row["word"]: row["rows"] for row in words.limit(DIFFERENT).to_pyarrow().to_pylist() if row["word"]}
    if set(top) <= set(LIKES) or {_float(word) for word in top} == {-1.0, 1.0}:
        return Scale("likes" if len({LIKES.get(word, word) for word in top}) > 1 else "clicks")
    values: dict[float, int] = {}
    for word, rows in top.items():
        if (value := _float(word)) is not None:
            values[value] = values.get(value, 0) + rows
    if len(values) < 2:
        return Scale("clicks" if values else "ratings", values=values)
    found, is_sure = (unrated, True) if unrated is not None else _unrated(values, low)
    rated = {value: rows for value, rows in values.items() if value != found} or values
    kind, low, high = _ends(rated, table, is_count)
    return Scale(kind, low, high, _step(sorted(rated)), values, found, is_sure)


def default_like(scale: Scale) -> float:
    """The rating from which on one is a like where nobody says: three quarters up the scale, rounded up to a rating.

    Of 1 to 5 that is 4. Of counts it is their median, so that about a half are likes. It is never such that everything
    or nothing is one.
    """
    values = {value: rows for value, rows in (scale.values or {}).items() if value != scale.unrated}
    if scale.kind == "counts":
        return _telling(scale, values, _quantile(values, 0.5))
    target = scale.low + 0.75 * (scale.high - scale.low)
    if not scale.step or not values:
        return _telling(scale, values, target)
    least = min(values)
    steps = max(ceil((target - least) / scale.step - 1e-9), 0)
    return _telling(scale, values, round(least + steps * scale.step, 6))


def _telling(scale: Scale, values: Mapping[float, int], like_from: float) -> float:
    """`like_from`; where everything or nothing would be a like, the rating whose share of likes is nearest a half."""
    if 0 < scale.share_of_likes(like_from) < 1 or len(values) < 2:
        return like_from
    return min(sorted(values)[1:], key=lambda value: abs(scale.share_of_likes(value) - 0.5))


def as_numbers(table: ir.Table) -> ir.StringValue:
    """The column `rating` with a point before decimals, and what is no number as it stands."""
    return ibis.ifelse(number(table.rating).notnull(), table.rating.strip().replace(",", "."), table.rating)


def _float(word: str) -> float | None:
    try:
        value = float(word.replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def _unrated(values: Mapping[float, int], low: float | None) -> tuple[float | None, bool]:
    """The number that stands for no rating, None for none, and whether that is sure."""
    for candidate in NO_RATING:
        others = sorted(value for value in values if value != candidate)
        if candidate not in values or len(others) < 2 or (low is not None and low <= candidate):
            continue
        least, most = others[0], others[-1]
        if candidate == -1 and least >= 0 and most >= 3:
            return candidate, True
        if candidate == 99 and most <= 20:
            return candidate, True
        if candidate == 0 and 0 < least <= 1 and most <= COUNTED and values[0.0] > values[least]:
            return candidate, False
    return None, True


def _ends(values: Mapping[float, int], table: ir.Table, is_count: bool) -> tuple[str, float, float]:
    """The kind of the numbers, and the ends of their scale; a few numbers beyond are no reason for a wider one."""
    least, most, bulk = min(values), max(values), _quantile(values, 1 - MANY)
    if least >= 0 and (is_count or bulk > COUNTED or bulk > 10 * max(_quantile(values, 0.5), 1)):
        greatest = table.agg(high=number(table.rating).max()).to_pyarrow()["high"][0].as_py()
        return "counts", min(least, 0.0), greatest
    for high in (1, 5, 10, 20, COUNTED):
        inside = [value for value in values if value <= high]
        if bulk <= high and inside and max(inside) > high / 2:
            lows = [low for low, end in SCALES if end == high and low <= min(inside)]
            return "ratings", float(max(lows, default=min(inside))), float(high)
    return "ratings", least, most


def _quantile(values: Mapping[float, int], share: float) -> float:
    """The least rating that at least this share of rows does not exceed."""
    passed, rows = 0, sum(values.values())
    for value in sorted(values):
        passed += values[value]
        if passed >= share * rows:
            return value
    return max(values, default=0.0)


def _step(values: list[float]) -> float | None:
    """The distance of which all ratings are whole multiples from the least, if it is a usual one."""
    for step in (10.0, 5.0, 1.0, 0.5, 0.25, 0.1, 0.01):
        if all(
            isclose((value - values[0]) / step, round((value - values[0]) / step), abs_tol=1e-6) for value in values
        ):
            return step
    return None

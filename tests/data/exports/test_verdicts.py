"""What a like is, and how a rating comes onto another scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastetune.data.exports import EXPORTS
from tastetune.data.exports.export import OwnList, OwnRating
from tastetune.data.exports.verdicts import likes, on_scale

STARS = (1.0, 2.0, 3.0, 4.0, 5.0)


def rated(name: str, *ratings: float | None, scale=None) -> OwnList:
    entries = tuple(OwnRating(f"Film {n}", rating=rating) for n, rating in enumerate(ratings))
    return OwnList("made", EXPORTS[name], entries, scale or EXPORTS[name].scale)


@pytest.mark.parametrize(
    ("name", "ratings", "stars"),
    [
        # 0.5 to 5 onto 1 to 5: 4 is 1 + 4 x 3.5/4.5 = 4.1, 2.5 is 2.8; 3.5 is 3.7, nearest to 4, but no like there
        ("letterboxd", (0.5, 2.5, 3.5, 4.0, 5.0), (1, 3, 3, 4, 5)),
        # 1 to 10: 8 is 1 + 4 x 7/9 = 4.1; 7 is 3.7 and no like
        ("myanimelist", (1.0, 4.0, 7.0, 8.0, 10.0), (1, 2, 3, 4, 5)),
        ("goodreads", STARS, STARS),
    ],
)
def test_ratings_of_a_service_as_stars(name, ratings, stars):
    own = rated(name, *ratings)
    assert on_scale(own, STARS, 4.0) == list(stars)
    assert likes(own) == [value >= 4 for value in stars]


def test_ratings_as_likes_alone():
    assert on_scale(rated("goodreads", 1, 3, 4, None), (0.0, 1.0), 0.5) == [0, 0, 1, None]


def test_a_heart_counts_where_there_is_no_rating():
    entries = (
        OwnRating("A", liked=True),
        OwnRating("B", rating=1.0, liked=True),
        OwnRating("C", liked=False),
        OwnRating("D"),
    )
    own = OwnList("made", EXPORTS["letterboxd"], entries, (0.5, 5.0))
    assert likes(own) == [True, False, False, None]
    assert on_scale(own, STARS, 4.0) == [4, 1, 3, None]


def test_plays_are_likes_from_the_persons_median_on():
    entries = tuple(OwnRating(f"Track {n}", plays=plays) for n, plays in enumerate((1, 2, 3, 9)))  # median 2.5
    own = OwnList("made", EXPORTS["lastfm"], entries, None)
    assert likes(own) == [False, False, True, True]
    assert on_scale(own, STARS, 4.0) == [3, 3, 4, 4]


@given(
    st.lists(st.floats(-10, 10), min_size=1, max_size=6),
    st.lists(st.integers(-20, 20), min_size=2, max_size=8, unique=True),
    st.data(),
)
def test_a_like_stays_a_like_and_the_order_stays(ratings, levels, data):
    levels = sorted(levels)
    like_from = data.draw(st.sampled_from(levels[1:]))
    own = rated("list", *ratings, scale=(-10.0, 10.0))
    stars = on_scale(own, levels, like_from)
    assert [value >= like_from for value in stars] == likes(own)
    assert set(stars) <= set(levels)
    by_rating = [value for _, value in sorted(zip(ratings, stars, strict=True))]
    assert by_rating == sorted(by_rating)

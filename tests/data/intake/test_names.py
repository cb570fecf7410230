"""What columns' names say: who, what and when in several languages, and the words of a prompt."""

import pytest

from tastetune.data.intake.names import is_count, rank, words_of

PUBLIC = {
    "user": ("userId", "user_id:token", "User-ID", "reviewerID", "CustomerID", "review_profilename", "Usuario", "用户"),
    "item": ("movieId", "ISBN", "asin", "beer_beerid", "StockCode", "artistID", "Película", "anime_id", "商品"),
    "rating": (
        "rating",
        "Book-Rating",
        "overall",
        "review_overall",
        "stars",
        "Bewertung",
        "Calificación",
        "评分",
        "weight",
    ),
    "time": ("timestamp", "unixReviewTime", "review_time", "InvoiceDate", "created_at", "Fecha", "Дата", "日期"),
    "title": ("title", "Book-Title", "beer_name", "name", "Título", "название"),
    "genres": ("genres", "categories", "shelf", "beer_style", "жанр"),
}
"""Names of columns in public logs, by what they hold."""


@pytest.mark.parametrize(("role", "column"), [(role, column) for role, columns in PUBLIC.items() for column in columns])
def test_names_of_public_logs(role, column):
    assert rank(column, role) is not None


@pytest.mark.parametrize(
    ("role", "column"),
    [("user", "user_age"), ("item", "item_price"), ("user", "movieId"), ("time", "runtime"), ("title", "entitled")],
)
def test_names_that_say_something_else(role, column):
    assert rank(column, role) is None


def test_the_likelier_name_comes_first():
    assert rank("user_id", "user") < rank("user_name", "user")
    assert rank("rating", "rating") < rank("plays", "rating")
    assert is_count("playcount")
    assert not is_count("rating")


@pytest.mark.parametrize(
    ("user", "columns", "words"),
    [
        ("reader", ["book_id", "title"], ("book", "books", "reader")),
        ("user_id", ["ISBN", "Book-Title"], ("book", "books", "user")),
        ("userID", ["artistID"], ("artist", "artists", "user")),
        ("customer", ["business_id", "name"], ("business", "businesses", "customer")),
        ("uid", ["item_id", "song_name"], ("song", "songs", "user")),
        ("用户", ["电影"], ("movie", "movies", "user")),
        ("u", ["iid", "title"], ("item", "items", "user")),  # nothing says that these are films
        ("user", ["item", "description"], ("item", "items", "user")),
    ],
)
def test_a_prompts_words_are_those_of_the_columns_or_none(user, columns, words):
    assert tuple(words_of([user], columns)) == words

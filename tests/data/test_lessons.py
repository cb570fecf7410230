"""What a log teaches: counted by hand, and put into sentences."""

import pyarrow as pa
import pytest
from made_log import engine, log_table

from tastetune.data.audit.lessons import lessons
from tastetune.data.audit.sentences import lesson_sentences, warnings


def rows_table(rows):
    """(user, item, label, split) as rows of the like_dislike config."""
    columns = dict(zip(("user_id", "item_id", "label", "split"), map(list, zip(*rows, strict=True)), strict=True))
    return engine().create_table("lessons_rows", pa.table(columns), temp=True, overwrite=True)


def log_of(rows):
    return log_table([(user, item, float(label), 0) for user, item, label, _ in rows])


TRAIN = [("u", "a", 1, "train"), ("u", "b", 0, "train"), ("v", "a", 1, "validation"), ("w", "a", 1, "train")]
TEST = [("u", "a", 1, "test"), ("v", "b", 0, "test"), ("v", "c", 1, "test"), ("w", "b", 0, "test")]


def test_the_lessons_by_hand():
    lesson = lessons(rows_table(TRAIN + TEST), log_of(TRAIN))
    assert lesson["ratings"] == 4
    assert lesson["of_half_the_users"] == 1  # 2, 1 and 1
    assert lesson["of_half_the_items"] == 2  # 3 and 1
    assert lesson["likes"] == 5 / 8
    # Likes before test: a 3, b 0, c none. The likes of a and c against the dislikes of b: 3 > 0 twice, 0 = 0 twice.
    assert lesson["item_likes"] == 3 / 4
    # Share of likes 3/4. Item a: 3 x 1/4 / 8 = 3/32 above, b: -3/4 / 6 = -1/8. What is left of u: 1/4 - 3/32 - 3/4 +
    # 1/8 = -15/32 in two rows, /7; of v and w 5/32 in one row, /6. u on a: 0.094 - 0.067 = 0.027; v on c: 0.026; v and
    # w on b: -0.099. So both likes stand above both dislikes.
    assert lesson["user_item_mean"] == 1
    assert lesson["interval"] == 0
    assert lesson["rows_for_a_point"] == 0


def test_a_test_split_of_likes_alone_measures_nothing():
    lesson = lessons(rows_table(TRAIN + TEST[:1]), log_of(TRAIN))
    assert [lesson[name] for name in ("user_item_mean", "item_likes", "interval", "rows_for_a_point")] == [None] * 4


def about(**changes):
    """Counts and settings of a log with nothing to warn of, but for `changes`."""
    lesson = {"ratings": 1000, "of_half_the_users": 9, "of_half_the_items": 5, "likes": 0.55}
    lesson |= {"user_item_mean": 0.79, "item_likes": 0.7, "interval": 0.03, "rows_for_a_point": 900}
    lesson |= {name: changes.pop(name) for name in list(changes) if name in lesson}
    splits = changes.pop("splits", {"train": {"likes": 0.55}, "test": {"likes": 0.52}})
    counts = {"lessons": lesson, "splits": splits, "rows": {"test": 100}, "users": 50, "items": 40, "ties_in_time": 0.5}
    counts |= {"test_cold_users": 0, "test_cold_items": 1, "leakage": {"duplicate_prompts": 0}}
    negatives = changes.pop("negatives", 0)
    task = {"user": "reader", "item": "book", "items": "books", "like_from": 4.0}
    return counts | changes, {"task": task, "negatives": negatives}


def test_the_sentences_speak_of_the_logs_own_things():
    assert lesson_sentences(*about()) == [
        "1,000 ratings by 50 readers of 40 books: half of the readers have 9 or more, half of the books 5 or more. "
        "55.0% of the rows are likes.",
        "Of 100 test rows 0.0% are of readers and 1.0% of books without a training row.",
        "50.0% of a user's neighbouring ratings have equal times.",
        "User mean plus item mean reaches a ROC-AUC of 0.790 on test, and an item's likes alone 0.700. The 95% "
        "interval of the first is 0.030 wide; about 900 test rows would make it 0.01 wide.",
    ]


def test_clicks_are_not_called_ratings():
    assert lesson_sentences(*about(negatives=1))[0].startswith("1,000 interactions by 50 readers of 40 books: ")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"likes": 0.81}, "81.0% of the ratings are likes (4 or more), so there is little to tell apart"),
        ({"likes": 0.19}, "19.0% of the ratings are likes"),
        (
            {"splits": {"train": {"likes": 0.396}, "test": {"likes": 0.0}}},
            "likes are 39.6% of train and 0.0% of test: what is asked differs in kind",
        ),
        ({"test_cold_items": 21}, "21.0% of the test rows ask about books without a training row"),
        ({"leakage": {"duplicate_prompts": 75}}, "75 of 100 test prompts are, letter by letter, training prompts"),
        ({"interval": 0.11}, "the log is too small to tell models apart: intervals are 0.110 wide"),
        ({"interval": None}, "the log is too small to tell models apart."),
        ({"item_likes": 0.395, "negatives": 1}, "popularity points the wrong way (an item's clicks reach 0.395)"),
    ],
)
def test_what_makes_figures_doubtful_is_warned_of(changes, said):
    (warning,) = warnings(*about(**changes))
    assert warning.startswith(f"Warning: {said}")


@pytest.mark.parametrize(
    "changes", [{}, {"likes": 0.2}, {"test_cold_items": 20}, {"interval": 0.1}, {"item_likes": 0.4}]
)
def test_what_is_well_is_not(changes):
    assert warnings(*about(**changes)) == []

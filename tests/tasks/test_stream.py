"""Streams as text: every rating is a line that is asked before it is told."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzzing import TITLES
from hypothesis import given
from hypothesis import strategies as st
from made import make_dataset, rewritten
from made_lists import make_lists

from tastetune.artifacts.dataset import INFO, open_dataset
from tastetune.errors import InputError
from tastetune.tasks import TASKS, task_of
from tastetune.tasks.like_dislike import Item, LikeDislike
from tastetune.tasks.streams.lines import StarStream, Stream


@pytest.fixture
def folder(tmp_path):
    return make_dataset(tmp_path / "data", 6, 40, 0)


def described(folder, **settings):
    """The dataset in `folder`, as if built with these settings."""
    info = json.loads((folder / INFO).read_text())
    info["settings"] |= settings
    (folder / INFO).write_text(json.dumps(info))
    return open_dataset(folder)


def ratings_of(dataset, user, *splits):
    """A user's ratings in the order (timestamp, item_id)."""
    rows = dataset.read("interactions", "+".join(splits)).to_pylist()
    return sorted((r for r in rows if r["user_id"] == user), key=lambda r: (r["timestamp"], r["item_id"]))


def written(stream, ratings):
    """Lines of (title, stars, seconds since the one before)."""
    lines = [
        stream.question(stream.like.named(Item(title, ["Drama"])), gap)
        + stream.answers[stream.answer(stars)]
        + stream.told(stars)
        for title, stars, gap in ratings
    ]
    return "".join(lines)


def test_a_line_is_a_question_an_answer_and_what_is_told_behind_it():
    ratings = [("Alien (1979)", 5.0, None), ("Heat (1995)", 3.0, 7 * 86_400)]
    assert written(Stream(LikeDislike()), ratings) == '- "Alien (1979)": Yes\n- "Heat (1995)": No\n'
    assert written(StarStream(LikeDislike()), ratings) == '- "Alien (1979)": 5\n- "Heat (1995)": 3\n'
    everything = Stream(LikeDislike(genres=True, ratings=True, times=True))
    assert written(everything, ratings) == (
        '- "Alien (1979)" of genre "Drama": Yes, 5.0\n- "Heat (1995)" of genre "Drama", 7 days later: No, 3.0\n'
    )
    assert everything.question('"Heat"', 59) == '- "Heat", at the same time:'


def test_the_instruction_says_what_stands_behind_a_line():
    assert Stream(LikeDislike(item="book", items="books", user="reader", enjoy="enjoy", ratings=True)).head == (
        "Below is a reader's history of books, oldest first. Behind each book stands whether the reader did enjoy it, "
        "Yes or No, and the rating that the reader gave.\n\n"
    )
    assert "stands how many stars, from 1 to 5, the user gave it." in StarStream(LikeDislike()).head


def test_half_stars_are_refused_as_a_question():
    with pytest.raises(InputError, match=r"a rating of 3.5: stars are predicted as 1, 2, 3, 4 or 5"):
        StarStream(LikeDislike()).answer(3.5)


@given(titles=st.lists(TITLES, min_size=1, max_size=4))
def test_no_title_makes_a_line_or_closes_its_quotes(titles):
    lines = written(Stream(LikeDislike()), [(title, 5.0, None) for title in titles]).splitlines()
    assert len(lines) == len(titles)
    assert all(line.startswith('- "') and line.endswith('": Yes') and line.count('"') == 2 for line in lines)


def test_a_row_is_asked_behind_the_ratings_before_it(folder):
    dataset = open_dataset(folder)
    rows = TASKS["stream"].rows(dataset, "test")
    titles = dict(zip(*dataset.read("items", "train", ["item_id", "title"]).to_pydict().values(), strict=True))
    row = rows.table.slice(len(rows.table) - 1).to_pylist()[0]
    *before, target = ratings_of(dataset, row["user_id"], "train", "validation", "test")
    assert target["item_id"] == row["item_id"]
    # Windows begin with the split, behind ten earlier ratings; the last of the user's test rows sees the others
    first = min(place for place, r in enumerate([*before, target]) if r in ratings_of(dataset, row["user_id"], "test"))
    lines = [f'- "{titles[r["item_id"]]}": {"Yes" if r["rating"] >= 4 else "No"}\n' for r in before[first - 10 :]]
    question = f'- "{titles[target["item_id"]]}":'
    assert rows.task.prompts(rows)[-1] == Stream(LikeDislike()).head + "".join(lines) + question


def test_a_past_of_training_ratings_alone_holds_no_other_target(folder):
    dataset = described(folder, history="train")
    rows = TASKS["stream"].rows(dataset, "test")
    prompts = rows.task.prompts(rows)
    known = {user: len(ratings_of(dataset, user, "train", "validation")) for user in rows.table["user_id"].to_pylist()}
    assert [p.count("\n- ") - 1 for p in prompts] == [known[user] for user in rows.table["user_id"].to_pylist()]


def test_the_time_between_is_counted_from_what_may_be_known(folder):
    """A year lies between the last training rating and the first test rating, and nothing between test ratings."""
    for split in ("validation", "test"):
        path = folder / "interactions" / f"{split}.parquet"
        shifted = pq.read_table(path)
        later = [time + 400 * 86_400 * (split == "test") for time in shifted["timestamp"].to_pylist()]
        rewritten(shifted.set_column(3, "timestamp", pa.array(later)), path)
    rows_path = folder / "like_dislike" / "test.parquet"
    rows = pq.read_table(rows_path)
    later = [time + 400 * 86_400 for time in rows["timestamp"].to_pylist()]
    rewritten(rows.set_column(rows.column_names.index("timestamp"), "timestamp", pa.array(later)), rows_path)
    for rule, expected in (("prior", {", 1 year later:", ", at the same time:"}), ("train", {", 1 year later:"})):
        dataset = described(folder, history=rule, task={"times": True})
        asked = TASKS["stream"].rows(dataset, "test")
        assert {"," + prompt.rpartition(",")[2] for prompt in asked.task.prompts(asked)} <= expected | {
            ", 5 minutes later:"
        }


def test_every_training_rating_is_a_row_and_no_later_split_stands_before_it(folder):
    dataset = open_dataset(folder)
    task = TASKS["stream"]
    for split in ("train", "train+validation"):
        table = task.training_table(dataset, split)
        original = dataset.read("like_dislike", split)
        assert table["completion"].to_pylist() == original["completion"].to_pylist()
    titles = dict(zip(*dataset.read("items", "train", ["item_id", "title"]).to_pydict().values(), strict=True))
    user = original["user_id"][0].as_py()
    later = {titles[r["item_id"]] for r in ratings_of(dataset, user, "test")}
    assert later
    assert not [p for p in table["prompt"].to_pylist()[:5] if any(title in p for title in later)]


def test_stars_are_asked_of_the_same_rows(folder):
    dataset = open_dataset(folder)
    table = TASKS["stream_rating"].training_table(dataset, "test")
    assert [float(text) for text in table["completion"].to_pylist()] == dataset.read("like_dislike", "test")[
        "rating"
    ].to_pylist()


def test_what_cannot_be_a_stream_is_refused(folder, tmp_path):
    rows = TASKS["stream"].rows(open_dataset(folder), "train+validation")
    with pytest.raises(InputError, match=r"'train\+validation': a stream answers one of train, validation, test"):
        rows.task.streams(rows)
    for settings, message in (
        ({"history": "none"}, "its histories follow the rule 'none', expected one of prior, train"),
        ({"negatives": 4}, "its dislikes were sampled beside clicks .* set dataset_config: like_dislike"),
    ):
        rows = TASKS["stream"].rows(described(folder, **settings), "test")
        with pytest.raises(InputError, match=message):
            rows.task.streams(rows)
    with pytest.raises(InputError, match=r"'stream', which asks rows of 'like_dislike', and .* has those of 'top_n'"):
        task_of(open_dataset(make_lists(tmp_path / "lists")), "stream")


def test_rows_that_the_log_lacks_are_refused(folder):
    path = folder / "interactions" / "test.parquet"
    rewritten(pq.read_table(path).slice(1), path)
    rows = TASKS["stream"].rows(open_dataset(folder), "test")
    with pytest.raises(InputError, match=r"1 of \d+ rows of 'test' are not in its interactions"):
        rows.task.prompts(rows)
    items = folder / "items" / "train.parquet"
    rewritten(pq.read_table(items).slice(0, 1), items)
    rows = TASKS["stream"].rows(open_dataset(folder), "test_sample")
    with pytest.raises(InputError, match="was rated and is not in its items"):
        rows.task.prompts(rows)

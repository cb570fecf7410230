"""Prompts of many rows at once are those of each row alone."""

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from tastetune.errors import InputError
from tastetune.tasks.like_dislike import STYLES, Item, LikeDislike
from tastetune.tasks.prompts import PromptWriter

TITLES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
ITEMS = st.dictionaries(st.sampled_from("abcd"), st.builds(Item, TITLES, st.lists(TITLES, max_size=2)), min_size=1)
WORDINGS = st.builds(
    LikeDislike, genres=st.booleans(), ratings=st.booleans(), times=st.booleans(), style=st.sampled_from(STYLES)
)
AGES, MOMENT = st.integers(0, 10**9), 2 * 10**9
STARS = st.sampled_from([0.5, 3.0, 4.0, 5.0])


def table(rows: list[dict]) -> pa.Table:
    kinds = {"item_id": pa.string(), "timestamp": pa.int64(), "history": pa.list_(pa.string())}
    kinds |= {"history_ratings": pa.list_(pa.float64()), "history_timestamps": pa.list_(pa.int64())}
    return pa.Table.from_pylist(rows, pa.schema(kinds.items()))


@st.composite
def asked(draw):
    """A catalogue, and rows with pasts of up to four of its items."""
    items = draw(ITEMS)
    item = st.sampled_from(sorted(items))
    rows = []
    for target, past in draw(st.lists(st.tuples(item, st.lists(st.tuples(item, STARS, AGES), max_size=4)))):
        history, ratings, ages = ([of[place] for of in past] for place in range(3))
        times = [MOMENT - age for age in ages]
        row = {"item_id": target, "timestamp": MOMENT, "history": history, "history_ratings": ratings}
        rows.append(row | {"history_timestamps": times})
    return items, rows


@given(WORDINGS, asked(), st.integers(0, 3))
def test_each_prompt_is_the_one_of_its_row(wording, catalogue_and_rows, cut):
    items, rows = catalogue_and_rows
    whole = table(rows)
    parts = pa.concat_tables([whole.slice(0, cut), whole.slice(cut)])  # as files of several parts are read
    expected = [
        wording.prompt(
            [items[item] for item in row["history"]],
            row["history_ratings"],
            items[row["item_id"]],
            [row["timestamp"] - time for time in row["history_timestamps"]],
        )
        for row in rows
    ]
    assert PromptWriter(wording, items).prompts(parts).to_pylist() == expected


def test_long_histories_are_joined_a_few_rows_at_a_time(monkeypatch):
    """An Arrow array of texts is full at 2 GiB."""
    monkeypatch.setattr("tastetune.tasks.prompts.LINES_AT_ONCE", 4)
    row = {"item_id": "a", "timestamp": 9, "history": ["a", "b"], "history_ratings": [1.0, 5.0]}
    rows = table([row | {"history_timestamps": [1, 2]}] * 5)
    prompts = PromptWriter(LikeDislike(), {"a": Item("A"), "b": Item("B")}).prompts(rows)
    assert [len(part) for part in prompts.chunks] == [2, 2, 1]  # two lines a row
    assert len(set(prompts.to_pylist())) == 1


def test_an_item_without_a_title_is_named():
    row = {"item_id": "z", "timestamp": 9, "history": [], "history_ratings": [], "history_timestamps": []}
    with pytest.raises(InputError, match="item 'z' stands in a row and has no title; rebuild the dataset"):
        PromptWriter(LikeDislike(), {"a": Item("A")}).prompts(table([row]))

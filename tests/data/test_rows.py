"""Rows of likes and dislikes: their ids, prompts and content as bytes, and the sample of them."""

import json

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given
from made_log import items_table

from tastetune.data.rows import CANONICAL, SCHEMA, Renderer, canonical, example_id, sample
from tastetune.errors import InputError
from tastetune.tasks.like_dislike import Item, LikeDislike


def test_example_ids_keep_users_and_items_apart():
    assert example_id("1", "2") == "1:2"
    assert example_id("a:b", "c") == "a%3Ab:c"
    assert example_id("a", "b:c") == "a:b%3Ac"
    assert example_id("a%3Ab", "c") == "a%253Ab:c"


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_different_pairs_have_different_ids(one, other):
    assert (example_id(*one) == example_id(*other)) == (one == other)


ROW = {
    "user_id": "u",
    "item_id": "3",
    "rating": 4.0,
    "timestamp": 9,
    "history": ["1", "2"],
    "history_ratings": [5.0, 3.0],
    "history_timestamps": [1, 9],
}


def renderer(**settings) -> Renderer:
    items = {row["item_id"]: Item(row["title"], row["genres"]) for row in items_table(3).to_pylist()}
    return Renderer(LikeDislike(), items, **settings)


@given(st.lists(st.tuples(st.text(), st.text()), max_size=4))
def test_rows_have_the_ids_of_their_pairs(pairs):
    items = {item: Item("A title") for _, item in pairs}
    batch = [ROW | {"user_id": user, "item_id": item, "history": [], "history_ratings": []} for user, item in pairs]
    schema = pa.Table.from_pylist([ROW]).schema
    table = Renderer(LikeDislike(), items).table(pa.Table.from_pylist(batch, schema))
    assert table["example_id"].to_pylist() == [example_id(*pair) for pair in pairs]


def test_a_rendered_row():
    (row,) = renderer().table(pa.Table.from_pylist([ROW])).to_pylist()
    assert row["example_id"] == "u:3"
    assert (row["label"], row["completion"]) == (1, " Yes")  # four stars are a like
    assert '- Liked "Title 1"\n- Disliked "Title 2"\n' in row["prompt"]
    assert row["prompt"].endswith('## Target movie:\n- "Title 3"\n\n## Response:')


def test_an_over_long_prompt_loses_its_oldest_history_and_so_does_the_row():
    lines = [len(text.splitlines()) for text in [renderer().table(pa.Table.from_pylist([ROW]))["prompt"][0].as_py()]]
    short = renderer(max_prompt_tokens=lines[0] - 1, lengths=lambda prompts: [len(p.splitlines()) for p in prompts])
    (row,) = short.table(pa.Table.from_pylist([ROW])).to_pylist()
    assert (row["history"], row["history_ratings"]) == (["2"], [3.0])
    assert '"Title 1"' not in row["prompt"]
    assert '"Title 2"' in row["prompt"]
    assert short.shortened == 1


def test_a_prompt_that_no_shortening_fits_is_refused():
    short = renderer(max_prompt_tokens=3, lengths=lambda prompts: [len(p.splitlines()) for p in prompts])
    with pytest.raises(InputError, match=r"--max_prompt_tokens 3: the prompt of example u:3 .* raise the limit"):
        short.table(pa.Table.from_pylist([ROW]))


TEXT = st.text(max_size=5)
STARS = st.one_of(st.sampled_from([4.0, -0.0, 1e-7, 1e16]), st.floats(allow_nan=False, allow_infinity=False))
PAST = st.lists(st.tuples(TEXT, STARS), max_size=3)


@given(st.lists(st.tuples(TEXT, st.integers(0, 1), STARS, st.integers(0, 2**40), PAST, TEXT), max_size=5))
def test_the_canonical_form_is_a_json_array_a_row(rows):
    rows = [[*before, [i for i, _ in past], [stars for _, stars in past], text] for *before, past, text in rows]
    columns = zip(*rows, strict=True) if rows else [[]] * len(CANONICAL)
    arrays = [pa.array(column, SCHEMA.field(name).type) for name, column in zip(CANONICAL, columns, strict=True)]
    assert canonical(pa.table(arrays, CANONICAL)) == "".join(f"{json.dumps(row)}\n" for row in rows).encode()


@given(st.lists(STARS, max_size=3), TEXT, TEXT)
def test_prompts_that_are_quoted_as_they_are_written_give_the_same_canonical_form(past, title, genre):
    items = {str(n): Item(f"{n}{title}", [genre]) for n in range(4)}
    row = ROW | {"history": list("012")[: len(past)], "history_ratings": past}
    row["history_timestamps"] = list(range(len(past)))
    table = pa.Table.from_pylist([row], pa.Table.from_pylist([ROW]).schema)
    task = LikeDislike(genres=True, times=True, ratings=True, item="fîlm")
    plain, quoted = (Renderer(task, items, quoted=quoted).table(table) for quoted in (False, True))
    assert json.loads(quoted["prompt"][0].as_py()) == plain["prompt"][0].as_py()
    assert canonical(quoted, quoted=True) == canonical(plain)


def test_the_canonical_form_sees_content_and_nothing_else():
    table = renderer().table(pa.Table.from_pylist([ROW, ROW | {"user_id": "v"}]))
    parts = pa.concat_tables([table.slice(0, 1), table.slice(1)])  # other chunks, same rows
    assert canonical(parts) == canonical(table)
    assert canonical(renderer().table(pa.Table.from_pylist([ROW | {"timestamp": 8}]))) != canonical(table.slice(0, 1))


def test_a_sample_is_uniform_over_the_rows_whatever_their_order():
    ids = [f"{user}:{item}" for user in range(100) for item in range(50)]
    drawn = sample(ids, 2000, seed=1)
    assert len(drawn) == 2000
    assert drawn == sample(ids[::-1], 2000, seed=1)
    assert drawn != sample(ids, 2000, seed=2)
    # 20 rows of each of 100 users are expected with a standard deviation of sqrt(50 * 0.4 * 0.6) = 3.5: 15 is 4 of it.
    by_user = [sum(name.startswith(f"{user}:") for name in drawn) for user in range(100)]
    assert all(5 <= count <= 35 for count in by_user)


def test_a_sample_of_fewer_rows_is_all_of_them():
    assert sample(["a", "b"], 5, seed=0) == {"a", "b"}

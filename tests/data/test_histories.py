"""Histories and rows, worked by hand and against a plain loop."""

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings
from made_log import items_table, log_table

from tastetune.data.histories import Renderer, canonical, example_id, sample, with_histories
from tastetune.errors import InputError
from tastetune.tasks.like_dislike import Item, LikeDislike


def histories(table, length: int, mode: str) -> dict[tuple[str, str], list[tuple[str, float]]]:
    found = with_histories(table, length, mode).to_pyarrow().to_pylist()
    return {
        (row["user_id"], row["item_id"]): list(zip(row["history"], row["history_ratings"], strict=True))
        for row in found
    }


# One user, six ratings; b and c tie in time, so b comes first.
LOG = [
    ("u", "c", 3.0, 2, "train"),
    ("u", "b", 2.0, 2, "train"),
    ("u", "a", 1.0, 1, "train"),
    ("u", "d", 4.0, 3, "validation"),
    ("u", "e", 5.0, 4, "test"),
    ("u", "f", 1.0, 5, "test"),
]


def test_prior_is_whatever_came_before_in_the_users_own_order():
    found = histories(log_table(LOG), 2, "prior")
    assert found["u", "a"] == []
    assert found["u", "b"] == [("a", 1.0)]
    assert found["u", "c"] == [("a", 1.0), ("b", 2.0)]
    assert found["u", "d"] == [("b", 2.0), ("c", 3.0)]
    assert found["u", "f"] == [("d", 4.0), ("e", 5.0)]  # e is an earlier test rating


def test_no_history_tells_the_answer_to_a_row_of_a_later_split():
    # A split drawn by lot: user u rated b (test) and c (validation) before d (train).
    parts = {"a": "train", "b": "test", "c": "validation", "d": "train"}
    drawn = [("u", item, 3.0, time, part) for time, (item, part) in enumerate(parts.items())]
    found = histories(log_table(drawn), 10, "prior")
    assert found["u", "d"] == [("a", 3.0)]
    assert found["u", "c"] == [("a", 3.0)]
    assert found["u", "b"] == [("a", 3.0)]


def test_train_leaves_out_ratings_that_training_does_not_hold():
    found = histories(log_table([*LOG, ("u", "g", 2.0, 6, "validation")]), 3, "train")
    assert found["u", "d"] == [("a", 1.0), ("b", 2.0), ("c", 3.0)]
    assert found["u", "f"] == [("b", 2.0), ("c", 3.0), ("d", 4.0)]  # not e, which is test
    assert found["u", "g"] == [("a", 1.0), ("b", 2.0), ("c", 3.0)]  # train alone, not d


def test_an_empty_history_is_an_empty_list():
    table = with_histories(log_table(LOG[:1]), 10, "prior").to_pyarrow()
    assert table["history"].to_pylist() == [[]]
    assert table["history_ratings"].to_pylist() == [[]]


logs = st.lists(
    st.tuples(
        st.sampled_from("uv"), st.integers(1, 5), st.integers(0, 8), st.sampled_from(["train", "validation", "test"])
    ),
    min_size=1,
    max_size=40,
).map(lambda drawn: [(user, f"i{n}", float(stars), time, split) for n, (user, stars, time, split) in enumerate(drawn)])


@settings(max_examples=20, deadline=None)
@given(logs, st.integers(1, 4), st.sampled_from(["prior", "train"]))
def test_histories_equal_a_plain_loop(rows, length, mode):
    known = {
        "prior": {"train": ["train"], "validation": ["train", "validation"], "test": ["train", "validation", "test"]},
        "train": {"train": ["train"], "validation": ["train"], "test": ["train", "validation"]},
    }[mode]
    found = histories(log_table(rows), length, mode)
    assert len(found) == len(rows)
    for user, item, _, time, split in rows:
        before = sorted(
            (t, i, stars) for u, i, stars, t, s in rows if u == user and (t, i) < (time, item) and s in known[split]
        )
        assert found[user, item] == [(i, stars) for _, i, stars in before[-length:]]


@settings(max_examples=20, deadline=None)
@given(logs, st.sampled_from(["prior", "train"]), st.randoms())
def test_later_ratings_never_reach_an_earlier_row(rows, mode, random):
    cut = random.choice(rows)
    is_later = [(time, item) > (cut[3], cut[1]) for _, item, _, time, _ in rows]
    changed = [(u, i, 6.0 - s if later else s, t, p) for (u, i, s, t, p), later in zip(rows, is_later, strict=True)]
    before, after = histories(log_table(rows), 10, mode), histories(log_table(changed), 10, mode)
    for (user, item, *_), later in zip(rows, is_later, strict=True):
        assert item not in [past for past, _ in before[user, item]]
        if not later:
            assert before[user, item] == after[user, item]


@settings(max_examples=20, deadline=None)
@given(logs, st.sampled_from(["prior", "train"]), st.randoms())
def test_neither_the_order_of_rows_nor_the_names_of_users_change_a_history(rows, mode, random):
    names = {"u": "a user", "v": "007"}  # the other way round, were they sorted
    renamed = [(names[user], *rest) for user, *rest in random.sample(rows, len(rows))]
    before, after = histories(log_table(rows), 3, mode), histories(log_table(renamed), 3, mode)
    assert after == {(names[user], item): history for (user, item), history in before.items()}


def test_example_ids_keep_users_and_items_apart():
    assert example_id("1", "2") == "1:2"
    assert example_id("a:b", "c") == "a%3Ab:c"
    assert example_id("a", "b:c") == "a:b%3Ac"
    assert example_id("a%3Ab", "c") == "a%253Ab:c"


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_different_pairs_have_different_ids(one, other):
    assert (example_id(*one) == example_id(*other)) == (one == other)


ROW = {
    "user_id": "u", "item_id": "3", "rating": 4.0, "timestamp": 9, "history": ["1", "2"], "history_ratings": [5.0, 3.0]
}  # fmt: skip


def renderer(**settings) -> Renderer:
    items = {row["item_id"]: Item(row["title"], row["genres"]) for row in items_table(3).to_pylist()}
    return Renderer(LikeDislike(), items, **settings)


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

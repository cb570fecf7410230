"""Explanations of a made model, which goes by certain titles alone: what it says, and what becomes of its answers."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from made import make_dataset

from tastetune.artifacts.dataset import open_dataset
from tastetune.data.exports import EXPORTS
from tastetune.data.exports.export import OwnList, OwnRating
from tastetune.errors import InputError
from tastetune.explanations.explanation import Explanation, ExplanationSettings
from tastetune.explanations.faithfulness import faithfulness
from tastetune.explanations.pasts import as_rows, read_cases
from tastetune.explanations.selection import chosen_rows
from tastetune.explanations.trying import tried_explanations
from tastetune.person.dataset import with_person
from tastetune.person.person import find_person
from tastetune.tasks import TASKS

SETTINGS = ExplanationSettings(draws=3, seed=0)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("made"), 12, 40))


@pytest.fixture(scope="module")
def rows(dataset):
    return TASKS["like_dislike"].rows(dataset, "test")


@pytest.fixture(scope="module")
def titles(dataset):
    return dict(zip(*(dataset.read("items", "train")[name].to_pylist() for name in ("item_id", "title")), strict=True))


@pytest.fixture(scope="module")
def pair(rows):
    """Two items that stand together in more pasts than any others."""
    pairs = Counter(pair for past in rows.table["history"].to_pylist() for pair in combinations(sorted({*past}), 2))
    return pairs.most_common(1)[0][0]


def goes_by(items):
    """A made model: P(like) is 0.6, and 0.1 more for each of `items` in the past."""
    return lambda rows: np.array([0.6 + 0.1 * len(items & {*past}) for past in rows.table["history"].to_pylist()])


def names(items, titles):
    """A text that names those of `items` that are in the past."""

    def write(rows, likes):
        assert likes.all()
        pasts = rows.table["history"].to_pylist()
        return ["Judging by " + " and ".join(f'"{titles[item]}"' for item in past if item in items) for past in pasts]

    return write


def test_words_that_name_what_the_model_goes_by(rows, titles, pair):
    """Without one named title of ten P falls by 0.1; without another one, drawn from the nine others, not at all."""
    one = pair[0]
    found = tried_explanations(rows, goes_by({one}), names({one}, titles), SETTINGS)
    named = [of for of in found if one in of.past]
    assert 1 < len(named) < len(found)
    for of in named:
        assert (of.named, of.p_like) == ((one,), pytest.approx(0.7))
        assert (of.without_named, of.without_others) == (pytest.approx(0.6), pytest.approx((0.7,) * 3))
    for of in found:
        if of not in named:
            assert (of.named, of.without_named, of.without_others) == ((), None, ())
    figures = faithfulness(found, resamples=20)
    assert (figures["compared"], figures["unnamed"]) == (len(named), len(found) - len(named))
    assert figures["difference"]["value"] == pytest.approx(0.1)


def test_words_that_name_something_else(rows, titles, pair):
    """The model goes by one and names the other: without that nothing changes, without another title sometimes."""
    one, other = pair
    settings = ExplanationSettings(draws=20, seed=0)
    found = tried_explanations(rows, goes_by({one}), names({other}, titles), settings)
    both = [of for of in found if {one, other} <= {*of.past}]
    assert len(both) > 1
    for of in both:
        assert of.without_named == of.p_like == pytest.approx(0.7)
        assert {round(p, 6) for p in of.without_others} == {0.6, 0.7}  # one of nine others: it is drawn now and then
    assert faithfulness(found, resamples=20)["difference"]["value"] < 0


def test_who_names_more_than_half_cannot_be_tried(rows, titles):
    found = tried_explanations(rows, goes_by({"i3"}), names({*titles}, titles), SETTINGS)
    assert all(of.named and of.without_named is None for of in found)
    assert faithfulness(found, resamples=20)["too_many"] == len(found)


def test_half_of_the_past_leaves_just_as_many_others(rows, titles):
    """Ten before each: five are named, and every draw takes the five others, so that one of two falls is all of it."""
    first = [{*past[:5]} for past in rows.table["history"].to_pylist()]
    of_row = dict(zip(rows.example_ids, first, strict=True))

    def write(asked, likes):
        return [" ".join(f'"{titles[item]}"' for item in sorted(five)) for five in of_row.values()]

    def answer(asked):  # how many are left, of those that are named in whichever row it is
        return np.array([0.5 + 0.04 * len(past) for past in asked.table["history"].to_pylist()])

    for of in tried_explanations(rows, answer, write, SETTINGS):
        assert {*of.named} == of_row[of.example_id]
        assert (of.without_named, of.without_others) == (pytest.approx(0.7), pytest.approx((0.7,) * 3))


def test_the_same_seed_takes_out_the_same(rows, titles, pair):
    one, other = pair

    def others(seed):
        settings = ExplanationSettings(draws=9, seed=seed)
        return [of.without_others for of in tried_explanations(rows, goes_by({one}), names({other}, titles), settings)]

    assert others(0) == others(0)
    assert len({tuple(others(seed)) for seed in range(4)}) > 1


@pytest.mark.parametrize("task", ["like_dislike", "stream"])
def test_a_whole_past_asks_what_the_frozen_row_asks(dataset, task):
    rows = TASKS[task].rows(dataset, "test")
    asked = as_rows(rows, read_cases(rows))
    assert asked.read(["prompt"]) == rows.read(["prompt"])
    columns = ["item_id", "label", "rating", "history", "history_ratings"]
    assert asked.read(columns) == rows.read(columns)


def test_a_stream_is_told_just_what_is_left_of_the_past(dataset, titles):
    rows = TASKS["stream"].rows(dataset, "test")
    cases = [case.without({0, 4}) for case in read_cases(rows)]
    for prompt, case in zip(rows.task.prompts(as_rows(rows, cases)), cases, strict=True):
        told = [f'- "{titles[of.item]}": {"Yes" if of.rating >= 4 else "No"}' for of in case.past]
        assert prompt.splitlines()[2:] == [*told, f'- "{titles[case.target.item]}":']
        assert len(told) == 8


def test_a_person_who_is_in_no_dataset_is_explained_as_well(dataset, titles):
    """Behind the ratings of their own list, which the demo page and scripts/ask.py make of it."""
    entries = tuple(OwnRating(titles[item], rating=5.0) for item in ("i1", "i2", "i3"))
    person = find_person(OwnList("mine.csv", EXPORTS["list"], entries, (1.0, 5.0)), dataset)
    rows = TASKS["like_dislike"].rows(with_person(dataset, person, ["i7"]), "test")
    (found,) = tried_explanations(rows, goes_by({"i3"}), names({"i3"}, titles), SETTINGS)
    assert (found.target, found.past, found.named) == ("i7", ("i1", "i2", "i3"), ("i3",))
    assert found.described(titles) == [
        f'Judging by "{titles["i3"]}"',
        f"Titles named in the past: {titles['i3']!r}.",
        "P(like) is 0.700; without what is named 0.600, without as many others 0.700.",
    ]


def test_what_is_said_of_one_where_nothing_could_be_tried(titles):
    of = Explanation("u:i7", "u", "i7", ("i1",), 0.25, "Because.", ("i1",), ("i2",), ("No Such Film",))
    assert of.described(titles) == [
        "Because.",
        f"Titles named in the past: {titles['i1']!r}; in the catalogue alone: {titles['i2']!r}; "
        "invented: 'No Such Film'.",
        "P(like) is 0.250; more than half of the past is named, so nothing was taken out to compare.",
    ]


def test_rows_are_drawn_by_seed_or_named(rows):
    drawn = chosen_rows(rows, 5, seed=1)
    assert len(drawn.table) == 5
    assert drawn.example_ids == chosen_rows(rows, 5, seed=1).example_ids != chosen_rows(rows, 5, seed=2).example_ids
    assert len(chosen_rows(rows, 10**6, seed=1).table) == len(rows.table)
    first = rows.table["user_id"][0].as_py()
    assert {*chosen_rows(rows, 2, 0, user=first).table["user_id"].to_pylist()} == {first}
    assert chosen_rows(rows, 1, 0, row=rows.example_ids[3]).example_ids == [rows.example_ids[3]]
    for wanted in ({"user": "nobody"}, {"row": "u1:nothing"}):
        with pytest.raises(InputError, match=r"not in split 'test' of .*; name one such as"):
            chosen_rows(rows, 1, 0, **wanted)

"""Categories as catalogues write them, and one line an item."""

import ibis
import pyarrow as pa
import pytest
from made_log import engine

from tastetune.data.intake.catalogue import items_of, listed, own_items, separator_of, without_doubles
from tastetune.data.reading.logs import Lines, RawLog
from tastetune.data.reading.problems import refuse
from tastetune.errors import InputError


def raw(**columns: list) -> RawLog:
    rows = {"row": list(range(1, 1 + len(columns["item_id"])))}
    table = pa.table(rows | {name: pa.array(values, pa.string()) for name, values in columns.items()})
    return RawLog(engine().create_table(ibis.util.gen_name("raw"), table, temp=True), (Lines("books.csv"),))


def test_categories_in_one_field():
    assert listed("prose | verse|", "|") == ["prose", "verse"]
    assert listed('["prose", "verse", 7]', "|") == ["prose", "verse", "7"]
    assert listed("[draft]; verse", ";") == ["[draft]", "verse"]
    assert listed("", "|") == []
    assert listed("['Crime', 'Sci-Fi']", "|") == ["Crime", "Sci-Fi"]
    assert listed("['Crime' 'Sci-Fi']", "|") == ["Crime", "Sci-Fi"]  # as numpy prints an array
    assert listed('[{"id": 18, "name": "Drama"}]', "|") == ["Drama"]
    assert listed("[", "|") == ["["]


def test_what_stands_between_categories():
    assert separator_of(["Crime", "Crime, Sci-Fi"], "genre") == ", "
    assert separator_of(["Crime|Travel, by sea"], "genre") == "|"
    assert separator_of(["['Crime', 'Sci-Fi']", None], "genre") == "|"  # a list needs none
    assert separator_of(["rock jazz"], "genre:token_seq") == " "


def test_of_lines_that_say_the_same_one_is_kept_and_of_others_a_person_says_which():
    log = raw(item_id=["a", "b", "a", "b"], title=["A", "B", "A", "Other"])
    single, notes, problems = without_doubles(log, "refuse")
    assert notes == {"lines of the catalogue that stand there twice, one kept": 1}
    with pytest.raises(InputError, match=r"row 4: item_id b stand in books.csv, row 2 too; .* --doubled_items first"):
        refuse(problems)
    for which, title in (("first", "B"), ("last", "Other")):
        single, notes, problems = without_doubles(log, which)
        items, faults = items_of(single, "|")
        assert items.to_pylist() == [
            {"item_id": "a", "title": "A", "genres": []},
            {"item_id": "b", "title": title, "genres": []},
        ]
        assert not problems + faults
        assert list(notes.values()) == [1, 1]


def test_a_log_that_names_its_items():
    log = raw(item_id=["a", "b", "a", "c"], title=[None, "B", "A", " "], genres=["x|y", None, "z", None])
    items, notes = own_items(log, "|")
    assert items.to_pylist() == [
        {"item_id": "a", "title": "A", "genres": ["x", "y"]},
        {"item_id": "b", "title": "B", "genres": []},
    ]
    assert notes == {}
    assert list(own_items(raw(item_id=["a", "a"], title=["A", "B"]), "|")[1].values()) == [1]


def test_a_title_of_thousands_of_letters_is_none():
    _, problems = items_of(raw(item_id=["a"], title=["x" * 200_000]), "|")
    with pytest.raises(InputError, match="the title of item a has 200,000 characters; look for a quote"):
        refuse(problems)

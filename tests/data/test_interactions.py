"""The contract's checks: each refusal names the file, the line and the remedy."""

from pathlib import Path

import pyarrow as pa
import pytest
from made_log import engine, items_table, log_table

from tastetune.data.engine import connect
from tastetune.data.interactions import COLUMNS, refuse_unknown_items, to_interactions, to_items
from tastetune.data.reading.logs import TextFormat
from tastetune.data.reading.text import read_text
from tastetune.errors import InputError

FORMAT = TextFormat(COLUMNS, sep="::", closed=True)
GOOD = "1::10::5::100\n1::20::3::101\n2::10::4::102\n"


def read(folder: Path, text: str | bytes, fmt: TextFormat = FORMAT) -> list[dict]:
    path = folder / "ratings.dat"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return to_interactions(read_text(engine(), path, fmt), low=1, high=5).to_pyarrow().to_pylist()


def refused(folder: Path, text: str | bytes, message: str, fmt: TextFormat = FORMAT) -> None:
    with pytest.raises(InputError, match=message):
        read(folder, text, fmt)


def test_good_lines_become_typed_rows(tmp_path):
    first, *rest = read(tmp_path, GOOD)
    assert first == {"user_id": "1", "item_id": "10", "rating": 5.0, "timestamp": 100}
    assert len(rest) == 2


def test_ids_are_text(tmp_path):
    assert read(tmp_path, "007::1e3::5::100\n")[0]["user_id"] == "007"
    assert read(tmp_path, "007::1e3::5::100\n")[0]["item_id"] == "1e3"


def test_blank_lines_are_no_rows_but_count_as_lines(tmp_path):
    assert len(read(tmp_path, GOOD.replace("1::20", "\n1::20"))) == 3
    refused(tmp_path, "1::10::5::100\n\n\n1::20::9::101\n", r"ratings\.dat, line 4: rating 9")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"ratings\.dat: the file is empty; .* fetch it anew"),
        (GOOD[:-6], r"line 3: the file is cut in the middle of its last line; fetch it anew"),
        (GOOD + "3::10::4\n", r"line 4: fewer fields than 4 fields .*: '3::10::4'; mend the line"),
        ("3::10::4::1::9\n" + GOOD, r"line 1: more fields than 4 fields"),
        (GOOD + "3::10::6::100\n", r"line 4: rating 6 is none from 1 to 5; mend or remove the line"),
        (GOOD + "3::10::nan::100\n", r"line 4: rating nan is none"),
        (GOOD + "3::10::five::100\n", r"line 4: rating five is none"),
        (GOOD + "3::10::::100\n", r"line 4: rating \(empty\) is none"),
        (GOOD + "3::10::5::yesterday\n", r"line 4: timestamp yesterday is no whole number of seconds"),
        (GOOD + "3::10::5::-7\n", r"line 4: timestamp -7 is no"),
        (GOOD + "3::10::5::100.5\n", r"line 4: timestamp 100.5 is no"),
        (GOOD + "::10::5::100\n", r"line 4: the user id is empty"),
        (GOOD + "3::::5::100\n", r"line 4: the item id is empty"),
        (GOOD + "3\0::10::5::100\n", r"line 4: a NUL character stands in the user_id; remove it"),
        (GOOD + "3::1\x000::5::100\n", r"line 4: a NUL character stands in the item_id; remove it"),
        (GOOD.encode() + b"3\xed\xa0\x80::10::5::100\n", r"line 4: bytes that are not utf-8"),  # half a character
        (GOOD + "1::20::4::999\n", r"line 4: user_id 1 and item_id 20 stand in .*, line 2 too; keep one of the two"),
    ],
)
def test_bad_lines_are_refused_by_name(tmp_path, text, message):
    refused(tmp_path, text, message)


def test_the_first_bad_line_is_named(tmp_path):
    many = "".join(f"{user}::10::5::{user}\n" for user in range(1, 5001))
    refused(tmp_path, many.replace("4000::10::5", "4000::10::7").replace("3000::10::5", "3000::10::8"), "line 3000: ")


def test_bytes_of_another_encoding_are_refused_where_they_stand(tmp_path):
    refused(tmp_path, GOOD.encode() + b"\xe9::10::5::1\n", r"line 4: bytes that are not utf-8")
    latin = TextFormat(COLUMNS, sep="::", encoding="latin-1", closed=True)
    assert read(tmp_path, GOOD.encode() + b"\xe9::10::5::1\n", latin)[3]["user_id"] == "é"


def test_lines_are_counted_through_quoted_line_breaks(tmp_path):
    quoted = TextFormat(COLUMNS, sep=",", header=True, quoted=True)
    text = 'user,item,rating,time\n"one\nname",10,5,100\n"two\nname",10,6,100\n'
    refused(tmp_path, text, r"line 5: rating 6", quoted)
    refused(tmp_path, text.replace("6,100", "5"), r"line 5: fewer fields", quoted)  # the line at which the record ends


def test_a_missing_file_and_one_with_a_header_alone(tmp_path):
    with pytest.raises(InputError, match=r"absent\.dat: no such file"):
        read_text(engine(), tmp_path / "absent.dat", FORMAT)
    refused(tmp_path, "a::b::c::d\n", r"no row in it", TextFormat(COLUMNS, sep="::", header=True))


def test_threads_do_not_change_which_row_is_which(tmp_path):
    path = tmp_path / "ratings.dat"
    path.write_text("".join(f"{user}::{item}::5::{user}\n" for user in range(300) for item in range(300)))
    for threads in (1, 4):
        table = read_text(connect(threads=threads), path, FORMAT).table.order_by("row").to_pyarrow()
        assert table["row"].to_pylist() == list(range(1, 90_001))
        assert table["user_id"].to_pylist()[::300] == [str(user) for user in range(300)]


def read_items(folder: Path, text: str) -> pa.Table:
    path = folder / "movies.dat"
    path.write_text(text)
    raw = read_text(engine(), path, TextFormat(("item_id", "title", "genres"), sep="::"))
    return to_items(raw, lambda row: (row["item_id"], row["title"], (row["genres"] or "Drama").split("|")))


def test_items_are_sorted_by_id_as_a_string(tmp_path):
    items = read_items(tmp_path, "2::B::Drama|War\n10::A::\n")
    assert items.to_pydict() == {"item_id": ["10", "2"], "title": ["A", "B"], "genres": [["Drama"], ["Drama", "War"]]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1::A::Drama\n2::::Drama\n", r"movies\.dat, line 2: item 2 has no title; a prompt needs one"),
        ("1::A::Drama\n2::  ::Drama\n", r"line 2: item 2 has no title"),
        ("1::A::Drama\n2::B\0::Drama\n", r"line 2: a NUL character stands in the title; remove it"),
        ("1::A::Drama\n2\0::B::Drama\n", r"line 2: a NUL character stands in the item_id; remove it"),
        ("::A::Drama\n", r"line 1: the item id is empty"),
        ("1::A::Drama\n1::B::War\n", r"line 2: item_id 1 stand in .*, line 1 too"),
    ],
)
def test_items_that_no_prompt_can_show_are_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_items(tmp_path, text)


def test_a_rated_item_needs_a_title_and_an_unrated_one_may_stay():
    log = log_table([("u", "1", 5.0, 1), ("u", "9", 5.0, 2), ("v", "9", 5.0, 2)])
    refuse_unknown_items(log, items_table(9), "movies.dat")
    with pytest.raises(InputError, match=r"movies\.dat: item 9 is rated 2 times but has no title there"):
        refuse_unknown_items(log, items_table(8), "movies.dat")

"""What somebody's own columns mean, and which meanings are refused."""

from pathlib import Path

import ibis
import pyarrow as pa
import pytest
from made_log import engine

from tastetune.data.intake import meaning
from tastetune.data.intake.times import NO_TIMES, in_seconds
from tastetune.data.interactions import to_interactions
from tastetune.data.reading.logs import Lines, RawLog, joined
from tastetune.data.reading.problems import refuse
from tastetune.errors import InputError


def raw(name: str = "log.parquet", **columns: list) -> RawLog:
    """A log as a file of rows gives it."""
    length = len(next(iter(columns.values())))
    table = pa.table(
        {"row": list(range(1, length + 1))} | {key: pa.array(v, pa.string()) for key, v in columns.items()}
    )
    return RawLog(engine().create_table(ibis.util.gen_name("raw"), table, temp=True), (Lines(Path(name)),))


def column(log: RawLog, name: str) -> list:
    return log.table.order_by("row").to_pyarrow()[name].to_pylist()


# 2024-01-01T00:00:00Z is 1704067200.
@pytest.mark.parametrize(
    ("times", "kind", "seconds"),
    [
        (["1704067200", "0", "7"], "seconds", ["1704067200", "0", "7"]),
        (["1704067200.75"], "seconds", ["1704067200"]),
        (["1704067200999"], "milliseconds", ["1704067200"]),
        (["1704067200999999"], "microseconds", ["1704067200"]),
        (["1704067200999999999"], "nanoseconds", ["1704067200"]),
        (["2024-01-01T00:00:00Z", "2024-01-01 01:00:00+01:00"], "dates with a time zone", ["1704067200", "1704067200"]),
        (
            ["2024-01-01T00:00:00.999-00:30", "2023-12-31T19:00-05"],
            "dates with a time zone",
            ["1704069000", "1704067200"],
        ),
        (["2024-01-01", "2024-01-01 00:01", " 2024-01-01T00:00:02 "], "dates without a time zone", None),
    ],
)
def test_times_become_seconds(times, kind, seconds):
    log, times_were = in_seconds(raw(timestamp=times))
    assert times_were == kind
    assert column(log, "timestamp") == (seconds or ["1704067200", "1704067260", "1704067202"])


def test_dates_beyond_2038():
    log, _ = in_seconds(raw(timestamp=["2100-01-01"]))
    assert column(log, "timestamp") == ["4102444800"]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (
            ["5", "1704067200", "1704067200000"],
            "row 3: the times are milliseconds here and seconds in .*row 1; write all",
        ),
        (["1704067200", "2024-01-01"], "row 2: the times are dates without a time zone here and seconds in"),
        (
            ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00"],
            "row 2: .* without a time zone here and dates with a time zone",
        ),
        (["2024-01-01", "01/02/2024"], "row 2: timestamp 01/02/2024 is neither a number nor a date like"),
        (["2024-13-01"], "row 1: timestamp 2024-13-01 is neither"),
        (["2024-01-01T10:00 America/New_York"], "row 1: timestamp .* is neither"),
        (["5", None], r"row 2: timestamp \(empty\) is neither"),
        (["-5"], "row 1: timestamp -5 is neither"),
        (["1970-01-01", "1969-12-31"], "row 2: timestamp 1969-12-31 is before 1970"),
    ],
)
def test_times_that_cannot_be_told_are_refused(times, message):
    with pytest.raises(InputError, match=message):
        refuse(in_seconds(raw(timestamp=times))[0].problems)


def test_spaces_around_ids_go_and_are_counted_and_zeros_stay():
    log, spaced = meaning.trimmed(raw(user_id=[" 7", "007", "a b"], item_id=["1 ", " ", "\t2"]))
    assert column(log, "user_id") == ["7", "007", "a b"]
    assert column(log, "item_id") == ["1", None, "2"]
    assert spaced == 3


def test_likes_become_ratings():
    log = meaning.likes_as_ratings(raw(rating=["1", "0", "True", "false", "1.0"]))
    assert column(log, "rating") == ["1", "0", "1", "0", "1"]
    with pytest.raises(InputError, match="row 2: like maybe is none of 0, 1, true, false"):
        refuse(meaning.likes_as_ratings(raw(rating=["1", "maybe"])).problems)
    with pytest.raises(InputError, match=r"row 1: like \(empty\)"):
        refuse(meaning.likes_as_ratings(raw(rating=[None])).problems)


def test_split_names():
    log = meaning.splits_in_our_words(raw(split=["train", "Valid", "dev", "TEST "]))
    assert column(log, "split") == ["train", "validation", "validation", "test"]
    with pytest.raises(InputError, match="row 1: split holdout is none of train"):
        refuse(meaning.splits_in_our_words(raw(split=["holdout"])).problems)


MEETINGS = {"user_id": ["u", "u", "v", "u"], "item_id": ["a"] * 4, "timestamp": ["9", "10", "1", "10"]}


def test_repeats_are_refused_or_one_is_kept():
    log = raw(**MEETINGS)
    first, gone = meaning.one_a_pair(log, "first")
    assert (column(first, "row"), gone) == ([1, 3], 2)  # 9 is before 10, as a number
    last, gone = meaning.one_a_pair(log, "last")
    assert (column(last, "row"), gone) == ([3, 4], 2)  # the later line of two that tie
    with pytest.raises(InputError, match=r"row 2: user_id u and item_id a stand in .*row 1 too .*; .* --repeats first"):
        refuse(meaning.normalised(raw(**MEETINGS), "clicks", "refuse")[0].problems)


def test_an_empty_id_is_no_repeat_of_another_but_a_fault_of_its_own():
    log, _, _ = meaning.normalised(raw(user_id=[" ", None], item_id=["a", "a"]), "clicks", "refuse")
    with pytest.raises(InputError, match="row 1: the user id is empty"):
        to_interactions(log, 0, 1)


def test_a_log_without_times_has_one_moment():
    log, times, notes = meaning.normalised(raw(user_id=["u", "u"], item_id=["b", "a"]), "clicks", "refuse")
    assert column(log, "timestamp") == ["0", "0"]
    assert column(log, "rating") == ["1", "1"]
    assert times == NO_TIMES
    assert set(notes.values()) == {0}


def test_rows_of_joined_files_are_named_by_their_own_file():
    log = joined([raw("one.parquet", timestamp=["1", "2"]), raw("two.parquet", timestamp=["3", "soon"])])
    assert column(log, "row") == [1, 2, 3, 4]
    with pytest.raises(InputError, match=r"two\.parquet, row 2: timestamp soon"):
        refuse(in_seconds(log)[0].problems)

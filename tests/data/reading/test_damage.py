"""Files with something wrong in them: every kind of problem in one message, or the file read whole; no row is lost."""

import bz2
import gzip
import zipfile
from pathlib import Path

import pytest
from made_log import engine

from tastetune.data.interactions import interaction_problems
from tastetune.data.reading.dialect import Said
from tastetune.data.reading.logs import RawLog
from tastetune.data.reading.problems import refuse
from tastetune.data.reading.tables import opened, read
from tastetune.errors import InputError

COLUMNS = {"user_id": "user", "item_id": "item", "rating": "rating", "timestamp": "time"}
HEADER = "user,item,rating,time\n"
ROWS = [f"u{n % 7},i{n},{n % 5 + 1},{1000 + n}\n" for n in range(40)]
GOOD = HEADER + "".join(ROWS)


def log_of(path: Path, content: str | bytes, **said) -> RawLog:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(engine(), path, COLUMNS, Said(**said))


def rows(log: RawLog) -> list[dict]:
    refuse(log.problems)
    return log.table.order_by("row").to_pyarrow().to_pylist()


def problems(log: RawLog) -> str:
    with pytest.raises(InputError) as refusal:
        refuse(interaction_problems(log, 1, 5))
    return str(refusal.value)


def test_all_kinds_of_problem_are_told_at_once_each_with_its_first_line_and_number(tmp_path):
    lines = [HEADER, *ROWS]
    lines[3] = "u1,i900\n"  # line 4
    lines[5] = "u1,i901,9,1000\n"
    lines[7] = ",i902,3,1000\n"
    lines[9] = "u1,i903,8,1000\n"
    lines[11] = "u1,i904,3,soon\n"
    lines[13] = "u1,i905,3,1000,spare\n"
    lines[15] = "u1,i0,3,1000\n"
    text = problems(log_of(tmp_path / "log.csv", "".join(lines)))
    assert text.splitlines()[0] == "5 kinds of problem"
    for line in (
        "log.csv, line 4: fewer fields than 4 fields",
        "log.csv, line 14: more fields than 4 fields",
        "log.csv, line 6: rating 9 is none from 1 to 5 (and 1 more like it); say with --rating_min and",
        "log.csv, line 8: the user id is empty; give each rating its user",
        "log.csv, line 12: timestamp soon is no whole number of seconds; mend or remove the line",
    ):
        assert line in text
    assert "stand in" not in text  # u1 meets i0 once alone: the good row is u0's
    assert "spare" in text


def test_where_every_line_is_wrong_the_remedy_is_none_of_lines(tmp_path):
    ten = HEADER + "".join(f"u{n},i{n},{n % 10 + 1},{n}\n" for n in range(40))
    text = problems(log_of(tmp_path / "log.csv", ten))
    assert "line 7: rating 6 is none from 1 to 5 (and 19 more like it)" in text
    assert "--rating_min and --rating_max" in text
    assert "remove the line" not in text


def test_a_quote_that_is_never_closed(tmp_path):
    content = GOOD.replace("u0,i7,", 'u0,"i7,')
    with pytest.raises(InputError, match=r"log\.csv, line 9: text behind a field's closing quote.*--no_quotes"):
        rows(log_of(tmp_path / "log.csv", content))
    assert rows(log_of(tmp_path / "log.csv", content, no_quotes=True))[7]["item_id"] == '"i7'


def test_a_file_that_is_cut(tmp_path):
    with pytest.raises(InputError, match=r"line 41: the file is cut in the middle of its last line, fewer fields"):
        rows(log_of(tmp_path / "log.csv", GOOD[:-8]))


@pytest.mark.parametrize("name", ["log.csv.gz", "log.csv.bz2", "log.zip", "log.csv.zst"])
def test_an_archive_that_is_cut(tmp_path, name):
    path = tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("log.csv", GOOD)
    elif name.endswith(".zst"):
        pa = pytest.importorskip("pyarrow")
        with pa.CompressedOutputStream(str(path), "zstd") as file:
            file.write(GOOD.encode())
    else:
        path.write_bytes((gzip if name.endswith(".gz") else bz2).compress(GOOD.encode()))
    whole = path.read_bytes()
    assert len(rows(log_of(path, whole))) == 40
    with pytest.raises(InputError, match=f"{name}: the archive is damaged or cut"):
        log_of(path, whole[: len(whole) // 2])


def test_an_archive_of_several_files(tmp_path):
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("one.csv", GOOD)
        archive.writestr("two.csv", GOOD)
    with pytest.raises(InputError, match=r"log\.zip: an archive of 2 files; unpack it and name the one"):
        opened(engine(), tmp_path / "log.zip")


def test_two_encodings_in_one_file(tmp_path):
    content = GOOD.replace("u3", "José").encode() + "Zoë,i99,5,1\n".encode("latin-1")
    with pytest.raises(InputError, match=r"log\.csv, line 42: bytes that are not utf-8 .* two encodings are mixed"):
        log_of(tmp_path / "log.csv", content)
    assert rows(log_of(tmp_path / "log.csv", content, encoding="latin-1"))[-1]["user_id"] == "Zoë"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_a_text_in_one_encoding(tmp_path, codec):
    content = GOOD.replace("u3", "Zoë").replace("u4", "José")
    assert rows(log_of(tmp_path / "log.csv", content.encode(codec)))[3]["user_id"] == "Zoë"


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("gbk", "张三的图书馆"),
        ("big5", "圖書館的讀者"),
        ("shift_jis", "となりのトトロ"),
        ("euc_kr", "올드보이의 친구"),
        ("cp1251", "Солярис"),
    ],
)
def test_a_text_in_another_script(tmp_path, codec, name):
    log = log_of(tmp_path / "log.csv", GOOD.replace("u3", name).encode(codec))
    table = opened(engine(), tmp_path / "log.csv")
    assert codec in (table.file.encoding, *table.file.unsure)  # few letters leave several that fit
    assert table.file.unsure or rows(log)[3]["user_id"] == name


def test_a_null_character_is_told_with_its_line(tmp_path):
    assert "line 4: a NUL character stands in the item_id" in problems(
        log_of(tmp_path / "log.csv", GOOD.replace("i2,", "i\0,"))
    )


def test_a_field_of_200_kb_is_read(tmp_path):
    log = log_of(
        tmp_path / "log.csv", GOOD.replace("time\n", "time,note\n").replace(",1002\n", f",1002,{'x' * 200_000}\n")
    )
    assert "fewer fields than 5 fields" in problems(log)
    content = (
        "\n".join(f"{line},{'x' * 200_000 if n == 3 else 'note'}" for n, line in enumerate(GOOD.splitlines())) + "\n"
    )
    assert len(rows(log_of(tmp_path / "log.csv", content.replace("time,note", "time,remark")))) == 40


def test_the_name_of_a_place_says_nothing(tmp_path):
    for name in ("rating=3/log.csv", "a[1]*?.csv", "plain.data"):
        assert rows(log_of(tmp_path / name, GOOD))[0]["rating"] == "1"
    with pytest.raises(InputError, match=r"rating=3: a folder; name the file in it"):
        opened(engine(), tmp_path / "rating=3")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0 an old sheet", "a file of an old Excel; save it as .xlsx or .csv"),
        (b"SQLite format 3\0", "a database of SQLite"),
        (b"\x80\x04\x95 anything", "a pickle of Python, which may run anything"),
        (b"\x89HDF\r\n", "a file of HDF5"),
        (("a report\n\n" + GOOD).encode(), "line 1: 'a report' is no line of the table"),
    ],
)
def test_files_of_other_kinds(tmp_path, content, message):
    (tmp_path / "log.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        opened(engine(), tmp_path / "log.csv")


@pytest.mark.parametrize("separator", [r"\t", "::", "tab", ";", "|", "space", "~~"])
def test_any_separator(tmp_path, separator):
    sep = {r"\t": "\t", "tab": "\t", "space": " "}.get(separator, separator)
    content = GOOD.replace(",", sep)
    assert rows(log_of(tmp_path / "log.txt", content, separator=separator)) == rows(log_of(tmp_path / "log.csv", GOOD))
    if separator != "~~":
        assert opened(engine(), tmp_path / "log.txt").dialect.sep == sep


def test_a_separator_that_cannot_be_one(tmp_path):
    with pytest.raises(InputError, match="--separator '': expected one to four characters"):
        log_of(tmp_path / "log.csv", GOOD, separator="")

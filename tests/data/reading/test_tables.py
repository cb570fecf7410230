"""The same log from four file formats, and files that are none."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_log import engine

from tastetune.data.reading.dialect import Said
from tastetune.data.reading.problems import refuse
from tastetune.data.reading.tables import read
from tastetune.errors import InputError

COLUMNS = {"user_id": "Reader", "item_id": "Book", "rating": "Stars"}
ROWS = [
    {"Reader": "007", "note": 'a "quoted", long\nnote', "Book": "b 1", "Stars": "4"},
    {"Reader": "8", "note": "", "Book": "b2", "Stars": ""},
]
READ = [
    {"row": 1, "user_id": "007", "item_id": "b 1", "rating": "4"},
    {"row": 2, "user_id": "8", "item_id": "b2", "rating": None},
]


def read_rows(path, columns=COLUMNS, **said):
    log = read(engine(), path, columns, Said(**said))
    refuse(log.problems)
    return log.table.order_by("row").to_pyarrow().to_pylist()


def write_text(path, sep, encoding="utf-8", end="\n"):
    quoted = [["Reader", "note", "Book", "Stars"], *(list(row.values()) for row in ROWS)]
    lines = [sep.join('"' + value.replace('"', '""') + '"' for value in line) for line in quoted]
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def test_text_files(tmp_path):
    assert read_rows(write_text(tmp_path / "log.csv", ",")) == READ
    assert read_rows(write_text(tmp_path / "log.tsv", "\t")) == READ
    assert read_rows(write_text(tmp_path / "log.txt", ";"), separator=";") == READ
    assert read_rows(write_text(tmp_path / "excel.csv", ",", "utf-8-sig", "\r\n")) == READ  # byte-order mark, CRLF


def test_a_text_file_in_latin_1(tmp_path):
    (tmp_path / "log.csv").write_bytes("Reader,Book\nJosé,b1\n".encode("latin-1"))
    columns = {"user_id": "Reader", "item_id": "Book"}
    for said in ({}, {"encoding": "latin-1"}):
        assert read_rows(tmp_path / "log.csv", columns, **said)[0]["user_id"] == "José"
    with pytest.raises(InputError, match=r"log\.csv, line 2: bytes that are not utf-8"):
        read_rows(tmp_path / "log.csv", columns, encoding="utf-8")


def test_json_lines(tmp_path):
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert read_rows(tmp_path / "log.jsonl") == READ
    spare = [{key: value for key, value in row.items() if value} for row in ROWS]  # an empty key may be left out
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in spare))
    assert read_rows(tmp_path / "log.jsonl") == READ


def test_parquet_with_types_of_its_own(tmp_path):
    table = pa.table({"Reader": [7, 8], "Book": ["b 1", "b2"], "Stars": [4.5, None], "tags": [["x", "y"], []]})
    pq.write_table(table, tmp_path / "log.parquet")
    first, second = read_rows(tmp_path / "log.parquet", COLUMNS | {"genres": "tags"})
    assert first == {"row": 1, "user_id": "7", "item_id": "b 1", "rating": "4.5", "genres": "x|y"}
    assert (second["rating"], second["genres"]) == (None, None)


def test_times_of_parquet_are_written_as_dates(tmp_path):
    times = pa.array([0], pa.timestamp("us", tz="Europe/Berlin"))
    pq.write_table(pa.table({"when": times}), tmp_path / "log.parquet")
    assert read_rows(tmp_path / "log.parquet", {"timestamp": "when"})[0]["timestamp"] == "1970-01-01 00:00:00+00"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "log.csv",
            "Reader,Book\n1,2\n",
            r"log\.csv: no column 'Stars' \(looked for as the rating\); it has Reader, Book",
        ),
        ("log.csv", "Reader,Book,Stars,Stars\n1,2,3,4\n", "more than one column 'Stars'"),
        ("log.csv", "", r"log\.csv: "),
        ("log.csv", "Reader=Book=Stars\n1=2=3\n", "or say what stands between two fields with --separator"),
        ("log.csv", "Reader,Book,Stars\n", "no row in it"),
        ("log.csv", "Reader,Book,Stars\n1,2,3\n1,2\n", "line 3: fewer fields"),
        ("log.csv", 'Reader,Book,Stars\n1,"2,3\n4,5,6\n', r"log\.csv, line \d: "),
        ("log.jsonl", '{"Reader": 1}\n{"Reader": 1, \n', r"log\.jsonl: .*[Ll]ine.*; write one JSON object a line"),
        ("log.json", '[{"Reader": 1}', r"log\.json: .*; mend the file"),
        (
            "log.jsonl",
            '{"reader": 1, "Book": 2, "Stars": 3}\n',
            r"log\.jsonl: no column 'Reader' \(looked for as the user_id\); it has reader, Book, Stars",
        ),
        ("log.jsonl", "", "no row in it"),
        ("log.parquet", "PAR1 no parquet", r"log\.parquet: .*; mend the file"),
        ("log.xls", "PK\n1\n", r"log\.xls: no column 'Reader'"),
    ],
)
def test_files_that_are_none(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        read_rows(tmp_path / name)


def write(path, reader):
    """A log of one row by this reader, as the name's ending says."""
    path.parent.mkdir(exist_ok=True)
    row = {"Reader": reader, "Book": "b 1", "Stars": "4"}
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([row]), path)
    else:
        path.write_text(json.dumps(row) + "\n" if path.suffix == ".jsonl" else f"Reader,Book,Stars\n{reader},b 1,4\n")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize(
    ("named", "beside"), [("log[1]", "log1"), ("a?b", "aab"), ("*", "other"), ("{a,b}", "a"), ("a'b", "ab")]
)
def test_the_file_that_is_named_is_read_and_no_other(tmp_path, suffix, named, beside):
    """Each name is a pattern that the file beside it fits."""
    write(tmp_path / f"{beside}{suffix}", "other")
    path = write(tmp_path / f"{named}{suffix}", "named")
    assert [row["user_id"] for row in read_rows(path)] == ["named"]
    path.unlink()
    with pytest.raises(InputError, match="no such file"):
        read_rows(path)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("folder", ["Reader=Dummy", "Stars=3", "user_id=Dummy", "row=7"])
def test_a_folders_name_says_nothing_of_the_rows(tmp_path, suffix, folder):
    """DuckDB takes `key=value/` for a column unless it is told not to."""
    expected = {"row": 1, "user_id": "named", "item_id": "b 1", "rating": "4"}
    assert read_rows(write(tmp_path / folder / f"log{suffix}", "named")) == [expected]


def test_half_a_character_is_refused_in_every_format(tmp_path):
    row = b'{"Reader": "\\ud800", "Book": 1, "Stars": 4}\n'
    (tmp_path / "log.jsonl").write_bytes(row)
    (tmp_path / "log.csv").write_bytes(b"Reader,Book,Stars\n\xed\xa0\x80,1,4\n")
    half = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\3\0\0\0"), pa.py_buffer(b"\xed\xa0\x80")]
    )
    pq.write_table(pa.table({"Reader": half, "Book": ["1"], "Stars": ["4"]}), tmp_path / "log.parquet")
    for name, message in (
        ("log.jsonl", "no low surrogate in string"),
        ("log.csv", "line 2: bytes that are not utf-8"),
        ("log.parquet", "is not valid UTF8"),
    ):
        with pytest.raises(InputError, match=rf"{name}.*{message}"):
            read_rows(tmp_path / name)


def test_a_missing_file_and_a_column_named_twice(tmp_path):
    with pytest.raises(InputError, match=r"absent\.csv: no such file"):
        read_rows(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="the columns Book, Book are not all different"):
        read_rows(write_text(tmp_path / "log.csv", ","), {"user_id": "Book", "item_id": "Book"})

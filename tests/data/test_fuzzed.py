"""Logs, catalogues and archives with something wrong in them: read, or refused in one message."""

import csv
import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzzing import as_json, changed_bytes, changed_record, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from made_library import loans
from made_log import engine, write_ml1m
from made_netflix_log import FIRST, SECOND, TITLES, tar, tar_gz, zipped
from scored import module

from tastetune.data.intake import meaning
from tastetune.data.intake.catalogue import listed
from tastetune.data.interactions import to_interactions, to_items
from tastetune.data.netflix.prize import read_netflix
from tastetune.data.reading.dialect import Said
from tastetune.data.reading.problems import refuse
from tastetune.data.reading.tables import read
from tastetune.data.reading.text import read_text

pytestmark = pytest.mark.slow

NAMES = ["reader", "isbn", "stars", "when"]
COLUMNS = dict(zip(("user_id", "item_id", "rating", "timestamp"), NAMES, strict=True))
LOANS = [dict(zip(NAMES, row, strict=True)) for row in loans()[:20]]
BOOKS = [{"isbn": f"{n:03}", "name": f"Book {n}", "shelves": '["prose", "verse"]'} for n in range(9)]
TIMES = (
    "1704067200",
    "1704067200999",
    "2024-01-01",
    "2024-02-30",
    "infinity",
    "-5",
    "1e10",
    "9" * 20,
    "\u0663",
    "",
    "\0",
)
STARS = ("4", "4.0", "0", "6", "nan", "inf", "1e999", "-0", "true", "\uff11", "")
FILES = {
    "combined_data_1.txt": FIRST.encode(),
    "combined_data_2.txt": SECOND.encode(),
    "movie_titles.csv": TITLES.encode("iso-8859-1"),
}


def read_log(path, encoding=None, kind="ratings"):
    log = read(engine(), path, COLUMNS, Said(encoding=encoding))
    refuse(log.problems)
    rows = log.table.count().execute()
    log, _, notes = meaning.normalised(log, kind, "first")
    kept = to_interactions(log, 1, 5).to_pyarrow()
    gone = sum(number for note, number in notes.items() if note.startswith("rows set aside"))
    assert len(kept) + gone == rows, "a row was lost without a word"


def read_catalogue(path):
    columns = {"item_id": "isbn", "title": "name", "genres": "shelves"}
    raw, _ = meaning.trimmed(read(engine(), path, columns))
    to_items(raw, lambda row: (row["item_id"], row["title"].strip(), listed(row["genres"] or "", "|")))


def as_csv(records: list[dict]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([list(records[0]), *(list(record.values()) for record in records)])
    return file.getvalue().encode()


def as_lines(records: object) -> bytes:
    return b"".join(as_json(record) + b"\n" for record in (records if isinstance(records, list) else [records]))


def as_parquet(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


@fuzzed(40)
@given(content=changed_bytes(as_csv(LOANS)), encoding=st.sampled_from(("utf-8", "latin-1")))
def test_a_csv_log(outcomes, tmp_path, content, encoding):
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with outcomes.tried():
        read_log(path, encoding)
        with path.open(encoding=encoding, newline="") as file:  # as many rows as another reader finds
            rows = [fields for fields in csv.reader(file) if fields]
        log = read(engine(), path, COLUMNS, Said(encoding=encoding, no_header=False))
        assert log.table.count().execute() == len(rows) - 1


@fuzzed(30)
@given(content=st.one_of(changed_bytes(as_lines(LOANS)), changed_record(LOANS).map(as_lines)))
def test_a_log_of_json_lines(outcomes, tmp_path, content):
    (tmp_path / "log.jsonl").write_bytes(content)
    with outcomes.tried():
        read_log(tmp_path / "log.jsonl")


COLUMN = [
    *(pa.array([1, 2]), pa.array(["a", "b"]), pa.array([None, None]), pa.array([1.5, float("nan")])),
    *(pa.array([[1], [2]]), pa.array([{"a": 1}, None]), pa.array([b"\xff", b"x"]), pa.array([True, False])),
    *(
        pa.array([0, 10**18], pa.timestamp("ns")),
        pa.array([0, 10**12], pa.timestamp("s")),
        pa.array([0, 1], pa.date32()),
    ),
    *(pa.array([1, 2], pa.uint64()), pa.array(["a", "b"]).dictionary_encode(), pa.array(["a", "b"], pa.large_string())),
    *(pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())), pa.array([1, 2], pa.decimal128(38, 10))),
    *(
        pa.array([0, 1], pa.duration("s")),
        pa.array([0, 1], pa.time32("s")),
        pa.array([[1], [2]], pa.list_(pa.int8(), 1)),
    ),
]
"""A column of two rows of every type."""


@fuzzed(30)
@given(data=st.data())
def test_a_parquet_log(outcomes, tmp_path, data):
    if data.draw(st.booleans()):
        content = data.draw(changed_bytes(as_parquet(pa.Table.from_pylist(LOANS))))
    else:
        extra = data.draw(
            st.lists(st.sampled_from(("Reader", "STARS", "file_row_number", "row", "rating")), unique=True)
        )
        columns = {name: data.draw(st.sampled_from(COLUMN)) for name in [*NAMES, *extra]}
        content = as_parquet(pa.table(columns))
    (tmp_path / "log.parquet").write_bytes(content)
    with outcomes.tried():
        read_log(tmp_path / "log.parquet")


@fuzzed(25)
@given(
    times=st.lists(st.one_of(st.sampled_from(TIMES), st.text(st.characters(codec="utf-8"), max_size=6)), min_size=1),
    stars=st.one_of(st.sampled_from(STARS), st.text(st.characters(codec="utf-8"), max_size=6)),
    kind=st.sampled_from(("ratings", "likes", "clicks")),
)
def test_times_and_stars(outcomes, tmp_path, times, stars, kind):
    rows = [{"reader": f"r{n}", "isbn": "001", "stars": stars, "when": time} for n, time in enumerate(times)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "log.parquet")
    with outcomes.tried():
        read_log(tmp_path / "log.parquet", kind=kind)


@fuzzed(40)
@given(data=st.data())
def test_a_catalogue(outcomes, tmp_path, data):
    content, name = data.draw(
        st.one_of(
            st.tuples(changed_bytes(as_csv(BOOKS)), st.just("books.csv")),
            st.tuples(changed_record(BOOKS).map(as_lines), st.just("books.jsonl")),
        )
    )
    (tmp_path / name).write_bytes(content)
    with outcomes.tried():
        read_catalogue(tmp_path / name)


def zip_by(method: int, files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
ARCHIVES = {
    "prize.tar": tar(FILES),
    "prize.tar.gz": tar_gz(FILES),
    "combined_data_1.txt.gz": gzip.compress(FIRST.encode(), mtime=0),
    "nested.zip": zipped({"inside.tar": tar(FILES)}),
    **{f"method{method}.zip": zip_by(method, FILES) for method in METHODS},
}


@fuzzed(80)
@given(data=st.data(), name=st.sampled_from(sorted({**ARCHIVES, **FILES})))
def test_the_prize(outcomes, tmp_path, data, name):
    folder = tmp_path / "prize"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for other, content in {name: ARCHIVES[name]}.items() if name in ARCHIVES else FILES.items():
        (folder / other).write_bytes(data.draw(changed_bytes(content)) if other == name else content)
    with outcomes.tried():
        read_netflix(folder, tmp_path / "ratings.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prize", "ratings.parquet"]


@pytest.fixture(scope="module")
def ml1m(tmp_path_factory):
    folder = write_ml1m(tmp_path_factory.mktemp("made") / "ml-1m")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@fuzzed(60)
@given(data=st.data(), method=st.sampled_from(METHODS), damaged=st.sampled_from(("zip", "ratings.dat", "movies.dat")))
def test_ml_1m(outcomes, tmp_path, ml1m, *, data, method, damaged):
    builder = module("ml1m.py")
    files = {
        f"ml-1m/{name}": data.draw(changed_bytes(content)) if name == damaged else content
        for name, content in ml1m.items()
    }
    content = zip_by(method, files)
    (tmp_path / "ml-1m.zip").write_bytes(data.draw(changed_bytes(content)) if damaged == "zip" else content)
    with outcomes.tried():
        folder = builder.unpack(tmp_path / "ml-1m.zip", tmp_path)
        to_interactions(read_text(engine(), folder / "ratings.dat", builder.RATINGS), 1, 5).to_pyarrow()
        to_items(read_text(engine(), folder / "movies.dat", builder.CATALOGUE), builder.item)
    assert {path.name for path in tmp_path.iterdir()} <= {"ml-1m.zip", "ratings.dat", "movies.dat"}

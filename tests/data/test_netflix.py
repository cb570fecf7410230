"""Reading the Netflix Prize's files: every form and archive gives one log, and a wrong line is named."""

import gzip
from itertools import chain

import hypothesis.strategies as st
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from made_netflix_log import FIRST, RATINGS, SECOND, TITLES, one_file_a_film, tar, tar_gz, write, zipped

from tastetune.data.interactions import ITEMS
from tastetune.data.netflix import archives
from tastetune.data.netflix.prize import read_netflix
from tastetune.data.netflix.ratings import RatingsReader
from tastetune.errors import InputError


def read(source, tmp_path):
    return read_netflix(source, tmp_path / "ratings.parquet")


def rows(log):
    table = pq.read_table(log.interactions)
    assert table.column_names == ["user_id", "item_id", "rating", "timestamp"]
    columns_by_row = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return [(user, item, stars, seconds / 86_400) for user, item, stars, seconds in columns_by_row]


def test_a_rating_is_a_customer_a_film_stars_and_midnight(tmp_path):
    """2005-01-03 is day 12,786 since 1970: 35 years of 365 days, 9 leap days, 2 more days; 2004-02-29 is 309 less."""
    log = read(write(tmp_path / "prize"), tmp_path)
    assert rows(log) == RATINGS
    assert log.counts == {"ratings": 13, "files": 2, "films": 6, "films_without_ratings": 0}


def test_titles_keep_commas_and_accents_and_take_their_year(tmp_path):
    items = read(write(tmp_path / "prize"), tmp_path).items
    assert items.schema.equals(ITEMS)
    assert items["title"].to_pylist()[:3] == ["Dinosaur Dance (2003)", "Commas, Dots, and More", "Café (1999)"]
    assert items["item_id"].to_pylist() == ["1", "2", "3", "4", "5", "6"]
    assert items["genres"].to_pylist() == [[]] * 6


def as_folder(tmp_path):
    for name, content in one_file_a_film().items():
        (tmp_path / "older" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "older" / name).write_bytes(content)
    return tmp_path / "older"


def as_nested_tar(tmp_path):
    files = one_file_a_film()
    inner = {name: content for name, content in files.items() if name.startswith("training_set")}
    outer = {f"download/{name}": content for name, content in files.items() if name not in inner}
    path = tmp_path / "nf_prize_dataset.tar.gz"
    path.write_bytes(tar_gz({"download/training_set.tar": tar(inner)} | outer))
    return path


def as_zip(tmp_path):
    folder = write(tmp_path / "prize")
    path = tmp_path / "archive.zip"
    path.write_bytes(zipped({file.name: file.read_bytes() for file in folder.iterdir()}))
    return path


def as_folder_of_archives(tmp_path):
    folder = write(tmp_path / "mixed", first=None, second=None)
    (folder / "combined_data_1.txt.gz").write_bytes(gzip.compress(FIRST.encode()))
    (folder / "rest.tgz").write_bytes(tar_gz({"combined_data_2.txt": SECOND.encode()}))
    (folder / "._combined_data_1.txt").write_bytes(b"what a Mac leaves behind")
    return folder


def with_carriage_returns(tmp_path):
    texts = (text.replace("\n", "\r\n") for text in (FIRST, SECOND, TITLES))
    return write(tmp_path / "windows", *texts)


@pytest.mark.parametrize(
    "form",
    [as_folder, as_nested_tar, as_zip, as_folder_of_archives, with_carriage_returns],
    ids=lambda form: form.__name__,
)
def test_every_form_and_archive_gives_the_same_log(form, tmp_path):
    log = read(form(tmp_path), tmp_path)
    assert sorted(rows(log)) == sorted(RATINGS)
    assert log.items["title"].to_pylist()[1:3] == ["Commas, Dots, and More", "Café (1999)"]


def test_the_size_of_the_chunks_read_changes_nothing(tmp_path, monkeypatch):
    folder = write(tmp_path / "prize")
    for size in (1, 2, 3, 7, 40):
        monkeypatch.setattr(archives, "CHUNK", size)
        assert rows(read(folder, tmp_path)) == RATINGS


LOGS = st.dictionaries(
    st.integers(1, 99_999),
    st.dictionaries(st.integers(1, 2_649_429), st.tuples(st.integers(1, 5), st.dates()), max_size=5),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=50)
@given(log=LOGS, size=st.integers(1, 200))
def test_what_is_written_is_read(log, size):
    """Any films in any order, any customers, any days of four-digit years, in chunks of any size."""
    sections = (f"{film}:\n" + "".join(f"{c},{s},{day}\n" for c, (s, day) in of.items()) for film, of in log.items())
    text = "".join(sections).encode()
    reader = RatingsReader()
    read = [
        row
        for part in reader.read("made", (text[i : i + size] for i in range(0, len(text), size)))
        for row in part.to_pylist()
    ]
    wanted = chain.from_iterable(((c, film, s, day) for c, (s, day) in of.items()) for film, of in log.items())
    assert [tuple(row.values()) for row in read] == [
        (str(c), str(film), float(s), (day.toordinal() - 719_163) * 86_400) for c, film, s, day in wanted
    ]
    assert set(reader.sections) == set(log)


WRONG = {
    "cut in its last line": (FIRST + "9:\n10,5,2005-01-0", "line 10: date '2005-01-0' is no day"),
    "cut in a customer": (
        FIRST + "9:\n10,5,2005-01-01\n1",
        "line 11: expected `customer,rating,date` or `movie:`, found '1'",
    ),
    "a field too many": ("1:\n10,5,2005-01-01,1\n", "line 2: expected `customer,rating,date`"),
    "an empty line": ("1:\n10,5,2005-01-01\n\n11,5,2005-01-01\n", "line 3: expected `customer,rating,date`"),
    "no number for a customer": ("1:\nten,5,2005-01-01\n", "line 2: expected `customer,rating,date`"),
    "no number for a movie": ("1:\n10,5,2005-01-01\nxi:\n", "line 3: expected `customer,rating,date`"),
    "a rating before any movie": (
        "10,5,2005-01-01\n1:\n",
        "line 1: rating '10,5,2005-01-01' stands before any movie id",
    ),
    "a file without a movie": ("10,5,2005-01-01\n", "line 1: rating '10,5,2005-01-01' stands before any movie id"),
    "six stars": (FIRST + "9:\n10,6,2005-01-01\n", "line 10: rating '6' is none from 1 to 5"),
    "half a star": ("1:\n10,0.5,2005-01-01\n", "line 2: rating '0.5' is none from 1 to 5"),
    "a day that never was": ("1:\n10,5,2005-02-29\n", "line 2: date '2005-02-29' is no day"),
    "no date": ("1:\n10,5,\n", "line 2: date '' is no day"),
    "a pair twice": (
        "1:\n10,5,2005-01-01\n11,5,2005-01-01\n10,4,2005-01-02\n",
        "line 4: customer 10 rates movie 1 again, first in line 2",
    ),
    "a movie twice": ("1:\n10,5,2005-01-01\n1:\n11,5,2005-01-01\n", "line 3: movie 1 has its ratings in"),
    "nothing": ("", "the file is empty"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("chunk", [8, archives.CHUNK])
def test_a_wrong_line_is_named(text, message, chunk, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "CHUNK", chunk)
    folder = write(tmp_path / "prize", first=text, second=None)
    with pytest.raises(InputError) as error:
        read(folder, tmp_path)
    assert message in str(error.value)
    assert str(error.value).startswith(str(folder / "combined_data_1.txt"))


def test_the_same_log_in_both_forms_is_refused(tmp_path):
    folder = write(as_folder(tmp_path), titles=None)
    with pytest.raises(
        InputError, match=r"mv_0000001.txt, line 1: movie 1 has its ratings in .*combined_data_1.txt, line 1"
    ):
        read(folder, tmp_path)


def test_ratings_and_titles_must_both_be_there(tmp_path):
    with pytest.raises(InputError, match="no combined_data_"):
        read(write(tmp_path / "a", first=None, second=None), tmp_path)
    with pytest.raises(InputError, match=r"no movie_titles\.csv"):
        read(write(tmp_path / "b", titles=None), tmp_path)
    with pytest.raises(InputError, match="no such file or folder"):
        read(tmp_path / "c", tmp_path)


WRONG_TITLES = {
    "none for a rated movie": (
        TITLES.replace("4,1950,Fourth\n", ""),
        r"combined_data_2.txt, line 3: movie 4 has no title in",
    ),
    "an empty one": (TITLES.replace("Fourth", " "), r"movie_titles.csv, line 4: movie 4 has no title"),
    "a year that is none": (
        TITLES.replace("1950", "195"),
        r"movie_titles.csv, line 4: expected `id,year or NULL,title`",
    ),
    "a movie twice": (TITLES.replace("4,", "3,"), r"movie_titles.csv, line 4: movie 3 stands there twice"),
}


@pytest.mark.parametrize(("titles", "message"), WRONG_TITLES.values(), ids=WRONG_TITLES)
def test_a_movie_needs_one_title(titles, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read(write(tmp_path / "prize", titles=titles), tmp_path)


def test_titles_in_two_files_are_refused(tmp_path):
    folder = write(tmp_path / "prize")
    (folder / "movie_titles.txt").write_text(TITLES, encoding="iso-8859-1")
    with pytest.raises(InputError, match=r"movie_titles.txt: titles stand in .*movie_titles.csv too"):
        read(folder, tmp_path)


def test_a_movie_nobody_rated_is_counted_and_kept(tmp_path):
    log = read(write(tmp_path / "prize", titles=TITLES + "7,2000,Seventh\n"), tmp_path)
    assert log.counts["films_without_ratings"] == 1
    assert log.items["title"].to_pylist()[-1] == "Seventh (2000)"


@pytest.mark.parametrize("make", [as_nested_tar, as_zip])
def test_a_cut_archive_is_refused(make, tmp_path):
    path = make(tmp_path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"the archive is damaged or cut .*fetch it anew"):
        read(path, tmp_path)

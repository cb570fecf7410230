"""The builder looks before it asks: two flags, a recipe that makes the same again, and questions where it must."""

import io
import sys

import pytest
import yaml
from made_library import STARS, loans, write_books, write_loans
from made_quirks import QUIRKS
from scored import run

from tastetune.artifacts.dataset import open_dataset, open_titled
from tastetune.errors import InputError


class Terminal(io.StringIO):
    """What a person types, or what is shown to one."""

    def isatty(self) -> bool:
        return True


def files(tmp_path, rows=None):
    return ("--log", write_loans(tmp_path, rows), "--items", write_books(tmp_path))


def test_two_flags_are_enough_and_the_second_run_is_one_word(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run("csv_log.py", monkeypatch, *files(tmp_path))
    said = capsys.readouterr().out
    for fact in (
        "60 rows",
        "6 readers",
        "12 books, 100.0% of them with a title",
        "ratings from 1 to 5 in steps of 1; a like is 4 or more, 27% of them",
        "dates with a time zone, 2024-01-01 to 2024-01-10",
        "r0    001   Book 1  1       2024-01-01",
    ):
        assert fact in said
    first, recipe = open_dataset("outputs/loans/data"), tmp_path / "outputs" / "loans" / "data.yaml"
    row = first.read("like_dislike", "test").to_pylist()[0]
    assert "Below is a reader's history of likes and dislikes for books" in row["prompt"]

    recipe.write_text("# mine\n" + recipe.read_text())
    run("csv_log.py", monkeypatch, "outputs/loans/data.yaml")
    assert open_dataset("outputs/loans/data").fingerprint == first.fingerprint
    assert recipe.read_text().startswith("# mine\n")  # it says the same, so it stays

    run("csv_log.py", monkeypatch, "outputs/loans/data.yaml", "--like_from", 3)
    assert open_dataset("outputs/loans/data").like_from == 3
    assert yaml.safe_load(recipe.read_text())["like_from"] == 3


def test_all_flags_make_the_same_rows_as_none(tmp_path, monkeypatch):
    words = ("--item_word", "book", "--items_word", "books", "--user_word", "reader")
    run("csv_log.py", monkeypatch, *files(tmp_path), *STARS, *words, "--output_dir", tmp_path / "told")
    run("csv_log.py", monkeypatch, *files(tmp_path), "--output_dir", tmp_path / "found")
    assert open_dataset(tmp_path / "told").fingerprint == open_dataset(tmp_path / "found").fingerprint


def test_inspect_stops_before_anything_is_written(tmp_path, monkeypatch, capsys):
    log = [*loans(), ["r0", "001", 1, "2024-02-01T12:00:00Z"]]
    run("csv_log.py", monkeypatch, *files(tmp_path, log), "--inspect", "--output_dir", tmp_path / "made" / "data")
    said = capsys.readouterr().out
    assert "rating_column: stars" in said
    assert "Unsure of:" in said
    assert "line 62: user_id r0 and item_id 001 stand in" in said
    assert not (tmp_path / "made").exists()


DOUBTFUL = [
    *[[reader, book, stars if place % 3 else 0, when] for place, (reader, book, stars, when) in enumerate(loans())],
    ["r0", "002", 4, "2024-02-01T12:00:00Z"],
    ["r1", "099", 4, "2024-02-01T12:00:00Z"],
]
"""Of 60 ratings twenty are 0, one pair meets again, one item is in no catalogue."""


def test_elsewhere_than_on_a_terminal_every_doubt_is_told_at_once_with_its_flags(tmp_path, monkeypatch):
    with pytest.raises(SystemExit) as stop:
        run("csv_log.py", monkeypatch, *files(tmp_path, DOUBTFUL), "--output_dir", tmp_path / "made")
    first, *doubts = str(stop.value).splitlines()
    assert first == "error: 3 things to settle"
    for flags in (("--unrated 0", "--rating_min 0"), ("--repeats last", "--repeats first"), ("--unknown_items drop",)):
        assert any(all(flag in doubt for flag in flags) for doubt in doubts), flags
    assert not (tmp_path / "made").exists()


def test_on_a_terminal_it_asks(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal("1\nlast\n2\n"))  # a number, a word, a number
    monkeypatch.setattr(sys, "stdout", shown := Terminal())
    run("csv_log.py", monkeypatch, *files(tmp_path, DOUBTFUL), "--output_dir", tmp_path / "made")
    recipe = yaml.safe_load((tmp_path / "made.yaml").read_text())
    assert (recipe["unrated"], recipe["repeats"], recipe["unknown_items"]) == (0.0, "last", "id")
    assert "1. --unrated 0 (these rows are set aside)" in shown.getvalue()
    items = open_dataset(tmp_path / "made").read("items", "train").to_pydict()
    assert "099" in items["title"]


def test_where_nobody_answers_nothing_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    monkeypatch.setattr(sys, "stdout", Terminal())
    with pytest.raises(SystemExit, match="error: nobody answered: "):
        run("csv_log.py", monkeypatch, *files(tmp_path, DOUBTFUL), "--output_dir", tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_without_titles_recommenders_go_on_and_a_language_model_is_told(tmp_path, monkeypatch):
    flags = QUIRKS["reviews: JSON lines, gzip, no titles"].write(tmp_path)
    run("csv_log.py", monkeypatch, *flags, "--output_dir", tmp_path / "made")
    dataset = open_dataset(tmp_path / "made")
    assert set(dataset.read("items", "train")["title"].to_pylist()) == {f"B{n:04}" for n in range(1, 21)}
    with pytest.raises(InputError, match=r"made: the log came without titles.* \(--items FILE\)"):
        open_titled(tmp_path / "made")
    run("csv_log.py", monkeypatch, *flags, "--neutral_titles", "--output_dir", tmp_path / "neutral")
    assert open_titled(tmp_path / "neutral").has_neutral_titles

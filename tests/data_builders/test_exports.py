"""Several persons' exports as a dataset; one person's is none, and the refusal says what to do with it."""

import pytest
from made_exports import GOODREADS, LETTERBOXD, write, write_zip
from scored import run

from tastetune.artifacts.dataset import open_dataset

FILMS = [f"Film {n},{1950 + n}" for n in range(12)]


def write_persons(folder, n=6):
    """Person n rated ten films a day apart, in half stars from 0.5 to 5."""
    for person in range(n):
        lines = [
            f"2024-01-{day + 1:02},{FILMS[(person + day) % 12]},https://boxd.it/x,{((3 * person + day) % 10 + 1) / 2}\n"
            for day in range(10)
        ]
        write(folder / f"person-{person}.csv", "Date,Name,Year,Letterboxd URI,Rating\n" + "".join(lines))
    return folder


def build(tmp_path, monkeypatch, log, name, *flags):
    run("csv_log.py", monkeypatch, "--log", log, "--format", name, "--output_dir", tmp_path / "run" / "data", *flags)
    return open_dataset(tmp_path / "run" / "data")


def test_a_folder_of_exports_is_a_dataset(tmp_path, monkeypatch, capsys):
    dataset = build(tmp_path, monkeypatch, write_persons(tmp_path / "friends"), "letterboxd")
    table = dataset.read("interactions", "train+validation+test")
    assert (len(table), len(set(table["user_id"].to_pylist()))) == (60, 6)
    assert (dataset.name, dataset.like_from) == ("friends", 4.0)
    assert dataset.wording["items"] == "films"
    row = dataset.read("like_dislike", "test").to_pylist()[0]
    # Person 0's tenth film: Film 9 of 1959, on 10 January, rated 5
    assert (row["user_id"], row["item_id"], row["rating"], row["label"]) == ("person-0", "film-9-1959", 5.0, 1)
    assert row["timestamp"] == 1704844800
    assert '"Film 9 (1959)"' in row["prompt"]
    assert f"log: {tmp_path / 'run' / 'log'} (6 persons, 60 lines; nothing left out)" in capsys.readouterr().out


def test_plays_are_likes_by_the_median(tmp_path, monkeypatch, capsys):
    """Person n heard ten tracks, the first five twice: these are likes, and none of the others is."""
    for person in range(4):
        plays = [(person + track) % 12 for track in (*range(5), *range(10))]
        lines = "".join(f"Moor,,Track {track},{day + 1} Jan 2024 12:00\n" for day, track in enumerate(plays))
        write(tmp_path / "friends" / f"{person}.csv", lines)
    dataset = build(tmp_path, monkeypatch, tmp_path / "friends", "lastfm")
    table = dataset.read("like_dislike", "train+validation+test")
    assert table.num_rows == 40
    assert sum(table["label"].to_pylist()) == 20
    assert "a title counts as liked that was met at least as often as the person's median" in capsys.readouterr().out


def test_one_persons_export_is_no_dataset(tmp_path, monkeypatch):
    archive = write_zip(tmp_path / "letterboxd-me.zip", LETTERBOXD)
    for name, text in LETTERBOXD.items():
        write(tmp_path / "unpacked" / name, text)
    for log in (archive, tmp_path / "unpacked"):
        with pytest.raises(SystemExit, match=r"one person's export, and a dataset needs several") as refused:
            build(tmp_path, monkeypatch, log, "letterboxd")
        assert f"python scripts/ask.py RECIPE --ratings {log} --format letterboxd" in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_what_makes_no_log_is_refused(tmp_path, monkeypatch):
    def refused(message, log, name="goodreads"):
        with pytest.raises(SystemExit, match=f"^error: .*{message}"):
            build(tmp_path, monkeypatch, log, name)

    refused("no such folder; name one with one export a person", tmp_path / "nowhere")
    write(tmp_path / "twins" / "ada.csv", GOODREADS)
    write(tmp_path / "twins" / "ada.xml", GOODREADS)
    refused("'ada' is the name of two exports; name each file after its person", tmp_path / "twins")
    unrated = GOODREADS.replace(",5,4.10,", ",0,4.10,")
    for name in ("ada", "ben"):
        write(tmp_path / "unrated" / f"{name}.csv", unrated)
    refused("no title of 2 exports is rated; a dataset needs ratings", tmp_path / "unrated")
    with pytest.raises(SystemExit, match=r"^error: .*give the log as --log F"):
        run("csv_log.py", monkeypatch, "--format", "goodreads", "--output_dir", tmp_path / "data")

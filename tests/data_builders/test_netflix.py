"""The two builders of lists, run as a person runs them."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from made import make_dataset
from made_netflix_log import FIRST, tar_gz, write

from tastetune.artifacts.dataset import open_dataset
from tastetune.data.netflix.prize import read_netflix

ROOT = Path(__file__).parents[2]
FEW = ("--liked", "3", "--favourites_over", "0", "--shared", "1")


def run(script, *args):
    command = [sys.executable, ROOT / script, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)


def made_prize(folder, customers=24, films=12):
    """A log in which customers 1, 4, 7 ... share a taste, and so do 2, 5, 8 ... and 3, 6, 9 ...

    Nobody rates films 5 and 10, and of the 24 customers 20 rate each of the other ten: 200 ratings.
    """
    sections = []
    for film in range(1, films + 1):
        lines = [
            f"{customer},{5 if (customer + film) % 3 == 0 else 2},2005-01-{1 + (customer * film) % 28:02}"
            for customer in range(1, customers + 1)
            if (customer * film) % 5
        ]
        sections.append("\n".join([f"{film}:", *lines]) + "\n")
    titles = "".join(f"{film},{1990 + film},Made, Film {film}\n" for film in range(1, films + 1))
    return write(folder, first="".join(sections[:6]), second="".join(sections[6:]), titles=titles)


def test_netflix_from_an_archive_to_a_dataset(tmp_path):
    folder = made_prize(tmp_path / "prize")
    archive = tmp_path / "nf_prize.tar.gz"
    archive.write_bytes(tar_gz({f"download/{file.name}": file.read_bytes() for file in folder.iterdir()}))
    done = run("data_builders/netflix.py", "--source", archive, "--output_dir", tmp_path / "out" / "netflix50", *FEW)
    assert done.returncode == 0, done.stderr
    assert "lists of" in done.stdout
    dataset = open_dataset(tmp_path / "out" / "netflix50")
    assert dataset.name == "netflix-lists50"
    assert dataset.info["settings"]["redistribution"] is False
    assert dataset.info["settings"]["read"] == {"ratings": 200, "files": 2, "films": 12, "films_without_ratings": 2}
    assert sum(dataset.info["counts"]["interactions"].values()) == 200
    row = dataset.read("top_n", "train").to_pylist()[0]
    assert "1. Made, Film " in row["prompt"][1]["content"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["netflix50"]


def test_lists_from_a_built_dataset(tmp_path):
    source = make_dataset(tmp_path / "source")
    flags = ("--high", "4", "--watched_by", "0.6", "--shared", "2")
    done = run("data_builders/top_n.py", "--source", source, "--output_dir", tmp_path / "lists", *flags)
    assert done.returncode == 0, done.stderr
    dataset, before = open_dataset(tmp_path / "lists"), open_dataset(source)
    assert dataset.name == f"{before.name}-lists60"
    assert dataset.info["settings"]["made_from"] == {"name": before.name, "fingerprint": before.fingerprint}
    every = "train+validation+test"
    assert len(dataset.read("interactions", every)) == len(before.read("interactions", every))
    assert dataset.read("items", "train").equals(before.read("items", "train"))
    settings = json.loads((tmp_path / "lists" / "tastetune.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["high"], settings["watched_by"], settings["shared"], settings["liked"]) == (4.0, 0.6, 2, 10)


def test_the_made_log_has_the_size_it_says(tmp_path):
    """A fiftieth of the users and films is a 2,500th of the ratings: 9,604 users, 355 films, about 40,000 ratings."""
    done = run("benchmarks/made_netflix.py", "--output_dir", tmp_path / "made", "--scale", "0.02")
    assert done.returncode == 0, done.stderr
    assert "40,148 ratings by 9,604 customers of 355 films" in done.stdout
    log = read_netflix(tmp_path / "made", tmp_path / "ratings.parquet")
    assert log.counts == {"ratings": 40_148, "files": 4, "films": 355, "films_without_ratings": 0}
    assert len(pq.read_table(log.interactions)["user_id"].unique()) > 9_000


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("netflix.py", "line 9: rating '6' is none from 1 to 5"),
        ("top_n.py", "no tastetune.json inside"),
    ],
)
def test_wrong_input_is_one_message_and_leaves_nothing(script, message, tmp_path):
    write(tmp_path / "prize", first=FIRST + "14,6,2005-01-01\n")
    done = run(f"data_builders/{script}", "--output_dir", tmp_path / "out" / "made", "--source", tmp_path / "prize")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert message in last
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())

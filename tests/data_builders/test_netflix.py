"""The two builders of lists, run as a person runs them."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from made import make_dataset
from made_netflix_log import FIRST, tar_gz, write
from scored import run as run_here

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


def test_lists_of_the_future_from_a_built_dataset(tmp_path, monkeypatch):
    """The made dataset's likes begin at 4; its users rate 13 to 26 films, the first half of which is the past."""
    monkeypatch.chdir(tmp_path)
    make_dataset(tmp_path / "outputs" / "made" / "data")
    flags = ("--gold", "future", "--liked", "5", "--favourites_over", "0", "--validation_share", "0.1")
    run_here("top_n.py", monkeypatch, "--source", "outputs/made/data", *flags)
    dataset = open_dataset("outputs/made-future/data")
    assert (dataset.name.endswith("-future"), dataset.seen, dataset.like_from) == (True, "past", 4.0)
    assert all(len(dataset.read("top_n", split)) for split in ("train", "validation", "test"))


def test_netflix_has_a_folder_by_convention_and_its_flags_may_stand_in_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = {"source": made_prize(tmp_path / "prize"), "high": 4, "watched_by": 0.6}
    flags |= {name[2:]: value for name, value in zip(FEW[::2], FEW[1::2], strict=True)}
    (tmp_path / "lists.yaml").write_text("".join(f"{key}: {value}\n" for key, value in flags.items()))
    run_here("netflix.py", monkeypatch, "lists.yaml")
    assert open_dataset("outputs/netflix60/data").name == "netflix-lists60"
    assert [path.name for path in (tmp_path / "outputs" / "netflix60").iterdir()] == ["data"]


@pytest.mark.parametrize(("source", "folder"), [("run/data", "run-lists50"), ("ratings", "ratings-lists50")])
def test_lists_go_beside_the_run_they_are_made_from(tmp_path, monkeypatch, source, folder):
    monkeypatch.chdir(tmp_path)
    make_dataset(tmp_path / "outputs" / source)
    run_here("top_n.py", monkeypatch, "--source", f"outputs/{source}", *FEW)
    assert open_dataset(f"outputs/{folder}/data").task == "top_n"


def test_a_netflix_folder_that_holds_more_than_a_dataset_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    (tmp_path / "out" / "adapter").mkdir(parents=True)
    (tmp_path / "out" / "tastetune.json").write_text("{}")
    with pytest.raises(SystemExit, match=r"^error: --output_dir .*out: holds .* lost: adapter; name another folder"):
        run_here("netflix.py", monkeypatch, "--source", tmp_path / "absent", "--output_dir", tmp_path / "out")
    assert (tmp_path / "out" / "adapter").is_dir()


def test_the_made_log_has_the_size_it_says(tmp_path):
    """A fiftieth of the users and films is a 2,500th of the ratings: 9,604 users, 355 films, about 40,000 ratings."""
    done = run("benchmarks/made_netflix.py", "--output_dir", tmp_path / "made", "--scale", "0.02")
    assert done.returncode == 0, done.stderr
    assert "40,148 ratings by 9,604 customers of 355 films" in done.stdout
    log = read_netflix(tmp_path / "made", tmp_path / "ratings.parquet")
    assert log.counts == {"ratings": 40_148, "files": 4, "films": 355, "films_without_ratings": 0}
    assert len(pq.read_table(log.interactions)["user_id"].unique()) > 9_000


@pytest.mark.parametrize("script", ["netflix.py", "top_n.py"])
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--source", "x", "--watched_by", "60"), "--watched_by 60.0: expected a share"),
        (("--source", "x", "--watchd_by", "0.6"), r"unknown argument --watchd_by; did you mean --watched_by\?"),
        (("--watched_by", "0.6"), "the following arguments are required: --source"),
    ],
)
def test_flags_that_cannot_be_are_one_message(script, flags, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=f"^error: .*{message}"):
        run_here(script, monkeypatch, *flags)
    assert list(tmp_path.iterdir()) == []


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

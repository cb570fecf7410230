"""A reader never meets a half-written file, whatever happens to the writer."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tastetune.errors import InputError
from tastetune.files import bundled, bundled_file, held, replacing, write_text


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def old(tmp_path) -> dict[str, str]:
    """A file and a folder from an earlier run."""
    (tmp_path / "data" / "part").mkdir(parents=True)
    (tmp_path / "scores.json").write_text("old")
    (tmp_path / "data" / "part" / "a.txt").write_text("old")
    return contents(tmp_path)


def test_a_file_takes_the_place_of_its_predecessor(tmp_path, old):
    with replacing(tmp_path / "scores.json") as new:
        new.write_text("new")
        assert (tmp_path / "scores.json").read_text() == "old"
    assert contents(tmp_path) == old | {"scores.json": "new"}


def test_a_folder_takes_the_place_of_its_predecessor_as_a_whole(tmp_path, old):
    with replacing(tmp_path / "data") as new:
        new.mkdir()
        (new / "b.txt").write_text("new")
    assert contents(tmp_path) == {"scores.json": "old", "data/b.txt": "new"}


def test_folders_above_are_made(tmp_path):
    write_text(tmp_path / "a" / "b" / "card.md", "Amélie (2001) ★\n")
    assert (tmp_path / "a" / "b" / "card.md").read_bytes() == "Amélie (2001) ★\n".encode()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["scores.json", "data"])
def test_a_failing_block_leaves_the_old_and_nothing_else(tmp_path, old, name, error):
    def fail(new: Path):
        new.write_text("half")
        raise error

    with pytest.raises(error), replacing(tmp_path / name) as new:
        fail(new)
    assert contents(tmp_path) == old


@pytest.mark.parametrize("name", ["scores.json", "data"])
def test_a_block_that_writes_nothing_is_an_error(tmp_path, old, name):
    with pytest.raises(OSError, match="No such file"), replacing(tmp_path / name):
        pass
    assert contents(tmp_path) == old


def test_a_file_does_not_replace_a_folder(tmp_path, old):
    with pytest.raises(OSError, match="directory"), replacing(tmp_path / "data") as new:
        new.write_text("new")
    assert contents(tmp_path) == old


FULL_DISK = """
import resource, sys
from tastetune.errors import run
from tastetune.files import replacing
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # no file may grow beyond: writing on raises OSError

def main():
    with replacing(sys.argv[1]) as new:
        if sys.argv[2] == "folder":
            new.mkdir()
            (new / "a.txt").write_text("fits")
            new = new / "b.txt"
        new.write_text("x" * 100_000)

run(main)
"""


@pytest.mark.parametrize(("name", "kind"), [("scores.json", "file"), ("data", "folder")])
def test_a_full_disk_leaves_the_old_and_nothing_else(tmp_path, old, name, kind):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path / name, kind], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: [Errno 27] File too large: '{tmp_path / name}'")
    assert contents(tmp_path) == old


KILLED = """
import sys
from tastetune.files import replacing

with replacing(sys.argv[1]) as new:
    file = new if sys.argv[2] == "file" else new / "b.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_text("half")
    print("half", flush=True)
    sys.stdin.read()  # killed here
"""


@pytest.mark.parametrize(("name", "kind"), [("scores.json", "file"), ("data", "folder")])
def test_killed_in_the_middle_the_old_stays_and_the_next_run_succeeds(tmp_path, old, name, kind):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path / name, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "half\n"
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    visible = {path: text for path, text in contents(tmp_path).items() if not path.startswith(".")}
    assert visible == old
    with replacing(tmp_path / name) as new:
        new.mkdir()
        (new / "b.txt").write_text("new")
    assert (tmp_path / name / "b.txt").read_text() == "new"
    assert not list(tmp_path.glob(".*"))  # what the killed process left is gone


HOLDS = """
import sys, time
from tastetune.files import held
with held(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_is_held_by_one_process_until_it_dies(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        message = rf"{tmp_path} is held by process {holder.pid} \(-c {tmp_path}\); wait until it"
        with pytest.raises(InputError, match=message), held(tmp_path):
            pass
    finally:
        holder.kill()
        holder.wait()
    for _ in range(2):  # and it is free again after each block
        with held(tmp_path / "new"), held(tmp_path):
            assert (tmp_path / "new").is_dir()


def test_what_goes_with_the_package_is_found_by_name_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checkout = Path(__file__).parents[1]
    assert bundled_file("recipes/ml1m.yaml") == checkout / "recipes" / "ml1m.yaml"
    assert bundled_file("recipes/nothing.yaml") == Path("recipes/nothing.yaml")  # as it was given, for the message
    assert bundled_file("recbole_configs") == checkout / "recbole_configs"
    assert bundled_file("tests/test_files.py") == Path("tests/test_files.py")  # only what a command line names
    assert bundled_file("") == Path()
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "ml1m.yaml").write_text("mine: 1\n")
    assert bundled_file("recipes/ml1m.yaml") == Path("recipes/ml1m.yaml")


def test_nothing_of_a_running_process_is_swept(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path / "data", "folder"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "half\n"
        with replacing(tmp_path / "data") as new:
            new.mkdir()
            (new / "a.txt").write_text("of this process")
        assert len(list(tmp_path.glob(".data.building-*"))) == 1
        process.stdin.close()  # it ends, and its folder takes its place
    assert process.returncode == 0
    assert contents(tmp_path) == {"data/b.txt": "half"}


def test_an_old_folder_that_stepped_aside_when_its_process_was_killed_comes_back(tmp_path):
    aside = tmp_path / ".data.building-left"
    (aside / "data.old").mkdir(parents=True)
    (aside / "data.old" / "a.txt").write_text("old")
    with pytest.raises(ValueError, match="fails"), replacing(tmp_path / "data"):
        raise ValueError("this run fails too")
    assert contents(tmp_path) == {"data/a.txt": "old"}


def test_what_lies_beside_under_another_name_stays(tmp_path):
    (tmp_path / ".data2.building-left").mkdir()
    (tmp_path / ".datX.building-left").mkdir()
    write_text(tmp_path / "dat?", "new")
    assert {path.name for path in tmp_path.iterdir()} == {".data2.building-left", ".datX.building-left", "dat?"}


def test_a_bundled_folder_lies_beside_the_package_in_a_checkout():
    assert (bundled("model_cards") / "dataset_card.md").is_file()

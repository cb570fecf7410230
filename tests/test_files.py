"""A reader never meets a half-written file, whatever happens to the writer."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tastetune
from tastetune.errors import InputError
from tastetune.files import (
    bundled,
    bundled_file,
    command_line,
    refuse_unfinished,
    refuse_unfinished_folder,
    replacing,
    write_all,
    write_text,
)


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
import shlex
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


def test_through_a_link_its_target_is_replaced_and_the_link_stays(tmp_path, old):
    (tmp_path / "link").symlink_to("data")
    (tmp_path / "far").mkdir()
    (tmp_path / "card.md").symlink_to(tmp_path / "far" / "card.md")  # nothing there yet
    with replacing(tmp_path / "link") as new:
        new.mkdir()
        (new / "b.txt").write_text("new")
    write_text(tmp_path / "card.md", "new")
    assert contents(tmp_path / "data") == {"b.txt": "new"}
    assert {path.name for path in tmp_path.iterdir() if path.is_symlink()} == {"link", "card.md"}
    assert (tmp_path / "far" / "card.md").read_text() == "new"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def together(folder: Path, text: str) -> dict[Path, str]:
    """Files as scoring writes them: the report, a card elsewhere, and last the scores."""
    return {folder / "report.html": text, folder / "adapter" / "README.md": text, folder / "scores.json": text}


def test_files_that_belong_together_are_written(tmp_path, old):
    write_all(together(tmp_path, "★"))
    new = {"report.html": "★", "adapter/README.md": "★", "scores.json": "★"}
    assert contents(tmp_path) == old | new
    assert names(tmp_path) == {"adapter", "data", "report.html", "scores.json"}  # nothing hidden


@pytest.mark.parametrize("last", ["x" * 100_000, None], ids=["too large", "a folder lies there"])
def test_if_one_of_them_cannot_be_written_none_is(tmp_path, old, last):
    code = """
import resource, sys
from pathlib import Path
from tastetune.errors import run
from tastetune.files import write_all
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
folder = Path(sys.argv[1])
last = folder / "b.txt" if sys.argv[2:] else folder / "data"
run(lambda: write_all({folder / "scores.json": "new", last: "x" * 100_000}))
"""
    flags = ["large"] if last else []
    done = subprocess.run([sys.executable, "-c", code, tmp_path, *flags], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    reason, name = ("File too large", "b.txt") if last else ("Is a directory", "data")
    assert done.stderr == f"error: [Errno {27 if last else 21}] {reason}: '{tmp_path}/{name}'\n"
    assert contents(tmp_path) == old
    assert names(tmp_path) == {"data", "scores.json"}


KILLED_BETWEEN_MOVES = """
import os, signal, sys
from pathlib import Path
from tastetune.files import write_all

moved = 0
def before(event, args):
    global moved
    if event == "os.rename":
        moved += 1
        if moved > int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(before)  # is told of every move before it happens
folder = Path(sys.argv[1])
write_all({folder / name: "new" for name in ("report.html", "adapter/README.md", "scores.json")})
"""


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_killed_between_two_moves_readers_refuse_until_the_next_run_has_repaired_it(tmp_path, moved):
    write_all(together(tmp_path, "old"))
    done = subprocess.run([sys.executable, "-c", KILLED_BETWEEN_MOVES, tmp_path, str(moved)], check=False)
    assert done.returncode == -signal.SIGKILL
    new = dict.fromkeys(["report.html", "adapter/README.md", "scores.json"][:moved], "new")
    visible = {name: text for name, text in contents(tmp_path).items() if not name.split("/")[-1].startswith(".")}
    visible = {name: text for name, text in visible.items() if "building" not in name}
    assert visible == {"report.html": "old", "adapter/README.md": "old", "scores.json": "old"} | new
    for name in ("scores.json", "adapter/README.md"):
        with pytest.raises(InputError, match=rf"{name}: its writing was cut off, .*; score anew"):
            refuse_unfinished(tmp_path / name, "score anew")
    with pytest.raises(InputError, match=r"adapter/README\.md: its writing was cut off, .*; run again what wrote it"):
        refuse_unfinished_folder(tmp_path / "adapter")
    write_all(together(tmp_path, "newer"))
    assert contents(tmp_path) == {"report.html": "newer", "adapter/README.md": "newer", "scores.json": "newer"}
    assert names(tmp_path) | names(tmp_path / "adapter") == {"report.html", "adapter", "README.md", "scores.json"}
    refuse_unfinished(tmp_path / "scores.json", "score anew")
    refuse_unfinished_folder(tmp_path / "adapter")


def test_the_command_that_runs_is_told_as_it_is_typed(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["scripts/score.py", "recipes/ml1m.yaml"])
    assert command_line() == "python scripts/score.py recipes/ml1m.yaml"
    assert command_line("accelerate launch") == "accelerate launch scripts/score.py recipes/ml1m.yaml"

    # An installed package carries its scripts inside; there the console command runs them
    inside = Path(tastetune.__file__).parent / "bundled" / "scripts" / "score.py"
    monkeypatch.setattr(sys, "argv", [str(inside), "--split", "test_sample"])
    assert command_line() == "tastetune score --split test_sample"


def test_a_command_can_be_typed_again_where_its_words_hold_spaces(monkeypatch):
    words = ["scripts/sft.py", "my recipe.yaml", "--tune_space", '{"lora_r": [2, 4]}']
    monkeypatch.setattr(sys, "argv", words)
    assert shlex.split(command_line("accelerate launch")) == ["accelerate", "launch", *words]

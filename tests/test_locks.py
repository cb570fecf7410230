"""One process writes to a place at a time, and whether it can is found out before the work."""

import subprocess
import sys

import pytest
from stages import plain_rights

from tastetune.errors import InputError
from tastetune.locks import held, held_file, held_place, refuse_unwritable

HOLDS = """
import sys, time
from tastetune.locks import held
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


def test_a_lock_that_a_killed_process_left_holds_nobody_up_and_goes(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    with held(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_files_of_one_folder_are_held_one_by_one(tmp_path):
    with held_file(tmp_path / "a.parquet"), held_file(tmp_path / "b.parquet"):
        with pytest.raises(InputError, match=r"a\.parquet is held by process \d+ \(.*\); wait until it has ended"):
            held_file(tmp_path / "a.parquet").__enter__()
        (tmp_path / "link.parquet").symlink_to("a.parquet")  # another name of the same file
        with pytest.raises(InputError, match=r"link\.parquet is held by"):
            held_file(tmp_path / "link.parquet").__enter__()
    with held_file(tmp_path / "a.parquet"):
        pass


def test_holding_leaves_nothing_behind_and_removes_what_a_killed_process_left(tmp_path):
    (tmp_path / ".m.parquet.building-left").mkdir()
    with held_file(tmp_path / "m.parquet"), held_place(tmp_path / "new" / "deep" / "data"):
        assert (tmp_path / "new" / "deep").is_dir()
    assert not list(tmp_path.iterdir())
    with held_file(tmp_path / "new" / "m.parquet"):
        (tmp_path / "new" / "m.parquet").write_text("answers")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["m.parquet"]


REFUSED = """
import sys
from tastetune.errors import run
from tastetune.locks import refuse_unwritable
run(lambda: refuse_unwritable(sys.argv[1]))
"""


@pytest.mark.parametrize("name", ["a.parquet", "new/deep/a.parquet"])
def test_what_cannot_be_written_is_refused_by_name(tmp_path, name):
    tmp_path.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", REFUSED, tmp_path / name],
        preexec_fn=plain_rights,
        capture_output=True,
        text=True,
        check=False,
    )
    tmp_path.chmod(0o755)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {tmp_path}/{name} cannot be written: {tmp_path}: Permission denied; name another place, or make this "
        "one writable\n"
    )


def test_a_file_where_a_folder_must_be_and_the_other_way_round(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"file/a\.parquet cannot be written: .*/file: Not a directory; name another"):
        refuse_unwritable(tmp_path / "file" / "a.parquet")
    with pytest.raises(InputError, match="a folder lies where a file is to be written; name another file"):
        held_file(tmp_path).__enter__()
    refuse_unwritable(tmp_path / "new" / "a.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]

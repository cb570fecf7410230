import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from trl import SFTConfig

from tastetune.errors import InputError
from tastetune.files import refuse_unfinished_folder
from tastetune.training.runs import delete_run, held_run, is_done, resume_point

SETTINGS = {"learning_rate": 0.1, "targets": ("all-linear",)}


def checkpoint(folder, step):
    (folder / f"checkpoint-{step}").mkdir(parents=True)
    (folder / f"checkpoint-{step}" / "trainer_state.json").write_text(json.dumps({"global_step": step}))
    (folder / f"checkpoint-{step}" / "cost.json").write_text(json.dumps({"steps": step}))


def finish(folder):
    (folder / "cost.json").write_text('{"steps": 10}')
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")


def test_only_whole_checkpoints_of_the_same_settings_are_resumed(tmp_path):
    assert resume_point(tmp_path, {"learning_rate": 0.1}) is None
    for step in (5, 10):
        checkpoint(tmp_path, step)
    checkpoint(tmp_path, "best")  # somebody's copy
    (tmp_path / "checkpoint-100").mkdir()  # its writing was cut off before the state
    (tmp_path / "checkpoint-15").mkdir()
    (tmp_path / "checkpoint-15" / "trainer_state.json").write_text('{"global_st')  # or in the middle of it
    checkpoint(tmp_path, 20)
    (tmp_path / "checkpoint-20" / "cost.json").unlink()  # or just before its costs
    assert resume_point(tmp_path, {"learning_rate": 0.1}) == str(tmp_path / "checkpoint-10")
    with pytest.raises(InputError, match=r"holds a run with learning_rate 0.1, this one has 0.2; choose another"):
        resume_point(tmp_path, {"learning_rate": 0.2})
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InputError, match=r"run\.json: no whole JSON .*--force"):
        resume_point(tmp_path, {"learning_rate": 0.1})


def test_a_run_is_done_when_all_of_it_is_there_and_its_settings_are_the_same(tmp_path):
    assert not is_done(tmp_path, SETTINGS)
    resume_point(tmp_path, SETTINGS)
    checkpoint(tmp_path, 10)
    assert not is_done(tmp_path, SETTINGS)
    finish(tmp_path)
    assert is_done(tmp_path, SETTINGS)
    assert not is_done(tmp_path, SETTINGS | {"learning_rate": 0.2})
    (tmp_path / "adapter_model.safetensors").unlink()
    assert not is_done(tmp_path, SETTINGS)


def test_a_run_that_ended_in_the_middle_of_its_last_file_is_not_done(tmp_path):
    args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
    with pytest.raises(OSError, match="no space"), held_run(args, SETTINGS):
        finish(tmp_path)
        raise OSError("no space")
    assert not is_done(tmp_path, SETTINGS)
    with pytest.raises(InputError, match=r"run\.json: its writing was cut off, .*; run again what wrote it"):
        refuse_unfinished_folder(tmp_path)
    with held_run(args, SETTINGS):
        finish(tmp_path)
    assert is_done(tmp_path, SETTINGS)
    refuse_unfinished_folder(tmp_path)


def killed_deleting(folder, deleted):
    """What a process leaves that is killed after it has deleted so many files and folders."""
    if not (process := os.fork()):
        left = iter(range(deleted))

        def before(event, args):  # is told of every deletion before it happens
            if event in ("os.remove", "os.rmdir") and next(left, None) is None:
                os._exit(0)

        sys.addaudithook(before)
        delete_run(folder)
        os._exit(0)
    os.waitpid(process, 0)


def test_a_run_that_is_half_deleted_is_not_gone_on_from_with_other_settings(tmp_path):
    for deleted in range(8):
        folder = tmp_path / str(deleted)
        resume_point(folder, SETTINGS)
        checkpoint(folder, 10)
        finish(folder)
        killed_deleting(folder, deleted)
        try:
            assert resume_point(folder, SETTINGS | {"learning_rate": 0.2}) is None
        except InputError as error:
            assert "holds a run with learning_rate 0.1" in str(error)


def test_only_what_a_run_wrote_is_deleted(tmp_path):
    resume_point(tmp_path, SETTINGS)
    checkpoint(tmp_path, 10)
    finish(tmp_path)
    checkpoint(tmp_path, "best")
    (tmp_path / "notes.txt").write_text("mine")
    delete_run(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-best", "notes.txt"]
    with held_run(SFTConfig(str(tmp_path), use_cpu=True, bf16=False), SETTINGS | {"learning_rate": 0.2}) as begin:
        assert begin is None


def test_force_begins_anew_where_another_run_lies(tmp_path):
    args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
    resume_point(tmp_path, SETTINGS)
    checkpoint(tmp_path, 10)
    other = SETTINGS | {"learning_rate": 0.2}
    with pytest.raises(InputError, match=r"this one has 0.2; choose another --output_dir, or start anew"):
        held_run(args, other).__enter__()
    with held_run(args, SETTINGS) as begin:
        assert begin == str(tmp_path / "checkpoint-10")
    with held_run(args, other, force=True) as begin:
        assert begin is None
    assert json.loads((tmp_path / "run.json").read_text()) == json.loads(json.dumps(other))


def test_a_second_run_in_the_same_folder_is_refused_while_the_first_goes_on(tmp_path):
    code = "import sys, tastetune.locks as f\nwith f.held(sys.argv[1]): print('held', flush=True), sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": Path(__file__).parents[2]}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], **pipes) as first:
        assert first.stdout.readline() == "held\n"
        args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
        with pytest.raises(InputError, match=rf"is held by process {first.pid} \("):
            held_run(args, SETTINGS, force=True).__enter__()
        assert not (tmp_path / "run.json").exists()
        first.stdin.close()
        assert first.wait() == 0
    with held_run(args, SETTINGS) as begin:
        assert begin is None

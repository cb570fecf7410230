"""What a person sees when a script fails: one message for what they can mend, a traceback for what they cannot."""

import subprocess
import sys

import pytest

from tastetune.errors import InputError, run


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InputError("ratings.csv, line 7: 4 fields, expected 3"), "error: ratings.csv, line 7: 4 fields, expected 3"),
        (
            FileNotFoundError(2, "No such file or directory", "a.csv"),
            "error: [Errno 2] No such file or directory: 'a.csv'",
        ),
        (OSError(28, "No space left on device"), "error: [Errno 28] No space left on device"),
    ],
)
def test_a_mendable_error_is_one_message(error, message):
    def main():
        raise error

    with pytest.raises(SystemExit) as end:
        run(main)
    assert end.value.code == message  # the interpreter prints it to stderr and exits with status 1


@pytest.mark.parametrize("error", [ValueError("a fault"), KeyError("x"), KeyboardInterrupt()])
def test_a_fault_of_the_program_is_not_hidden(error):
    def main():
        raise error

    with pytest.raises(type(error)) as raised:
        run(main)
    assert raised.value is error


def test_a_script_fails_with_status_1_and_its_message_alone():
    code = "from tastetune.errors import *; run(lambda: (_ for _ in ()).throw(InputError('key lr: expected a number')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "error: key lr: expected a number\n")


def test_a_script_that_succeeds_is_left_alone(capsys):
    run(lambda: print("done"))
    assert capsys.readouterr().out == "done\n"


GROUP = """
import sys, torch.distributed as group
from tastetune.errors import run
group.init_process_group("gloo", init_method=f"file://{sys.argv[1]}", rank=0, world_size=1)
run(lambda: print(group.is_initialized()))
print(group.is_initialized())
"""


def test_a_script_that_succeeds_leaves_its_process_group(tmp_path):
    pytest.importorskip("torch", reason="the extra `train` is not installed")
    command = [sys.executable, "-c", GROUP, tmp_path / "meeting_place"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "True\nFalse\n", done.stderr

"""A new Python process that finds large libraries in memory: what it costs to load them is paid once for all.

The Hugging Face libraries are not among them. They read the environment as they load, and each process has its own.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

LARGE = (
    "torch._dynamo",
    "torch._inductor.compile_fx",
    "torch.distributed.tensor",
    "bitsandbytes",
    "matplotlib.figure",
    "pandas",
    "pyarrow.dataset",
    "scipy.optimize",
    "scipy.stats",
)
HUGGING_FACE = ("huggingface_hub", "datasets", "tokenizers", "transformers", "accelerate", "peft", "trl", "evaluate")


def python(
    *words: object, cwd: object = ".", env: dict[str, str] | None = None, timeout: int = 300
) -> subprocess.CompletedProcess[str]:
    """`python words` as `subprocess.run` would: a script, `-m` a module or `-c` a program, with its arguments.

    Returns:
        what it printed, and its exit status; -14 (SIGALRM) after `timeout` seconds.
    """
    given = {"words": list(map(str, words)), "cwd": str(Path(cwd).resolve()), "timeout": timeout}
    with tempfile.NamedTemporaryFile("r") as output, tempfile.NamedTemporaryFile("r") as errors:
        given |= {"env": dict(os.environ) if env is None else env, "stdout": output.name, "stderr": errors.name}
        server = _server()
        server.stdin.write(json.dumps(given) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        return subprocess.CompletedProcess(given["words"], status, output.read(), errors.read())


@cache
def _server() -> subprocess.Popen:
    """The process that has loaded them, of which each of the others is a fork; it ends with this one."""
    server = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
    )
    atexit.register(server.kill)
    return server


def serve() -> dict:
    """In the server, never returns; in each of its forks, what that one is to run."""
    for name in LARGE:
        importlib.import_module(name)
    early = [name for name in HUGGING_FACE if name in sys.modules]
    gc.freeze()
    assert not early, f"{early}: loaded with an environment that is not their process's own"
    for line in sys.stdin:
        if not (child := os.fork()):
            return json.loads(line)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    os._exit(0)


def become(given: dict) -> None:
    """Make this process what `python words` would be, in its folder and environment."""
    signal.alarm(given["timeout"])
    for file, mode, standard in ((os.devnull, "r", 0), (given["stdout"], "w", 1), (given["stderr"], "w", 2)):
        with Path(file).open(mode) as opened:
            os.dup2(opened.fileno(), standard)
    os.chdir(given["cwd"])
    os.environ.clear()
    os.environ.update(given["env"])
    first, *rest = given["words"]
    sys.argv = [first, *rest] if first not in ("-c", "-m") else [first, *rest[1:]]
    sys.path[0] = "" if first in ("-c", "-m") else str(Path(first).resolve().parent)
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    if first == "-c":
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    elif first == "-m":
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    become(serve())

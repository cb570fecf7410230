"""A new Python process that finds large libraries in memory: what it costs to load them is paid once a session.

The Hugging Face libraries are not among them. They read the environment as they load, and each process has its own. All
such processes keep sets of texts in the same order; where that must differ, start a process by `subprocess`.
"""

import atexit
import contextlib
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
from types import ModuleType

import numpy

LARGE = (
    "torch._dynamo",
    "torch._inductor.compile_fx",
    "torch.distributed.tensor",
    "bitsandbytes",
    "ibis.backends.sql.compilers",
    "matplotlib.figure",
    "pandas",
    "pyarrow.dataset",
    "pydantic",
    "rich.progress",
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
        status = server.stdout.readline()
        assert status, "the server of these processes has ended; its traceback stands on stderr"
        return subprocess.CompletedProcess(given["words"], int(status), output.read(), errors.read())


@cache
def _server() -> subprocess.Popen:
    """The process that has loaded the libraries, of which the others are forks; it ends with this one.

    It sees no GPU: what has opened one cannot be forked.
    """
    server = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "CUDA_VISIBLE_DEVICES": ""},
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
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what it has started, such as a launch's workers
        print(status, flush=True)
    os._exit(0)


def become(given: dict) -> None:
    """Make this process what `python words` would be, in its folder and environment."""
    os.setsid()
    signal.alarm(given["timeout"])
    for file, mode, standard in ((os.devnull, "r", 0), (given["stdout"], "w", 1), (given["stderr"], "w", 2)):
        with Path(file).open(mode) as opened:
            os.dup2(opened.fileno(), standard)
    os.chdir(given["cwd"])
    os.environ.clear()
    os.environ.update(given["env"])
    numpy.random.seed()
    first, *rest = given["words"]
    sys.argv = [first, *rest] if first not in ("-c", "-m") else [first, *rest[1:]]
    sys.path[0] = "" if first in ("-c", "-m") else str(Path(first).resolve().parent)
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    if first == "-c":
        main = sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), main.__dict__)
    elif first == "-m":
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    become(serve())

"""The stages of a run, in this process or in one that can be killed, forked from one that has loaded the libraries."""

import ctypes
import gc
import json
import multiprocessing
import os
import resource
import runpy
import sys
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "ACCELERATE_USE_CPU": "true",
    "TOKENIZERS_PARALLELISM": "false",
}
LOADED = (
    "ibis.backends.sql.compilers",
    "torch",
    "tastetune.data.like_dislike",
    "tastetune.data.lists.top_n",
    "tastetune.training.trainers",
    "tastetune.training.checkpoints",
    "tastetune.language_models.answering",
    "tastetune.baselines.selection",
    "tastetune.baselines.recbole.likes",
    "tastetune.reporting.run",
)
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
"""Of Linux: take a right from a process, and the right to write anywhere."""

OF_THE_RUN = ("seconds", "command", "versions", "passes", "train_runtime", "train_tokens_per_second")
"""Keys that say when and how something was made, or follow from the seconds."""


def script(path: str, *flags) -> None:
    """Run a script as `python path flags` does, in this process: what it costs to load the libraries is paid once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [path, *map(str, flags)])
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # else it knocks for a minute
        runpy.run_path(path, run_name="__main__")


def start(script: str, flags: Sequence, folder: Path, log: Path) -> BaseProcess:
    """Start `python script flags` in `folder`, its output in `log`; a second after the first call, which loads."""
    return _start(_into_file, log, script, flags, folder)


def ended(script: str, flags: Sequence, folder: Path, largest_file: int | None = None) -> tuple[int | None, str]:
    """Run `python script flags` in `folder` to its end: exit status and output.

    Args:
        largest_file: bytes beyond which no file can be written, as if the disk were full.
    """
    output, into = multiprocessing.Pipe(duplex=False)
    process = _start(_into_pipe, (into, largest_file), script, flags, folder)
    into.close()
    with output, open(output.fileno(), "rb", closefd=False) as text:
        printed = text.read().decode()
    process.join(300)
    return process.exitcode, printed


def _start(target: Callable, output: object, script: str, flags: Sequence, folder: Path) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT)
    try:
        process = context.Process(target=target, args=(output, script, [str(flag) for flag in flags], folder))
        process.start()
    finally:
        os.environ.clear()
        os.environ.update(before)
    return process


def _into_file(log: Path, script: str, flags: list[str], folder: Path) -> None:
    _run(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), script, flags, folder)


def _into_pipe(output: tuple[Connection, int | None], script: str, flags: list[str], folder: Path) -> None:
    into, largest_file = output
    if largest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    _run(into.fileno(), script, flags, folder)


def _run(output: int, script: str, flags: list[str], folder: Path) -> None:
    gc.freeze()  # the libraries are no rubbish: looking them through takes half a second each time
    for standard in (1, 2):
        os.dup2(output, standard)
    os.chdir(folder)
    os.environ.update(ENVIRONMENT)
    sys.argv = [script, *flags]
    runpy.run_path(str(ROOT / script), run_name="__main__")


def visible(folder: Path) -> dict[str, Path]:
    """All files whose path has no hidden part, by their paths in `folder`."""
    files = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {str(name): path for name, path in files.items() if not any(map(_is_hidden, name.parts))}


def hidden(folder: Path) -> list[str]:
    """What is left of writing."""
    return [str(path.relative_to(folder)) for path in folder.rglob(".*") if _is_hidden(path.name)]


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and name != ".eval_results"  # which the Hub wants to be called so


def content(path: Path) -> object:
    """What a file holds, without what changes from run to run; a file that is not whole raises."""
    if path.suffix == ".parquet" and b"tastetune" in (pq.read_schema(path).metadata or {}):
        table = pq.read_table(path)
        return _without(json.loads(table.schema.metadata[b"tastetune"])), table.to_pydict()
    if path.suffix == ".json":
        return _without(json.loads(path.read_text()))
    if path.suffix == ".safetensors":
        return load_file(path)
    if path.name == "learning_curve.png":  # drawn over seconds too
        return path.read_bytes()[-8:]
    if path.name == "learning_curve.md":  # whose fifth column is seconds
        cells = [line.split(" | ") for line in path.read_text().splitlines()]
        return [line[:4] + line[5:] for line in cells]
    return path.read_bytes()


def contents(folder: Path) -> dict[str, object]:
    """The contents of all visible files, by their paths in `folder`."""
    return {name: content(path) for name, path in visible(folder).items()}


def _without(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without(part) for key, part in value.items() if key not in OF_THE_RUN}
    return [_without(part) for part in value] if isinstance(value, list) else value


def same(one: object, other: object, rtol: float = 0, atol: float = 0) -> bool:
    """Whether two contents are equal, numbers of training within a tolerance."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key], rtol, atol) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair, rtol, atol) for pair in zip(one, other, strict=True))
    if isinstance(one, float | np.ndarray) and isinstance(other, float | np.ndarray):
        return np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=rtol, atol=atol)
    return one == other


def plain_rights() -> None:
    """For `preexec_fn`: what is executed after it is bound by the modes of files, even if root starts it."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)

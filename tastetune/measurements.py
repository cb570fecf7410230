"""Files of what benchmarks measured: the figures, and the command, the machine and the versions that they are of."""

import json
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tastetune.errors import InputError
from tastetune.files import command_line, write_text

Figures = TypeVar("Figures")


def write_measurements(path: Path, cores: str, versions: Mapping[str, str], **figures: Any) -> None:
    """Write figures of the command that runs, as JSON.

    Args:
        cores: how much of the processor it had: `one thread`.
        versions: of the packages that the figures depend on.
        figures: what was measured, by key.
    """
    about = {
        "command": command_line("python"),
        "processor": f"{cores} of {processor()}",
        "versions": {"python": platform.python_version(), **versions},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(about | figures, indent=2) + "\n")


def read_measurements(path: Path, figures: Callable[[dict], Figures], script: str) -> Figures:
    """The figures of a file, as the function `figures` takes them out of its content.

    Raises:
        InputError: they are not there; `script` is named as what writes them.
    """
    try:
        return figures(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected what {script} writes; run it anew") from error


def processor() -> str:
    """The name of this machine's processor."""
    names = Path("/proc/cpuinfo")
    lines = names.read_text(encoding="utf-8").splitlines() if names.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())

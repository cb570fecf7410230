"""In how many processes a command was started, as its launcher tells it."""

import os

from tastetune.errors import InputError
from tastetune.files import command_line

COUNTS = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
"""Where launchers of several processes say how many there are."""


def refuse_lone_process() -> None:
    """Refuse to run alone where `accelerate launch` was asked for several processes.

    Without `--multi_gpu` it starts a single one on a CPU, and says nothing: all that shows is an address for processes
    to meet at, and no number of them. Source: `accelerate.utils.launch.prepare_simple_launcher_cmd_env`.

    Raises:
        InputError: with the command that starts as many as were asked for.
    """
    is_launched = "ACCELERATE_MIXED_PRECISION" in os.environ
    if not is_launched or "MASTER_ADDR" not in os.environ or any(name in os.environ for name in COUNTS):
        return
    on_cpu = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("true", "1")
    launcher = f"{'ACCELERATE_USE_CPU=true ' if on_cpu else ''}accelerate launch --multi_gpu --num_processes 2"
    raise InputError(
        "accelerate launch was asked for several processes and has started one; leave --cpu out and give --multi_gpu, "
        f"with 2 or as many as you want: {command_line(launcher)}"
    )

"""The one exception for input that a person can mend, and how a script shows it."""

import sys
from collections.abc import Callable


class InputError(ValueError):
    """Input that cannot be used. The message names the file, the line or key, what was expected and the remedy."""


def run(main: Callable[[], None]) -> None:
    """Run a script's `main`; show a mendable error as one message on stderr and exit with status 1.

    Faults of the program itself keep their traceback.
    """
    try:
        main()
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
    else:
        leave_process_group()


def leave_process_group() -> None:
    """Leave torch's process group, if there is one: its threads may abort the interpreter as it ends.

    torch is looked up, not imported, for the core runs without it.
    """
    distributed = sys.modules.get("torch.distributed")
    if distributed and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()

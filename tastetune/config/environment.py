"""Which versions of packages a run has."""

import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = (
    "tastetune",
    "torch",
    "transformers",
    "trl",
    "peft",
    "bitsandbytes",
    "datasets",
    "recbole",
    "numpy",
)


def versions() -> dict[str, str]:
    """Versions of Python and of the installed packages that a score can depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

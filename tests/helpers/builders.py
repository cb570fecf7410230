"""The builders, run as a person runs them, or taken as modules."""

import runpy
import sys
from importlib.util import module_from_spec, spec_from_file_location

from documents import ROOT

BUILDERS = ROOT / "data_builders"


def run(script: str, monkeypatch, *args: object) -> None:
    """`python data_builders/<script> args`, inside this process."""
    monkeypatch.setattr(sys, "argv", [script, *map(str, args)])
    runpy.run_path(str(BUILDERS / script), run_name="__main__")


def module(script: str):
    """The script as a module, its functions to be tried one by one."""
    spec = spec_from_file_location(script.removesuffix(".py"), BUILDERS / script)
    loaded = module_from_spec(spec)
    sys.modules[spec.name] = loaded  # dataclasses look their module up there
    spec.loader.exec_module(loaded)
    return loaded

"""Who may import whom, how large folders and modules may grow, what a script is called, what no file may say."""

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from documents import ROOT, scripts, tracked
from slow import PLACES

PYTHON = [path for path in tracked() if path.suffix == ".py"]
LIBRARY = [path for path in PYTHON if path.parts[0] == "tastetune"]
RUNNABLE = {path.stem for path in PYTHON if path.parts[0] in ("scripts", "data_builders")}

LEVELS = (
    ("errors",),
    ("files",),
    ("locks",),
    ("templates", "measurements"),
    ("speed",),
    ("search",),
    ("config", "metrics"),
    ("growth", "true_size"),
    ("projection",),
    ("artifacts",),
    ("tasks", "hub"),
    ("data", "language_models", "evaluation", "baselines"),
    ("training", "probe", "person", "explanations"),
    ("reporting",),
    ("demo",),
    ("cli", "scripts", "data_builders", "benchmarks"),
)
"""The rooms, and the modules of tastetune/ in none. Each imports only from the lines above its own."""

MOST_FILES = 16
"""Python files right inside one folder."""

MOST_LINES = 210
"""Lines of one module."""


@cache
def imported(path: Path) -> set[str]:
    """Dotted names of the modules and of what is taken out of them, wherever in the file the import stands."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def importers(name: str) -> set[str]:
    """Files outside tests/ that import `name` or something in it."""
    users = [path for path in PYTHON if path.parts[0] != "tests"]
    return {str(p) for p in users if any(n == name or n.startswith(f"{name}.") for n in imported(p))}


def room(path: Path) -> str:
    """The room of a file: its folder in tastetune/ or at the top; for a module in no room, its own name."""
    return path.parts[path.parts[0] == "tastetune"].removesuffix(".py")


def wrong_ways(names: dict[str, set[str]]) -> set[str]:
    """`from -> to` of each import that runs along a level or up, given the rooms that each room imports."""
    level = {name: number for number, line in enumerate(LEVELS) for name in line}
    return {f"{a} -> {b}" for a, others in names.items() for b in others if a != b and level[b] >= level[a]}


def modules_imported(path: Path, modules: set[str]) -> set[str]:
    """The modules, out of `modules`, that a file imports; of a name taken out of a module, that module."""
    return {name if name in modules else name.rpartition(".")[0] for name in imported(path)} & modules


def test_every_room_stands_on_one_level():
    names = [name for line in LEVELS for name in line]
    assert len(names) == len(set(names))
    assert {room(path) for path in LIBRARY} - {"__init__", "__main__"} <= set(names)


def test_an_import_along_a_level_or_up_is_seen():
    assert not wrong_ways({"evaluation": {"metrics", "tasks", "files", "evaluation"}, "templates": {"files"}})
    assert wrong_ways({"tasks": {"data"}, "data": {"baselines"}, "errors": {"files"}}) == {
        "tasks -> data",
        "data -> baselines",
        "errors -> files",
    }


def test_a_room_imports_only_from_the_levels_above_its_own():
    users = [path for path in PYTHON if path.parts[0] in ("tastetune", "scripts", "data_builders", "benchmarks")]
    names = {path: {n.split(".")[1] for n in imported(path) if n.startswith("tastetune.")} for path in users}
    imports = {path: rooms - {"__version__"} for path, rooms in names.items()}
    assert imports.pop(Path("tastetune/__init__.py")) == set()
    assert imports.pop(Path("tastetune/__main__.py")) == {"cli"}
    assert [f"{path}: {way}" for path, names in imports.items() for way in wrong_ways({room(path): names})] == []


def test_no_modules_import_each_other_in_a_circle():
    files = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in LIBRARY}
    graph = {name: modules_imported(path, set(files)) - {name} for name, path in files.items()}
    assert graph["tastetune.cli"] >= {"tastetune.errors", "tastetune.files"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_every_module_that_is_imported_is_there():
    """Wherever the import stands: scripts and benchmarks too, where a type checker does not look."""
    files = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in LIBRARY}
    missing = set()
    for path in PYTHON:
        nodes = ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        sources = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        missing |= {f"{path}: {name}" for name in sources - files if name.split(".")[0] == "tastetune"}
    assert not missing


def test_no_folder_is_full():
    sizes = Counter(str(path.parent) for path in PYTHON)
    assert sizes["scripts"] > 1
    assert {folder: n for folder, n in sizes.items() if n > MOST_FILES} == {}


def test_no_module_is_long():
    lengths = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in LIBRARY}
    assert max(lengths.values()) > 1
    assert {path: n for path, n in lengths.items() if n > MOST_LINES} == {}


def test_tests_lie_as_the_rooms_do():
    """Every folder of tests/ is a room of tastetune/ or a folder at the top; what tests share lies in helpers/."""
    folders = {path.parts[1] for path in PYTHON if path.parts[0] == "tests" and len(path.parts) > 2} - {"helpers"}
    rooms = {path.parts[1] for path in LIBRARY if len(path.parts) > 2}
    assert rooms & folders
    assert folders <= rooms | {path.parts[0] for path in PYTHON}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_called_slow_is_there(place):
    path, _, name = place.partition("::")
    assert (ROOT / "tests" / path).exists()
    assert not name or f"def {name}" in (ROOT / "tests" / path).read_text(encoding="utf-8")


def test_the_library_imports_neither_scripts_nor_builders():
    assert LIBRARY
    for path in LIBRARY:
        roots = {name.split(".")[0] for name in imported(path)}
        assert not roots & {"scripts", "data_builders", "benchmarks", "tests"}, path
        assert not roots & (RUNNABLE - {"tastetune"}), path


def test_scripts_and_builders_import_no_script_and_no_builder():
    assert scripts()
    for path in scripts():
        assert not {name.split(".")[0] for name in imported(Path(path))} & {*RUNNABLE, "scripts", "data_builders"}, path


def test_recbole_is_imported_by_the_baselines_alone():
    assert importers("recbole")
    assert all(path.startswith("tastetune/baselines/") for path in importers("recbole"))


def test_the_page_is_imported_by_scripts_alone():
    users = importers("tastetune.demo")
    assert any(path.startswith("scripts/") for path in users)
    assert all(path.startswith(("scripts/", "tastetune/demo/")) for path in users)


def test_the_parser_of_trl_is_imported_by_nobody():
    """A recipe is read the same way where training's libraries are not installed."""
    assert importers("trl.TrlParser") == set()


@pytest.mark.parametrize("module", ["evaluation.scoring", "artifacts.predictions", "reporting.files"])
def test_scoring_needs_no_library_of_training(module):
    code = f"import sys, tastetune.{module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert not {"torch", "trl", "recbole", "transformers", "peft"} & set(done.stdout.split())


def test_no_script_bears_the_name_of_a_library():
    """`python scripts/x.py` puts scripts/ first on the path, so its name would hide the library's."""
    assert not RUNNABLE & {*packages_distributions(), *sys.stdlib_module_names}


def test_no_file_names_a_place_on_one_machine():
    """Tests may: they make up places to see what becomes of them."""
    place = re.compile(r"(?<![\w.~-])/(?:home|root|Users|work|tmp|mnt)/\w")
    texts = [p for p in tracked() if p.suffix not in (".png", ".parquet", ".ico") and p.parts[0] != "tests"]
    found = {
        f"{path}:{number}"
        for path in texts
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1)
        if place.search(line)
    }
    assert not found

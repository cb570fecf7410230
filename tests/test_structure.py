"""Who may import whom, what a script may be called, and what no file may say."""

import ast
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from documents import ROOT, scripts, tracked

PYTHON = [path for path in tracked() if path.suffix == ".py"]
LIBRARY = [path for path in PYTHON if path.parts[0] == "tastetune"]
RUNNABLE = {path.stem for path in PYTHON if path.parts[0] in ("scripts", "data_builders")}


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

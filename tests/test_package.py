"""The package as it is installed: what its wheel holds, what it needs, and its console command."""

import ast
import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from documents import ROOT, scripts, tracked

from tastetune.cli import EXTRAS, commands

FOLDERS = ("scripts", "data_builders", "recipes", "recbole_configs", "model_cards", "metrics")
WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {missing} else super().find_spec(name, path, target)

sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
"""
"""Makes a process find no module of the names `missing`, as if they were not installed."""


def python(*arguments, cwd, path=ROOT) -> subprocess.CompletedProcess:
    """Run `python arguments` in `cwd` with the tastetune that lies in `path`."""
    environment = {"PATH": "", "PYTHONPATH": str(path), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def tastetune(*arguments, cwd, path=ROOT, missing=frozenset(EXTRAS)) -> subprocess.CompletedProcess:
    """Run `tastetune arguments` where the modules `missing` are not installed, which is to say: the core alone."""
    code = WITHOUT.replace("{missing}", repr(set(missing))) + "from tastetune.cli import main\nmain()"
    return python("-c", code, *arguments, cwd=cwd, path=path)


@pytest.fixture(scope="module")
def settings() -> dict[str, list[str]]:
    """The requirements of setup.cfg by extra, those of the core under ''."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return {"": config["options"]["install_requires"].split("\n")} | {
        extra: text.split("\n") for extra, text in config["options.extras_require"].items()
    }


def distributions(requirements: list[str]) -> set[str]:
    """The normalised names of what a list of requirements installs."""
    names = (re.match(r"[\w-]+", line.strip()) for line in requirements)
    return {name.group().lower().replace("_", "-") for name in names if name}


@cache
def installed_modules() -> dict[str, list[str]]:
    """Top-level modules of the environment, with the distributions that brought them."""
    return dict(packages_distributions())


def third_party(path: Path) -> set[str]:
    """The distributions that a file imports from, wherever in it."""
    nodes = list(ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    roots = {name.partition(".")[0] for name in names} - {*sys.stdlib_module_names, "tastetune"}
    return {installed_modules().get(root, [root])[0].lower().replace("_", "-") for root in roots}


def test_importing_the_package_and_its_command_imports_nothing_foreign(tmp_path):
    code = "import sys; before = {*sys.modules}; import tastetune.cli; print(*{*sys.modules} - before)"
    names = {name.partition(".")[0] for name in python("-c", code, cwd=tmp_path).stdout.split()}
    assert "tastetune" in names
    assert not {name for name in names if name in installed_modules()} - {"tastetune"}


def test_the_command_lists_every_script_and_builder(tmp_path):
    done = tastetune(cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = {words[0]: words[1] for line in done.stdout.splitlines() if len(words := line.split(maxsplit=1)) == 2}
    for script in scripts():
        usage = ast.get_docstring(ast.parse((ROOT / script).read_text(encoding="utf-8")))
        assert lines[Path(script).stem] == usage.splitlines()[0]
    assert len(commands()) == len(scripts())  # no name stands for two
    assert tastetune("--help", cwd=tmp_path).stdout == done.stdout


def test_an_unknown_command_offers_the_nearest(tmp_path):
    done = tastetune("scoer", "--split", "test", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "error: no command 'scoer'; did you mean score?\n")
    assert "see tastetune --help" in tastetune("x", cwd=tmp_path).stderr


def test_every_extra_brings_the_module_that_is_missed_without_it(settings):
    assert set(EXTRAS.values()) == set(settings) - {"", "test", "dev"}
    for module, extra in EXTRAS.items():
        assert module.replace("_", "-") in distributions(settings[extra])
        assert module.replace("_", "-") not in distributions(settings[""])


def test_what_the_package_imports_is_required(settings):
    required = {name for lines in settings.values() for name in distributions(lines)}
    files = [path for path in tracked() if path.suffix == ".py"]
    files = [path for path in files if path.parts[0] in ("tastetune", "scripts", "data_builders")]
    assert {f"{path}: {name}" for path in files for name in third_party(path) - required} == set()


def test_the_core_builds_fits_scores_and_renders(tmp_path):
    _whole_job(tmp_path, ROOT)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from what git tracks and nothing else of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in tracked():
        (folder / "checkout" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / "checkout" / path)
    stale = folder / "checkout" / "build" / "lib" / "tastetune" / "gone.py"  # of an earlier build
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder, "."]
    done = python("-m", "pip", *build, cwd=folder / "checkout", path="")
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel) -> Path:
    """A folder with the unpacked wheel and nothing else."""
    folder = wheel.parent / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.slow
def test_the_wheel_holds_what_git_tracks(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.startswith("tastetune-")}
        (entry,) = [name for name in archive.namelist() if name.endswith("/entry_points.txt")]
        assert b"tastetune = tastetune.cli:main" in archive.read(entry)
    package = {path.as_posix() for path in tracked() if path.parts[0] == "tastetune"}
    beside = {f"tastetune/bundled/{path.as_posix()}" for path in tracked() if path.parts[0] in FOLDERS}
    assert "tastetune/py.typed" in package
    assert names == package | {name for name in beside if not name.endswith(".sh")}


@pytest.mark.slow
def test_the_wheel_does_the_whole_job_from_another_folder(installed, tmp_path):
    where = python("-c", "import tastetune; print(tastetune.__file__)", cwd=tmp_path, path=installed)
    assert where.stdout.strip() == str(installed / "tastetune" / "__init__.py")
    done = python("-m", "tastetune", "score", "--help", cwd=tmp_path, path=installed)
    assert done.returncode == 0, done.stderr
    assert "Score predictions" in done.stdout
    _whole_job(tmp_path, installed)


@pytest.mark.slow
def test_the_wheel_brings_recipes_and_configs_to_any_folder(installed, tmp_path):
    code = (
        "from tastetune.files import bundled_file; print(*map(bundled_file, ('recipes/ml1m.yaml', 'recbole_configs')))"
    )
    bundled, names = installed / "tastetune" / "bundled", ("recipes/ml1m.yaml", "recbole_configs")
    found = python("-c", f"import sys; {code}", *names, cwd=tmp_path, path=installed).stdout.split()
    assert found == [str(bundled / name) for name in names]


def _whole_job(folder: Path, path: Path) -> None:
    """A log of twelve people and ten films becomes a dataset, trivial predictions, scores and a report, in `folder`.

    What the core cannot do then, training, says which extra it needs.
    """
    films = [f"{film},Film {film}" for film in range(10)]
    ratings = [f"{user},{film},{1 + (user * film + film) % 5},{film}" for user in range(12) for film in range(10)]
    (folder / "films.csv").write_text("\n".join(["item_id,title", *films]))
    (folder / "log.csv").write_text("\n".join(["user_id,item_id,rating,timestamp", *ratings]))
    log = ("--log", "log.csv", "--items", "films.csv", "--rating_column", "rating")
    for command in (
        ("csv_log", *log, "--output_dir", "run/data"),
        ("baseline", "--run_dir", "run"),
        ("score", "--run_dir", "run", "--resamples", "20"),
    ):
        done = tastetune(*command, cwd=folder, path=path)
        assert done.returncode == 0, f"{command}: {done.stderr}"
    names = {"scores.json", "leaderboard.md", "leaderboard.png", "roc.png", "report.html"}
    assert {path.name for path in (folder / "run").iterdir()} >= names
    assert "user_item_mean" in (folder / "run" / "leaderboard.md").read_text()
    done = tastetune("sft", "recipes/ml1m.yaml", "--run_dir", "run", cwd=folder, path=path)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"error: sft needs \w+, not installed; run pip install 'tastetune\[train\]'\n", done.stderr)

"""Whole scripts on input with something wrong in it: done, or ended by one message, and never a traceback."""

import shutil

import pytest
from fuzzing import as_yaml, changed_bytes, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from made import make_dataset
from made_library import loans
from made_model import make_tiny_model
from stages import ended

from recipes import SOUND, recipes
from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import write_predictions
from tastetune.baselines.selection import TRIVIAL, baselines_of

pytestmark = pytest.mark.slow

RECIPE = ("recipe.yaml", "--max_steps", 1, "--torch_compile", "false")
COMMANDS = {
    "recipe.yaml": {
        "scripts/doctor.py": RECIPE,
        "scripts/sft.py": RECIPE,
        "scripts/predict.py": (*RECIPE, "--only", "zero-shot"),
        "scripts/baseline.py": ("recipe.yaml", "--only", "trivial"),
        "scripts/score.py": ("recipe.yaml", "--resamples", 3),
    },
    "svd.yaml": {"scripts/baseline.py": ("--run_dir", "run", "--baselines", "svd.yaml", "--only", "svd")},
    "loans.csv": {
        "data_builders/csv_log.py": (
            *("--log", "loans.csv", "--items", "books.csv", "--user_column", "reader", "--item_column", "isbn"),
            *("--id_column", "isbn", "--title_column", "name", "--rating_column", "stars", "--output_dir", "built"),
        )
    },
    "run/predictions/item_mean.parquet": {
        "scripts/score.py": ("--run_dir", "run", "--predictions", "run/predictions", "--resamples", 3)
    },
    "model/config.json": {"scripts/predict.py": ("sound.yaml", "--only", "zero-shot", "--force")},
}
"""By the file that is changed: the scripts that read it, with their flags."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("made")
    dataset = open_dataset(make_dataset(home / "run" / "data", 10, 12))
    for baseline in baselines_of(dataset, [TRIVIAL]):
        found = baseline.fit_predict(dataset, "test")
        write_predictions(home / "run" / "predictions" / f"{baseline.name}.parquet", found.meta, found.table)
    make_tiny_model(home / "model", width=16)
    (home / "sound.yaml").write_bytes(as_yaml(SOUND))
    (home / "svd.yaml").write_text("model: SVD\nseed: 1\nembedding_size: 4\nepochs: 1\n")
    rows = [f"{reader},{isbn},{stars}\n" for reader, isbn, stars, _ in loans()]
    (home / "loans.csv").write_text("reader,isbn,stars\n" + "".join(rows))
    books = sorted({row.split(",")[1] for row in rows})
    (home / "books.csv").write_text("isbn,name\n" + "".join(f"{isbn},Book {isbn}\n" for isbn in books))
    return home


@fuzzed(30)
@given(data=st.data(), file=st.sampled_from(("recipe.yaml", "recipe.yaml", *COMMANDS)))
def test_a_script(outcomes, tmp_path, made, data, file):
    home = shutil.copytree(made, tmp_path / "home", dirs_exist_ok=True)
    content = recipes() if file == "recipe.yaml" else changed_bytes((made / file).read_bytes())
    (home / file).write_bytes(data.draw(content))
    script = data.draw(st.sampled_from(sorted(COMMANDS[file])))
    with outcomes.tried():
        status, printed = ended(script, COMMANDS[file][script], home)
        assert "Traceback (most recent call last)" not in printed, printed
        assert status in (0, 1), printed
        if status:
            raise SystemExit(printed[printed.rindex("error") :])

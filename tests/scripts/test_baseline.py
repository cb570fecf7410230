"""scripts/baseline.py from the command line: exit status, where files go, what is kept, nothing half-written."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from made import make_dataset
from made_lists import make_lists
from scored import run_in
from warm import python

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions

HOME = Path(__file__).parents[2]
SCRIPT = HOME / "scripts" / "baseline.py"
SVD = HOME / "recbole_configs" / "svd.yaml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("made"), n_users=20)


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, one_thread):
    """`python scripts/baseline.py args` in `tmp_path`, inside this process to be quick."""
    return lambda *args: Done(*run_in(tmp_path, monkeypatch, capsys, "baseline.py", *args))


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_config_answers_every_row_and_writes_nothing_else(folder, tmp_path):
    args = ["--dataset_name", folder, "--predictions_dir", "p", "--baselines", SVD, "--only", "svd", "--config_seed=7"]
    done = python(SCRIPT, *args, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "answered: p/svd.parquet" in done.stdout
    assert "Answered test of made by 1 baselines" in done.stdout
    predictions, dataset = read_predictions(tmp_path / "p" / "svd.parquet"), open_dataset(folder)
    predictions.scores(dataset.read("like_dislike", "test")["example_id"].to_pylist())
    assert predictions.meta.model == "svd"
    assert predictions.meta.seed == predictions.meta.settings["seed"] == 7
    assert "baseline.py" in predictions.meta.command
    assert "100%" in done.stderr  # a progress bar
    assert "Warning" not in done.stderr
    assert files(tmp_path) == ["p/svd.parquet"]


def test_nothing_is_fitted_before_every_config_is_known_to_be_good(run, folder, tmp_path):
    (tmp_path / "untuned.yaml").write_text("model: SVD\n")
    args = ["--baselines", SVD, "untuned.yaml", "--tune=1", "--dataset_name", folder, "--predictions_dir", "p"]
    done = run(*args)
    assert done.returncode == 1
    assert "error: untuned.yaml: no block 'tune' with ranges to try" in done.stderr
    assert not (tmp_path / "p").exists()


def test_several_models_and_a_folder_of_configs_go_into_one_folder(run, folder, tmp_path):
    """Two configs of the task, one of another task that is left out and said so, and the six trivial models."""
    configs = tmp_path / "configs"
    configs.mkdir()
    for name, model in {"few": "SVD", "more": "SVD", "itemknn": "ItemKNN"}.items():
        epochs = "" if model == "ItemKNN" else f"epochs: {len(name)}\n"
        (configs / f"{name}.yaml").write_text(f"model: {model}\nseed: 1\n{epochs}")
    done = run("--baselines", "configs", "--dataset_name", folder, "--predictions_dir", "p")
    assert done.returncode == 0, done.stderr
    assert "configs: left out itemknn, for they answer another task" in done.stdout
    assert len(list((tmp_path / "p").glob("*.parquet"))) == 6 + 2
    assert [read_predictions(tmp_path / "p" / f"{n}.parquet").meta.settings["epochs"] for n in ("few", "more")] == [
        3,
        4,
    ]


def test_a_recipe_says_where_the_rows_lie_and_where_answers_go_and_what_is_there_is_kept(run, tmp_path):
    """The recipe's `seed` and `output_dir` are training's; its `baselines` are fitted beside the trivial models."""
    make_dataset(tmp_path / "run" / "data", n_users=10)
    (tmp_path / "mf.yaml").write_text("model: SVD\nseed: 1\nepochs: 2\n")
    keys = ["run_dir: run", "baselines: [mf.yaml]", "seed: 3", "output_dir: elsewhere", "max_steps: 500"]
    (tmp_path / "recipe.yaml").write_text("\n".join(keys))
    done = run("recipe.yaml")
    assert done.returncode == 0, done.stderr
    answers = tmp_path / "run" / "predictions"
    assert read_predictions(answers / "mf.parquet").meta.seed == 1
    assert len(files(answers)) == 6 + 1

    done = run("recipe.yaml", "--split", "validation", "--only", "mf", "item_mean", "--each_epoch")
    assert done.returncode == 0, done.stderr
    names = ["item_mean.parquet", "mf-epoch-1.parquet", "mf-epoch-2.parquet", "mf.parquet"]
    assert files(answers / "validation") == names

    kept = (answers / "mf.parquet").stat().st_mtime_ns
    (answers / "item_mean.parquet").unlink()
    done = run("recipe.yaml")
    assert "kept: run/predictions/mf.parquet" in done.stdout
    assert done.stdout.count("kept: ") == 6
    assert "answered: run/predictions/item_mean.parquet" in done.stdout
    assert (answers / "mf.parquet").stat().st_mtime_ns == kept
    done = run("recipe.yaml", "--force", "--only", "mf")
    assert "answered: run/predictions/mf.parquet" in done.stdout
    assert (answers / "mf.parquet").stat().st_mtime_ns > kept


def test_lists_go_the_same_way(run, tmp_path):
    make_lists(tmp_path / "run" / "data")
    ease = HOME / "recbole_configs" / "ease.yaml"
    done = run("--run_dir", "run", "--baselines", ease, "--tune", "2")
    assert done.returncode == 0, done.stderr
    names = ["ease.parquet", "ease.tuning.json", "most_cowatched.parquet", "most_popular.parquet"]
    assert files(tmp_path / "run" / "predictions") == names
    assert read_predictions(tmp_path / "run" / "predictions" / "ease.parquet").meta.config == "top_n"


def test_a_model_that_fails_does_not_end_the_others(run, folder, tmp_path):
    (tmp_path / "diverging.yaml").write_text("model: PointwiseSASRec\nlearning_rate: 1e30\nepochs: 3\n")
    (tmp_path / "sound.yaml").write_text("model: SVD\nseed: 1\nepochs: 1\n")
    args = ["--baselines", "diverging.yaml", "sound.yaml", "--only", "diverging", "sound", "--predictions_dir", "p"]
    done = run(*args, "--dataset_name", folder)
    assert done.returncode == 1
    *_, summary, message = done.stderr.strip().splitlines()
    assert summary == "error: 1 of 2 baselines failed:"
    assert message.startswith("diverging: diverging.yaml: diverging fails with these settings (Training loss is nan)")
    assert "Traceback" not in done.stderr
    assert files(tmp_path / "p") == ["sound.parquet"]


def test_what_all_baselines_fail_by_is_said_once(run, tmp_path):
    rows = make_dataset(tmp_path / "data", 12, 20) / "like_dislike" / "test.parquet"
    rows.write_bytes(rows.read_bytes()[:-100])
    names = ["always_yes", "user_mean"]
    done = run("--dataset_name", "data", "--predictions_dir", "p", "--only", *names)
    assert done.returncode == 1
    summary, message = done.stderr.strip().splitlines()[-2:]
    assert summary == "error: 2 of 2 baselines failed:"
    assert message.startswith("always_yes, user_mean: data/like_dislike/test.parquet: not the file that was built")
    assert not (tmp_path / "p").exists() or files(tmp_path / "p") == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--predictions_dir", "p", "--dataset_name", "nowhere"], "error: nowhere is not there; build it first"),
        ([], "run_dir is missing"),
        (["--baselines", "svd.yaml"], "run_dir is missing"),
        (
            ["--split", "train", "--predictions_dir", "p"],
            "split 'train': baselines answer test, test_sample, validation",
        ),
        (["--baselines", "svd.yaml", "--predictions_dir", "p"], "svd.yaml: no such file"),
        (["--baselines", ".", "--predictions_dir", "p"], "no .yaml file of a model for this task"),
        (["--baselines", SVD, SVD, "--predictions_dir", "p"], "are both called svd; rename one"),
        (
            ["--baselines", HOME / "recbole_configs" / "ease.yaml", "--predictions_dir", "p"],
            "EASE learns from who chose what",
        ),
        (["--predictions_dir", "p", "--only", "sdv"], "--only sdv: no such baseline"),
        (["--predictions_dir", "p", "--tune=-1"], "--tune is -1; give the number of trials"),
        (["--predictions_dir", "p", "--config_sed=1"], "did you mean --config_seed?"),
    ],
)
def test_a_mistake_is_one_message(args, said, run, folder, tmp_path):
    args = args if "--dataset_name" in args else [*args, "--dataset_name", folder]
    done = run(*args)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_help_names_every_flag(run):
    done = run("--help")
    assert done.returncode == 0
    for flag in (
        "only",
        "predictions_dir",
        "split",
        "tune",
        "config_seed",
        "each_epoch",
        "encoder",
        "force",
        "run_dir",
    ):
        assert f"--{flag} " in done.stdout

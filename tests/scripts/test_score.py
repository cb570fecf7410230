"""scripts/score.py from the command line."""

import json
import re
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from made import rewritten
from scored import ROOT, run_in, write
from warm import python

from tastetune.artifacts.dataset import open_dataset

DATA = ("--dataset_name", "data", "--predictions", "predictions")
SCORE = (*DATA, "--adapter", "adapter", "--resamples", "50")


@pytest.fixture(scope="module")
def outputs(scored):
    done = python(ROOT / "scripts" / "score.py", *SCORE, "--scores_dir", "out", cwd=scored, timeout=120)
    assert done.returncode == 0, done.stderr
    return scored / "out"


@pytest.fixture
def run_score(scored, outputs, monkeypatch, capsys):
    return lambda *args: run_in(scored, monkeypatch, capsys, "score.py", *args)


def test_it_writes_everything(scored, outputs):
    assert sorted(path.name for path in outputs.iterdir()) == [
        "leaderboard.md",
        "leaderboard.png",
        "report.html",
        "roc.png",
        "scores.json",
    ]
    assert (outputs / "leaderboard.png").read_bytes().startswith(b"\x89PNG")
    assert (scored / "adapter" / "README.md").read_text().startswith("---\nbase_model: meta-llama/")
    for name in ("leaderboard.png", "roc.png"):
        assert (scored / "adapter" / name).read_bytes() == (outputs / name).read_bytes()
    of_adapter = {
        path.relative_to(scored / "adapter").as_posix() for path in (scored / "adapter").glob("predictions/*/*")
    }
    assert of_adapter == {"predictions/sft-500/test.parquet", "predictions/sft-100/test.parquet"}


def test_the_file_has_the_promised_shape(outputs):
    def refuse(constant):
        raise ValueError(constant)  # NaN and Infinity are no JSON

    scores = json.loads((outputs / "scores.json").read_text(), parse_constant=refuse)
    assert {"name", "config", "split", "fingerprint", "n"} <= set(scores["dataset"])
    (mean,) = (model for model in scores["models"] if model["model"] == "user_item_mean")
    assert {"model", "kind", "predictions", "n", "unparsed", "metrics", "slices", "against"} <= set(mean)
    assert mean["predictions"] == "../predictions/user_item_mean.parquet"
    (tuned,) = (model for model in scores["models"] if model["model"] == "sft-500")
    assert {"difference", "low", "high", "p"} <= set(tuned["against"]["user_item_mean"]["roc_auc"])
    assert {"n", "metrics"} <= set(tuned["slices"]["item:cold"])


def test_the_same_command_gives_the_same_bytes(run_score, outputs):
    before = {path: path.read_bytes() for path in outputs.rglob("*") if path.is_file()}
    assert run_score(*SCORE, "--scores_dir", "out")[0] == 0
    assert {path: path.read_bytes() for path in outputs.rglob("*") if path.is_file()} == before


def test_rendering_again_needs_the_scores_alone(run_score, scored, outputs, tmp_path):
    card = (scored / "adapter" / "README.md").read_text()
    again = ("--from_scores", outputs / "scores.json", "--adapter", "adapter")
    assert run_score(*again, "--scores_dir", tmp_path)[0] == 0
    assert (scored / "adapter" / "README.md").read_text() == card
    for path in (path for path in outputs.iterdir() if path.is_file()):  # the records of rows need the rows
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_a_changed_score_changes_what_is_shown(run_score, outputs, tmp_path):
    scores = json.loads((outputs / "scores.json").read_text())
    scores["models"][0]["metrics"]["roc_auc"]["value"] = 0.12345
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    run_score("--from_scores", tmp_path / "scores.json", "--scores_dir", tmp_path)
    assert "| 0.123 [" in (tmp_path / "leaderboard.md").read_text()
    assert ">0.123</button>" in (tmp_path / "report.html").read_text()


def test_a_learning_curve_goes_into_the_report(run_score, scored, outputs, tmp_path):
    scores = json.loads((outputs / "scores.json").read_text())
    points = [{"model": f"sft-{k}", "examples": k, "seconds": None, "flops": None} for k in (100, 500)]
    points = [point | {"roc_auc": {"value": 0.6, "low": 0.5, "high": 0.7}} for point in points]
    curve = {"dataset": scores["dataset"], "curves": [{"name": "sft", "kind": "adapter", "points": points}]}
    (tmp_path / "learning_curve.json").write_text(json.dumps(curve))
    again = ("--from_scores", outputs / "scores.json", "--scores_dir", tmp_path)
    assert run_score(*again, "--learning_curve", tmp_path / "learning_curve.json")[0] == 0
    assert "ROC-AUC against labels learnt from" in (tmp_path / "report.html").read_text()
    assert "Learning curve" not in (outputs / "report.html").read_text()


def test_rows_are_withheld_where_the_licence_says_so_unless_asked_for(run_score, scored, outputs, tmp_path):
    info = json.loads((scored / "data" / "tastetune.json").read_text())
    info["settings"]["redistribution"] = False
    shutil.copytree(scored / "data", tmp_path / "data")
    (tmp_path / "data" / "tastetune.json").write_text(json.dumps(info))
    given = ("--dataset_name", tmp_path / "data", "--predictions", "predictions", "--resamples", "5")
    assert run_score(*given, "--scores_dir", tmp_path / "kept")[0] == 0
    assert run_score(*given, "--scores_dir", tmp_path / "told", "--with_rows")[0] == 0
    for name in ("scores.json", "report.html"):
        assert "## Target movie" not in (tmp_path / "kept" / name).read_text()
        assert "## Target movie" in (tmp_path / "told" / name).read_text()


def test_one_user_who_likes_everything_is_shown_with_the_reasons_for_what_is_missing(run_score, scored, tmp_path):
    shutil.copytree(scored / "data", tmp_path / "data")
    path = tmp_path / "data" / "like_dislike" / "test.parquet"
    table = pq.read_table(path)
    liked = table.filter(pc.equal(table["label"], 1))
    rewritten(liked.filter(pc.equal(liked["user_id"], liked["user_id"][0])), path)
    dataset = open_dataset(tmp_path / "data")
    for name in ("user_item_mean", "other"):
        write(tmp_path / "predictions", dataset, name, 1.0)
    given = (
        "--dataset_name",
        dataset.folder,
        "--predictions",
        tmp_path / "predictions",
        "--scores_dir",
        tmp_path / "out",
    )
    assert run_score(*given)[0] == 0
    for name in ("leaderboard.md", "report.html"):
        text = (tmp_path / "out" / name).read_text()
        assert "only likes (ROC-AUC, Balanced accuracy of" in text
        assert "one user, so no interval (" in text


@pytest.fixture(scope="module")
def faulty(scored):
    """Predictions in a folder of their own, each with one fault."""
    dataset, faulty = open_dataset(scored / "data"), scored / "faulty"
    write(faulty, dataset, "other-dataset", 1.0, fingerprint="another")
    for name in ("cut", "nan", "inf", "first-half", "second-half"):
        write(faulty, dataset, name, 1.0)
    whole = (faulty / "cut.parquet").read_bytes()
    (faulty / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    for name in ("nan", "inf"):  # `write_predictions` would refuse it: a file by other means
        table = pq.read_table(faulty / f"{name}.parquet")
        scores = pa.array([float(name), *table["score"].to_pylist()[1:]])
        pq.write_table(table.set_column(1, "score", scores), faulty / f"{name}.parquet")
    for name, start in (("first-half", 0), ("second-half", 49)):
        table = pq.read_table(faulty / f"{name}.parquet")
        pq.write_table(table.slice(start, 49), faulty / f"{name}.parquet")
    return faulty


def files(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def faults(*names):
    """The flags that score faulty predictions beside good ones."""
    return ["--dataset_name", "data", "--predictions", "predictions", *(f"faulty/{name}.parquet" for name in names)]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--dataset_name", "data"], "nothing to score: name a recipe"),
        (["--dataset_name", "nowhere", "--predictions", "predictions"], "nowhere"),
        (["--dataset_name", "data", "--predictions", "absent.parquet"], "absent.parquet: no such predictions file"),
        ([*DATA, "--split", "tset"], "no split 'tset'"),
        ([*DATA, "--split", "validation"], "split is 'test'"),
        (
            ["--dataset_name", "data", "--predictions", "predictions", "--reference", "svd"],
            "reference 'svd' is not among",
        ),
        (
            ["--dataset_name", "data", "--predictions", "predictions", "--adapter", "none"],
            "--adapter none: no such folder",
        ),
        ([*DATA, "--adapter", "data"], "none of the scored models"),
        ([*DATA, "--resamples", "0"], "--resamples is 0"),
        (["--from_scores", "data/tastetune.json"], "key 'dataset' is missing"),
        (["--from_scores", "empty.json"], "empty.json: no models of like_dislike or top_n in it"),
        (["--from_scores", "out/scores.json", "--learning_curve", "data/tastetune.json"], "did not write it"),
        (faults("cut"), "faulty/cut.parquet: not a whole parquet file"),
        (faults("other-dataset"), "fingerprint is 'another' (dataset 'made'), but fingerprint"),
        (faults("nan"), "faulty/nan.parquet: the score of example_id 'u0:"),
        (faults("inf"), "faulty/inf.parquet: the score of example_id 'u0:"),
        (
            faults("first-half", "second-half"),
            "faulty/first-half.parquet: 49 of 98 rows of split 'test' are not answered",
        ),
    ],
)
@pytest.mark.usefixtures("faulty")
def test_bad_input_ends_with_one_message_and_nothing_written(run_score, scored, args, message):
    (scored / "empty.json").write_text('{"dataset": {}, "bootstrap": {}, "models": []}')
    before = files(scored)
    status, _, stderr = run_score(*args, "--scores_dir", "bad")
    assert status == 1
    assert re.search(r"^error: ", stderr, flags=re.MULTILINE)
    assert message in stderr
    assert files(scored) == before


def test_an_older_output_survives_a_refusal(run_score, outputs, tmp_path):
    shutil.copytree(outputs, tmp_path / "out")
    given = ("--dataset_name", "data", "--predictions", "absent", "--scores_dir", tmp_path / "out")
    assert run_score(*given)[0] == 1
    assert (tmp_path / "out" / "scores.json").read_bytes() == (outputs / "scores.json").read_bytes()

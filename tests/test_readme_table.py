"""benchmarks/readme_table.py from the command line."""

import pytest
from scored import ROOT, run_in

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import find_predictions, read_predictions
from tastetune.artifacts.scores import read_scores
from tastetune.errors import InputError
from tastetune.evaluation.scoring import score
from tastetune.files import write_all
from tastetune.reporting.cards import curve_table
from tastetune.reporting.files import files_of
from tastetune.reporting.leaderboard import costs_table, short_table
from tastetune.reporting.views import VIEWS
from tastetune.speed import Comparison, write_speed
from tastetune.tasks import TASKS

TEXT = "# A text\n\nBefore\n\n<!-- table: out/scores.json -->\nold | table\n<!-- end of table -->\n\nAfter\n"


@pytest.fixture(scope="module")
def folder(scored):
    rows = TASKS["like_dislike"].rows(open_dataset(scored / "data"), "test")
    predictions = [read_predictions(path) for path in find_predictions([scored / "predictions"])]
    write_all(files_of(score(rows, predictions, resamples=20, home=scored / "out"), scored / "out"))
    return scored


@pytest.fixture
def run_table(folder, monkeypatch, capsys):
    (folder / "text.md").write_text(TEXT)
    return lambda *args: run_in(
        folder, monkeypatch, capsys, "../benchmarks/readme_table.py", "out/scores.json", "text.md", *args
    )


def test_the_whole_first_table_takes_the_old_ones_place(folder, run_table):
    assert run_table()[:2] == (0, "table: out/scores.json into text.md\n")
    text, leaderboard = (folder / "text.md").read_text(), (folder / "out" / "leaderboard.md").read_text()
    assert text.startswith("# A text\n\nBefore\n\n<!-- table: out/scores.json -->\n98 rows of 40 users")
    assert text.endswith("<!-- end of table -->\n\nAfter\n")
    table = text.partition("-->\n")[2].partition("\n<!-- end")[0]
    assert table in leaderboard
    assert "| sasrec-seed1 | recbole |" in table
    assert "old | table" not in text
    # Given again, nothing changes
    run_table()
    assert (folder / "text.md").read_text() == text


def test_a_short_table_is_computed_from_the_scores(folder, run_table):
    assert run_table("--rows", 3)[0] == 0
    table = (folder / "text.md").read_text().partition("-->\n")[2].partition("\n<!-- end")[0]
    assert table == short_table(read_scores(folder / "out" / "scores.json", VIEWS), 3)
    assert table.count("\n| ") == 4 - 1  # the head stands first, and below it three models


def test_a_table_of_costs_has_the_adapters_that_learnt_least_first(folder):
    estimate = {"value": 0.75, "low": 0.7, "high": 0.8}
    trained = {"steps": 100, "examples": 6400, "tokens": 1439008, "seconds": 8282.4, "flops": 9.95e14}
    scores = read_scores(folder / "out" / "scores.json", VIEWS)
    others = [model for model in scores["models"] if model["kind"] != "adapter"]
    first = others[0] | {"kind": "adapter"}
    first["metrics"] = first["metrics"] | {"roc_auc": estimate}
    adapters = [
        first | {"model": "sft", "training": trained},
        first | {"model": "short", "training": {"examples": 5301}},
    ]
    scores["models"] = others + adapters
    assert costs_table(scores) == (
        "| Model | Steps | Answers learnt | Tokens read | Seconds | FLOPs | ROC-AUC |\n|:--|--:|--:|--:|--:|--:|--:|\n"
        "| short |  | 5,301 | – | – | – | 0.750 [0.700, 0.800] |\n"
        "| sft | 100 | 6,400 | 1,439,008 | 8,282 | 9.95e+14 | 0.750 [0.700, 0.800] |"
    )
    with pytest.raises(InputError, match="no adapter is among the models"):
        costs_table(scores | {"models": others})


def test_a_table_of_seeds_has_the_metrics_that_are_named(folder, run_table):
    (folder / "text.md").write_text("<!-- seeds: out/scores.json -->\n<!-- end of seeds -->\n")
    status, printed, _ = run_table("--seeds", "--metrics", "uauc")
    assert (status, printed) == (0, "seeds: out/scores.json into text.md\n")
    table = (folder / "text.md").read_text()
    assert "| Recipe | Seeds | UAUC | Against | UAUC |\n|:--|--:|--:|:--|--:|\n| user_item_mean | 1 |" in table
    assert "| sasrec | 2 | " in table
    assert " | user_item_mean | " in table


@pytest.mark.parametrize(
    ("text", "args", "message"),
    [
        (TEXT, ["--seeds", "--metrics", "auc"], "--metrics auc: expected some of roc_auc, "),
        ("no marks", [], "text.md: 0 places marked '<!-- table: out/scores.json -->' ... '<!-- end of table -->'"),
        (TEXT * 2, [], "text.md: 2 places marked"),
        (TEXT, ["--rows", "0"], "--rows is 0; give at least 1"),
    ],
)
def test_what_cannot_be_done_leaves_the_text_as_it_was(folder, run_table, text, args, message):
    (folder / "text.md").write_text(text)
    status, _, err = run_table(*args)
    assert status == 1
    assert message in err
    assert (folder / "text.md").read_text() == text


def test_the_readmes_map_is_what_is_there(tmp_path, monkeypatch, capsys):
    (tmp_path / "README.md").write_text((ROOT / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(ROOT)
    status, _, stderr = run_in(
        ROOT, monkeypatch, capsys, "../benchmarks/readme_table.py", "tastetune", tmp_path / "README.md"
    )
    assert status == 0, stderr
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_learning_curve_has_an_adapters_points_and_what_the_others_came_to():
    def point(model, examples, auc):
        return {
            "model": model, "examples": examples, "tokens": None, "seconds": 60.0, "flops": None,
            "roc_auc": {"value": auc, "low": auc - 0.05, "high": auc + 0.05},
        }  # fmt: skip

    svd = [point("svd-epoch-1", 100, 0.625), point("svd", 200, 0.75)]
    sft = [point("zero-shot", 0, 0.5), point("sft-10", 640, 0.8)]
    passed = {"curve": "sft", "other": "svd", "model": "sft-10", "examples": 640, "difference": 0.05, "low": None}
    curve = {
        "metric": "roc_auc",
        "dataset": {"name": "made"},
        "bootstrap": {"level": 0.95},
        "curves": [
            {"name": "zero-shot", "kind": "base", "points": sft[:1]},
            {"name": "sft", "kind": "adapter", "points": sft},
            {"name": "svd", "kind": "recbole", "points": svd},
        ],
        "passes": [passed | {"high": None}],
    }
    assert curve_table(curve) == (
        "| Curve | Model | Labels | Tokens | Seconds | FLOPs | ROC-AUC |\n|:--|:--|--:|--:|--:|--:|--:|\n"
        "| sft | zero-shot | 0 | – | 60 | – | 0.500 [0.450, 0.550] |\n"
        "| sft | sft-10 | 640 | – | 60 | – | 0.800 [0.750, 0.850] |\n"
        "| svd | svd | 200 | – | 60 | – | 0.750 [0.700, 0.800] |\n"
        "\n- sft passes svd at sft-10, after 640 labels: +0.050"
    )


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("README.md", "results/ml1m-gpu/scores.json --rows 6"),
        ("docs/evaluation.md", "results/quickstart/learning_curve.json --curve"),
        ("docs/pretrained.md", "results/ml1m-gpu/scores.json --rows 19"),
        ("docs/scale.md", "results/speed"),
        ("docs/scale.md", "results/scale --paper"),
        ("docs/small.md", "results/ml1m-small/scores.json --rows 11"),
    ],
)
def test_what_documents_show_is_what_the_files_hold(document, words, tmp_path, monkeypatch, capsys):
    text = (ROOT / document).read_text(encoding="utf-8")
    copy = tmp_path / "document.md"
    copy.write_text(text, encoding="utf-8")
    monkeypatch.chdir(ROOT)
    results, *flags = words.split()
    status, _, stderr = run_in(ROOT, monkeypatch, capsys, "../benchmarks/readme_table.py", results, copy, *flags)
    assert status == 0, stderr
    assert copy.read_text(encoding="utf-8") == text


def test_what_benchmarks_measured_becomes_a_table(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    write_speed("reading", [Comparison("Rows read", "rows/s", "pandas", 10.0, 25.0, "every value")], {}, turns=3)
    (tmp_path / "text.md").write_text("<!-- speed: results/speed -->\n<!-- end of speed -->\n")
    assert run_in(tmp_path, monkeypatch, capsys, "../benchmarks/readme_table.py", "results/speed", "text.md")[0] == 0
    assert "| Rows read | pandas | 10 rows/s | 25 rows/s | 2.5 | every value |" in (tmp_path / "text.md").read_text()

import json
import os
import shutil
import subprocess
import sys

import pyarrow as pa
import pytest
from made import rewritten
from made_lists import make_lists
from warm import python

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.list_table import ListLine, list_table, lists_of
from tastetune.artifacts.predictions import Meta, Predictions, read_predictions, write_predictions
from tastetune.artifacts.score_table import score_table
from tastetune.baselines.predictions_files import fit_or_keep
from tastetune.baselines.trivial.lists import MODELS, TrivialLists
from tastetune.errors import InputError
from tastetune.evaluation.scoring import score
from tastetune.reporting.leaderboard import leaderboard
from tastetune.tasks import TASKS


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return TASKS["top_n"].rows(open_dataset(make_lists(tmp_path_factory.mktemp("lists") / "data")), "test")


def model(rows, name, lists, **changes):
    dataset = rows.dataset
    known = {"dataset": dataset.name, "config": "top_n", "split": "test", "fingerprint": dataset.fingerprint}
    meta = Meta(model=name, kind="base", **known | changes)
    return Predictions(meta, list_table(dict(zip(rows.example_ids, lists, strict=True))))


def test_three_users_by_hand(rows):
    """The first is given a hit, a repeat of it, an own film, a line off the catalogue and a hit; the others nothing
    and ten hits, as far as their gold list of twelve reaches.

    P@3: (1/3 + 0 + 3/3) / 3 = 4/9. MRR: (1 + 0 + 1) / 3. Of 15 lines one each is off the catalogue, repeated, own.
    """
    gold, liked = (rows.table[name].to_pylist() for name in ("gold", "liked"))
    assert len(gold) == 3
    first = [gold[0][0], gold[0][0], liked[0][0], None, gold[0][1]]
    lists = [[ListLine(item, None, "text") for item in first], [], [ListLine(item) for item in gold[2][:10]]]
    scores = score(rows, [model(rows, "made", lists)], resamples=20)
    (found,) = scores["models"]
    values = {name: estimate["value"] for name, estimate in found["metrics"].items()}
    assert values["precision@3"] == pytest.approx(4 / 9)
    assert values["precision@5"] == pytest.approx((2 / 5 + 0 + 1) / 3)
    assert values["mrr"] == pytest.approx(2 / 3)
    assert values["hit_rate@3"] == pytest.approx(2 / 3)
    average = (1 / 1 + 2 / 5) / len(gold[0]), 0, len(gold[2][:10]) / len(gold[2])
    assert values["map"] == pytest.approx(sum(average) / 3)
    n_lines = 5 + len(gold[2][:10])
    assert [values[name] for name in ("off_catalogue", "repeated", "own")] == pytest.approx([1 / n_lines] * 3)
    assert values["answered"] == pytest.approx(2 / 3)
    assert (found["unanswered"], found["lines"]) == (1, n_lines)
    assert values["coverage"] == len({gold[0][0], gold[0][1], liked[0][0], *gold[2][:10]}) / 40
    assert found["metrics"]["coverage"]["low"] is None
    assert scores["dataset"]["gold_length"]["most"] == max(map(len, gold))


def test_the_gold_list_itself_is_perfect_and_the_difference_is_paired(rows):
    perfect = model(rows, "gold", [[ListLine(item) for item in gold[:10]] for gold in rows.table["gold"].to_pylist()])
    silent = model(rows, "most_popular", [[], [], []])
    scores = score(rows, [silent, perfect], resamples=50)
    assert [found["model"] for found in scores["models"]] == ["gold", "most_popular"]
    assert scores["models"][0]["metrics"]["ndcg@10"] == pytest.approx({"value": 1, "low": 1, "high": 1})
    against = scores["models"][0]["against"]["most_popular"]
    # Every resample shows a difference of one, so p is the least that 50 resamples can give: 2 x 1/51
    assert against["precision@3"] == pytest.approx(
        {"difference": 1, "low": 1, "high": 1, "p": 2 / 51, "p_holm": 2 / 51}
    )
    assert scores["models"][1]["against"] == {}
    # Nothing was written, so no share of lines is defined
    assert scores["models"][1]["metrics"]["repeated"] == {"value": None, "low": None, "high": None}
    assert "| most_popular | base | 0.000" in leaderboard(scores)
    json.dumps(scores, allow_nan=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "validation"}, "split is 'validation'.*but split 'test'"),
        ({"fingerprint": "other"}, "fingerprint is 'other'"),
        ({"config": "like_dislike"}, "config is 'like_dislike'"),
    ],
)
def test_lists_of_other_rows_are_refused(rows, change, message):
    with pytest.raises(InputError, match=message):
        score(rows, [model(rows, "m", [[], [], []], **change)], resamples=1)


def test_unknown_items_doubled_models_unknown_references_and_empty_gold_are_refused(rows):
    silent = model(rows, "m", [[], [], []])
    with pytest.raises(InputError, match="item 'i999' is not in the catalogue"):
        score(rows, [model(rows, "m", [[ListLine("i999")], [], []])], resamples=1)
    with pytest.raises(InputError, match="model 'm' is also the model of"):
        score(rows, [silent, silent], resamples=1)
    with pytest.raises(InputError, match="reference 'ease' is not among the models: m"):
        score(rows, [silent], reference="ease", resamples=1)


def test_an_empty_gold_list_is_refused(rows, tmp_path):
    shutil.copytree(rows.dataset.folder, tmp_path / "data")
    table, users = rows.dataset.read("top_n", "test"), rows.table["user_id"].to_pylist()
    gold = pa.array([[] if user == users[1] else ["i1"] for user in users])
    place = table.column_names.index("gold")
    table = table.set_column(place, "gold", gold.cast(table.schema.field("gold").type))
    rewritten(table, tmp_path / "data" / "top_n" / "test.parquet")
    with pytest.raises(InputError, match=f"the gold list of user '{users[1]}' is empty"):
        TASKS["top_n"].rows(open_dataset(tmp_path / "data"), "test")


def test_scores_of_single_rows_are_no_lists(rows):
    meta = model(rows, "m", [[], [], []]).meta
    scores = Predictions(meta, score_table(rows.example_ids, [0.5] * 3))
    with pytest.raises(InputError, match="holds a score a row, no lists"):
        score(rows, [scores], resamples=1)


def test_the_script_writes_scores_and_what_is_rendered_from_them(rows, tmp_path):
    predictions, out = tmp_path / "predictions", tmp_path / "out"
    for name in MODELS:
        fit_or_keep(TrivialLists(name), rows.dataset, "test", predictions)
    prose = model(rows, "prose", [[ListLine(None, None, "I am sorry")], [], []])
    write_predictions(predictions / "prose.parquet", prose.meta, prose.table)
    assert lists_of(read_predictions(predictions / "prose.parquet").table) == lists_of(prose.table)
    command = ["scripts/score.py", "--scores_dir", out]
    given = ["--dataset_name", rows.dataset.folder, "--predictions", predictions, "--resamples", "20"]
    assert python(*command, *given).returncode == 0
    text = (out / "leaderboard.md").read_text()
    assert all(f"| {name} | " in text for name in ("most_popular", "most_cowatched", "prose"))
    first = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert set(first) == {"scores.json", "leaderboard.md", "leaderboard.png", "report.html"}
    again = [*command, "--from_scores", out / "scores.json"]
    elsewhere = os.environ | {"PYTHONHASHSEED": "7"}  # in a process that keeps sets of texts in another order
    subprocess.run([sys.executable, *again], check=True, capture_output=True, env=elsewhere)
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == first
    form = dict.fromkeys(("chance", "p", "constant", "copied")) | {"form": "free", "asks": "a title", "n": 0}
    form |= {key: {"value": 0.5, "low": 0.2, "high": 0.8} for key in ("recalled", "neutral")} | {"popularity": []}
    other = {
        "dataset": {"items": 9, "fingerprint": "another"},
        "model": {"model": "zero-shot", "base_model": None, "adapter": None, "settings": {}},
        "settings": {"items": 3, "shots": 0, "seed": 1, "level": 0.95},
        "titles_shared": 0,
        "forms": [form],
        "command": "python scripts/probe.py",
    }
    (tmp_path / "probe.json").write_text(json.dumps(other))
    done = python(*again, "--probe", tmp_path / "probe.json")
    assert done.returncode == 1
    assert "probe.json: a probe of the dataset with fingerprint another" in done.stderr
    done = python(*command, "--dataset_name", "x")
    assert done.returncode == 1
    assert done.stderr.startswith("error: nothing to score: name a recipe")

"""scores and predictions -> Every Eval Ever: what a stranger can read, and compute again, from the records alone."""

import importlib.util
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from made_lists import make_futures, make_lists
from scored import make_scored, write
from sklearn import metrics as oracle

from tastetune.artifacts.dataset import INFO, open_dataset
from tastetune.artifacts.list_table import ListLine, list_table
from tastetune.artifacts.predictions import Meta, Predictions, find_predictions, read_predictions
from tastetune.errors import InputError
from tastetune.evaluation.scoring import score
from tastetune.reporting.run import ScoredRun, write_run
from tastetune.tasks import TASKS


def export(folder: Path, task: str, predictions, adapters=()) -> Path:
    """Score predictions of the dataset in `folder`/data, and write everything that shows it into `folder`."""
    rows = TASKS[task].rows(open_dataset(folder / "data"), "test")
    predictions = predictions(rows) if callable(predictions) else predictions
    scores = score(rows, predictions, resamples=20, home=folder)
    write_run(ScoredRun(scores, folder, rows, tuple(predictions)), folder, adapters, records=True)
    return folder


def forbid(folder: Path) -> None:
    """Have the licence of the ratings forbid passing them on."""
    info = json.loads((folder / "data" / INFO).read_text())
    info["settings"]["redistribution"] = False
    (folder / "data" / INFO).write_text(json.dumps(info))


@pytest.fixture(scope="module", params=["shared", "withheld"])
def likes(request, tmp_path_factory):
    """Records of six models; one of them generated text, and every seventh answer cannot be read."""
    folder = tmp_path_factory.mktemp(request.param)
    dataset = make_scored(folder)
    texts = [("Yes", "No", "maybe", "Yes", "No", "No", "Yes")[n % 7] for n in range(98)]
    write(folder / "predictions", dataset, "written", 1.0, answers=texts, kind="base", base_model="org/base")
    if request.param == "withheld":
        forbid(folder)
    files = find_predictions([folder / "predictions"])
    return export(folder, "like_dislike", [read_predictions(path) for path in files], [folder / "adapter"])


@pytest.fixture(scope="module", params=["shared", "withheld", "future"])
def lists(request, tmp_path_factory):
    """Records of a list with a hit, a repeat, an own film, a line off the catalogue and a hit, of hits, and of none.

    Of lists of the future the own film is none of the favourites.
    """
    folder = tmp_path_factory.mktemp(request.param)
    make_futures(folder / "data") if request.param == "future" else make_lists(folder / "data")
    if request.param == "withheld":
        forbid(folder)

    def predictions(rows):
        gold, liked, seen = (rows.table[name].to_pylist() for name in ("gold", "liked", rows.dataset.seen))
        own = next((item for item in seen[0] if item not in liked[0]), liked[0][0])
        first = [gold[0][0], gold[0][0], own, None, gold[0][1]]
        lines = [[ListLine(item, None, "Some Film (1970)") for item in first], [ListLine(i) for i in gold[1][:10]]]
        lines += [[] for _ in gold[2:]]
        known = {"dataset": rows.dataset.name, "config": "top_n", "split": "test"}
        meta = Meta(model="a/made model", kind="base", fingerprint=rows.dataset.fingerprint, **known)
        return [Predictions(meta, list_table(dict(zip(rows.example_ids, lines, strict=True))))]

    return export(folder, "top_n", predictions)


def records(folder: Path) -> dict[str, tuple[dict, list[dict]]]:
    """Of each model the aggregate and its rows, read as a stranger would: from the aggregate's own pointer."""
    found = {}
    for path in sorted((folder / "eval").rglob("*.json")):
        aggregate = json.loads(path.read_text())
        rows = (folder / "eval" / aggregate["detailed_evaluation_results"]["file_path"]).read_text().splitlines()
        found[aggregate["model_info"]["name"]] = aggregate, [json.loads(row) for row in rows]
    return found


def figures(aggregate: dict) -> dict[str, float]:
    results = aggregate["evaluation_results"]
    return {result["metric_config"]["metric_id"]: result["score_details"]["score"] for result in results}


def figures_of_likes(rows: list[dict]) -> dict[str, float]:
    """Every figure of labelled rows from their records alone, by scikit-learn."""
    label = np.array([row["input"]["reference"] == ["Yes"] for row in rows], int)
    value = np.array([row["evaluation"]["score"] for row in rows])
    yes = np.where([row["evaluation"]["is_correct"] for row in rows], label, 1 - label)
    users = defaultdict(list)
    for place, row in enumerate(rows):
        users[row["metadata"]["user"]].append(place)
    both = [places for places in users.values() if len(set(label[places])) == 2]
    aucs = [oracle.roc_auc_score(label[places], value[places]) for places in both]
    found = {
        "roc_auc": oracle.roc_auc_score(label, value),
        "average_precision": oracle.average_precision_score(label, value),
        "uauc": np.mean(aucs),
        "uauc_weighted": np.average(aucs, weights=[len(places) for places in both]),
        "precision": oracle.precision_score(label, yes),
        "recall": oracle.recall_score(label, yes),
        "f1": oracle.f1_score(label, yes),
        "accuracy": oracle.accuracy_score(label, yes),
        "balanced_accuracy": oracle.balanced_accuracy_score(label, yes),
    }
    if "stars" in rows[0]["metadata"]:
        stars = np.array([float(row["metadata"]["stars"]) for row in rows])
        return found | {"rmse": np.mean((stars - value) ** 2) ** 0.5, "mae": np.abs(stars - value).mean()}
    tenth = np.minimum((value * 10).astype(int), 9)
    apart = [abs(np.sum(value[tenth == b] - label[tenth == b])) for b in range(10)]
    losses = {"log_loss": oracle.log_loss(label, value), "brier": oracle.brier_score_loss(label, value)}
    return found | losses | {"ece": sum(apart) / len(rows)}


def test_every_figure_of_likes_follows_from_the_rows_alone(likes):
    scores = json.loads((likes / "scores.json").read_text())
    found = records(likes)
    assert set(found) == {model["model"] for model in scores["models"]}
    for model in scores["models"]:
        aggregate, rows = found[model["model"]]
        known = {name: of["value"] for name, of in model["metrics"].items() if of["value"] is not None}
        assert figures(aggregate) == known
        assert figures_of_likes(rows) == pytest.approx(known)


def figures_of_lists(rows: list[dict], catalogue: int) -> dict[str, float]:
    """Every figure of hits and lines from their records alone, user by user, as docs/lists.md defines them."""
    of_users, of_lines, recommended = defaultdict(list), defaultdict(float), set()
    for row in rows:
        gold = set(row["input"]["reference"])
        lines, popularity = (json.loads(row["metadata"][k]) for k in ("lines", "popularity"))
        seen = json.loads(row["metadata"].get("seen", row["metadata"]["favourites"]))
        hits = [item in gold and item not in lines[:place] for place, item in enumerate(lines)]
        for k in (3, 5, 10):
            n = sum(hits[:k])
            of_users[f"precision@{k}"].append(n / k)
            of_users[f"recall@{k}"].append(n / len(gold))
            of_users[f"f1@{k}"].append(2 * n / (k + len(gold)))
            of_users[f"hit_rate@{k}"].append(n > 0)
            gain = sum(1 / np.log2(rank + 2) for rank, hit in enumerate(hits[:k]) if hit)
            of_users[f"ndcg@{k}"].append(gain / sum(1 / np.log2(rank + 2) for rank in range(min(k, len(gold)))))
        ranks = [rank for rank, hit in enumerate(hits, 1) if hit]
        of_users["mrr"].append(1 / ranks[0] if ranks else 0)
        of_users["map"].append(sum(n / rank for n, rank in enumerate(ranks, 1)) / len(gold))
        of_users["answered"].append(bool(lines))
        of_users["lines"].append(len(lines))
        of_lines["off_catalogue"] += sum(item is None for item in lines)
        of_lines["repeated"] += sum(item is not None and item in lines[:place] for place, item in enumerate(lines))
        of_lines["own"] += sum(item in seen for item in lines)
        of_lines["popularity"] += sum(popularity)
        recommended |= {item for item in lines if item is not None}
    written = sum(of_users["lines"])
    wholes = {"popularity": written - of_lines["off_catalogue"]}
    found = {name: np.mean(values) for name, values in of_users.items()}
    found |= {name: value / wholes.get(name, written) for name, value in of_lines.items()}
    return found | {"coverage": len(recommended) / catalogue}


def test_every_figure_of_hits_and_lines_follows_from_the_rows_alone(lists):
    (model,) = json.loads((lists / "scores.json").read_text())["models"]
    ((aggregate, rows),) = records(lists).values()
    known = {name: of["value"] for name, of in model["metrics"].items() if of["value"] is not None}
    assert figures(aggregate) == known
    for of_the_catalogue in ("popularity_lift", "novelty", "diversity"):
        del known[of_the_catalogue]
    catalogue = int(aggregate["evaluation_results"][0]["source_data"]["additional_details"]["items"])
    assert figures_of_lists(rows, catalogue) == pytest.approx(known)
    assert [row["evaluation"]["is_correct"] for row in sorted(rows, key=lambda row: -row["evaluation"]["score"])] == [
        True,
        True,
        *[False for _ in rows[2:]],  # the users who got no list
    ]


def is_forbidden(folder: Path) -> bool:
    return not open_dataset(folder / "data").may_be_shared


def test_of_likes_that_may_not_leave_no_name_leaves(likes):
    assert names_something(likes) is not is_forbidden(likes)
    assert tells_prompts(likes) is not is_forbidden(likes)


def test_of_lists_that_may_not_leave_no_name_leaves(lists):
    assert names_something(lists) is not is_forbidden(lists)
    assert not tells_prompts(lists)


def names_something(folder: Path) -> bool:
    """Whether a record tells a row's, a user's or an item's name."""
    dataset = open_dataset(folder / "data")
    rows, items = dataset.read(dataset.task, "test"), dataset.read("items", "train")
    names = {*rows["example_id"].to_pylist(), *rows["user_id"].to_pylist(), "Some Film (1970)"}
    names |= {*items["item_id"].to_pylist(), *items["title"].to_pylist()}
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names))
    return any(pattern.search(path.read_text()) for path in (folder / "eval").rglob("*.json*"))


def tells_prompts(folder: Path) -> bool:
    return any("Below is a user's history" in path.read_text() for path in (folder / "eval").rglob("*.json*"))


def test_models_share_ids_whatever_they_are_and_the_places_of_rows_tell_nothing(likes):
    ids = [[row["sample_id"] for row in rows] for _, rows in records(likes).values()]
    assert all(names == ids[0] for names in ids)
    plain = open_dataset(likes / "data").read("like_dislike", "test")["example_id"].to_pylist()
    assert ids[0] == (sorted(ids[0]) if is_forbidden(likes) else plain)
    assert len(set(ids[0])) == len(plain)


def test_an_answer_that_cannot_be_read_is_a_wrong_one_and_says_so(likes):
    _, rows = records(likes)["written"]
    unread = [row for row in rows if row["answer_attribution"][0]["extracted_value"] == ""]
    assert len(unread) == 14  # every seventh of 98
    assert not any(row["evaluation"]["is_correct"] for row in unread)
    assert {row["output"]["raw"][0] for row in unread} == {"" if is_forbidden(likes) else "maybe"}


def test_the_aggregate_says_how_sure_a_figure_is_and_when_it_was_computed(likes):
    scores = json.loads((likes / "scores.json").read_text())
    aggregate, _ = records(likes)["sft-500"]
    (model,) = (model for model in scores["models"] if model["model"] == "sft-500")
    (auc,) = (of for of in aggregate["evaluation_results"] if of["evaluation_result_id"] == "roc_auc")
    interval = auc["score_details"]["uncertainty"]["confidence_interval"]
    assert (interval["lower"], interval["upper"]) == tuple(model["metrics"]["roc_auc"][end] for end in ("low", "high"))
    assert aggregate["evaluation_timestamp"] == scores["date"]
    assert aggregate["model_info"]["additional_details"]["base_model"] == "meta-llama/Llama-3.2-1B-Instruct"


def test_records_of_before_go_and_an_adapter_has_its_own(tmp_path):
    make_scored(tmp_path)
    files = [read_predictions(path) for path in find_predictions([tmp_path / "predictions"])]
    export(tmp_path, "like_dislike", files, [tmp_path / "adapter"])
    assert {path.parent.name for path in (tmp_path / "adapter" / "eval").rglob("*.json")} == {"sft-500", "sft-100"}
    before = {path: path.read_bytes() for path in (tmp_path / "eval").rglob("*.json*")}
    export(tmp_path, "like_dislike", [of for of in files if of.meta.model != "sasrec-seed1"])
    after = {path: path.read_bytes() for path in (tmp_path / "eval").rglob("*.json*")}
    assert after == {path: content for path, content in before.items() if path.parent.name != "sasrec-seed1"}


@pytest.mark.parametrize(
    "place", ["eval/thesis.txt", "adapter/eval/notes/mine.json", "adapter/predictions/sft.parquet"]
)
def test_a_file_that_no_export_wrote_is_never_lost(tmp_path, place):
    """Not where records are replaced, and not where they are removed because nobody asked for new ones."""
    make_scored(tmp_path)
    path = tmp_path / "predictions" / "sft-500.parquet"
    export(tmp_path, "like_dislike", [read_predictions(path)], [tmp_path / "adapter"])
    scores = json.loads((tmp_path / "scores.json").read_text())
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("mine")
    rows = TASKS["like_dislike"].rows(open_dataset(tmp_path / "data"), "test")
    for records in (True, False):
        run = ScoredRun(scores, tmp_path, rows, (read_predictions(path),))
        with pytest.raises(InputError, match=rf"{place}: would be lost"):
            write_run(run, tmp_path, [tmp_path / "adapter"], records=records)
        assert (tmp_path / place).read_text() == "mine"


needs_every_eval_ever = pytest.mark.skipif(
    not importlib.util.find_spec("every_eval_ever"), reason="every-eval-ever is not installed"
)


@needs_every_eval_ever
def test_every_eval_ever_accepts_those_of_likes(likes):
    assert_accepted(likes / "eval")


@needs_every_eval_ever
def test_every_eval_ever_accepts_those_of_lists(lists):
    assert_accepted(lists / "eval")


def assert_accepted(folder: Path) -> None:
    """Its command exits with 0 only without an error and without a warning."""
    command = [sys.executable, "-m", "every_eval_ever", "validate", "--format", "json", "data/*/*/*/*.json*"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(json.loads(done.stdout)) == len([*folder.rglob("*.json*")])

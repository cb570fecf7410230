"""The Hub's evaluation results, read by huggingface_hub's own parser."""

import json

import pytest
import yaml
from hub_server import Repository
from huggingface_hub import ModelCard, parse_eval_result_entries
from made import make_dataset
from scored import make_scored

from tastetune.artifacts.predictions import find_predictions, read_predictions
from tastetune.errors import InputError
from tastetune.evaluation.scoring import score
from tastetune.files import write_all
from tastetune.hub.results import RESULTS, benchmark, check_dataset_id, results_to_send
from tastetune.hub.screening import files_to_push
from tastetune.reporting.files import files_of
from tastetune.tasks import TASKS

RECORD = "eval/data/made/local/sft/ad7e34de-fc4d-4667-abda-6a08d8d76b6b"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A scored run whose adapter is whole."""
    folder = tmp_path_factory.mktemp("scored")
    rows = TASKS["like_dislike"].rows(make_scored(folder), "test")
    predictions = [read_predictions(path) for path in find_predictions([folder / "predictions"])]
    scores = score(rows, predictions, resamples=20, home=folder)
    write_all(files_of(scores, folder, [folder / "adapter"]))
    (folder / "adapter" / "adapter_config.json").write_text('{"base_model_name_or_path": "org/base"}')
    return folder


@pytest.fixture
def entries(folder):
    return parse_eval_result_entries(yaml.safe_load((folder / "adapter" / RESULTS).read_text()))


def test_they_are_the_adapters_own_figures_and_those_of_its_card(folder, entries):
    """The checkpoint that lies inside it is in the card alone: the Hub shows one value a task."""
    scores = json.loads((folder / "scores.json").read_text())
    (model,) = (model for model in scores["models"] if model["model"] == "sft-500")
    metrics = [entry.task_id.removeprefix("like_dislike_test_") for entry in entries]
    assert metrics == ["roc_auc", "uauc", "precision", "recall", "f1", "accuracy"]
    assert [entry.value for entry in entries] == [model["metrics"][name]["value"] for name in metrics]
    card = ModelCard.load(folder / "adapter" / "README.md").data.eval_results
    assert [entry.value for entry in entries] == [result.metric_value for result in card[:6]]
    assert {entry.date for entry in entries} == {scores["date"]}
    low, high = (model["metrics"]["roc_auc"][end] for end in ("low", "high"))
    assert f"ROC-AUC: 95% interval {low:.4f} to {high:.4f} (20 bootstrap resamples of the users)" in entries[0].notes


def test_every_task_of_theirs_is_one_that_the_dataset_names(entries):
    tasks = yaml.safe_load(benchmark("made", "like_dislike", ["test"], TASKS["like_dislike"].headline))["tasks"]
    assert [entry.task_id for entry in entries] == [task["id"] for task in tasks]
    assert {(task["config"], task["split"]) for task in tasks} == {("like_dislike", "test")}
    lists = yaml.safe_load(benchmark("made", "top_n", ["test"], ["ndcg@10"]))
    assert lists["tasks"] == [{"id": "top_n_test_ndcg_at_10", "config": "top_n", "split": "test"}]


def test_they_go_once_the_hub_can_have_their_dataset(folder):
    """A folder's name is no dataset of the Hub: it would be somebody else's, or nobody's."""
    adapter = folder / "adapter"
    assert RESULTS in files_to_push(adapter)[1]
    assert RESULTS in files_to_push(adapter, dataset="org/made", private=False)[0]
    assert RESULTS in files_to_push(adapter, dataset="org/made", ignore=[".eval_results"])[1]
    (sent, *_) = parse_eval_result_entries(yaml.safe_load(results_to_send(adapter / RESULTS, "org/sft", "org/made")))
    assert (sent.dataset_id, sent.source_url) == ("org/made", "https://huggingface.co/org/sft/tree/main/eval")


def test_a_dataset_without_an_owner_is_refused():
    check_dataset_id("org/made")
    with pytest.raises(InputError, match="no owner in it; give ORG/NAME"):
        check_dataset_id("made")
    with pytest.raises(InputError, match="no Hub id"):
        check_dataset_id("outputs/ml1m/data")


def test_results_that_are_none_are_refused(folder, tmp_path):
    (tmp_path / "results.yaml").write_text("- value: 1\n")
    with pytest.raises(InputError, match=r"no evaluation results of the Hub .*; score the adapter anew"):
        results_to_send(tmp_path / "results.yaml", "org/sft")


def test_records_of_rows_go_public_and_nothing_else_that_is_called_a_little_like_them(folder):
    adapter = folder / "adapter"
    for name in (f"{RECORD}.json", f"{RECORD}_samples.jsonl"):
        (adapter / name).parent.mkdir(parents=True, exist_ok=True)
        (adapter / name).write_text("{}")
        assert name in files_to_push(adapter, private=False)[0]
    (adapter / "eval" / "rows.jsonl").write_text("{}")
    with pytest.raises(InputError, match=r"eval/rows\.jsonl: may hold rows of ratings"):
        files_to_push(adapter, private=False)
    (adapter / "eval" / "rows.jsonl").unlink()


def test_a_dataset_goes_public_with_what_it_measures(tmp_path):
    dataset = make_dataset(tmp_path / "data", n_users=5)
    (dataset / "eval.yaml").write_text(benchmark("made", "like_dislike", ["test"], ["roc_auc"]))
    assert "eval.yaml" in files_to_push(dataset, "dataset", private=False)[0]


def test_a_push_takes_them_to_the_top_and_removes_records_of_other_scores(hub, folder):
    hub.repositories["model", "org/base"] = Repository(private=False)
    hub.repositories["model", "org/base"].commit("main", {})
    (folder / "adapter" / "LICENSE").write_text("the base model's")
    kept, removed = (folder / "adapter" / f"{name}.json" for name in (RECORD, RECORD.replace("ad7e", "ad7f")))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("{}")
    removed.write_text("{}")
    for files_there in ([kept, removed], [kept]):
        done = hub.run("scripts/push.py", folder / "adapter", "org/Llama-sft", "--dataset", "org/made")
        assert done.returncode == 0, done.stderr
        files = hub.files("model", "org/Llama-sft")
        records = [folder / "adapter" / name for name in files if name.startswith("eval/") and name.endswith(".json")]
        assert records == files_there
        removed.unlink(missing_ok=True)
    assert f"bytes  {RESULTS}\n" in done.stdout
    (entry, *_) = parse_eval_result_entries(yaml.safe_load(files[RESULTS].decode()))
    assert entry.dataset_id == "org/made"
    assert entry.source_url == f"{hub.url}/org/Llama-sft/tree/main/eval"

"""A stack over made answers: what it fits, whom it leaves out, and what it says of its members."""

from dataclasses import replace

import numpy as np
import pytest
from made import make_dataset
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import Meta, read_predictions, write_predictions
from tastetune.artifacts.score_table import score_table
from tastetune.baselines import rows_answered
from tastetune.baselines.predictions_files import fit_or_keep
from tastetune.baselines.stacked import StackedBaseline, stacks
from tastetune.errors import InputError
from tastetune.evaluation.scoring import score
from tastetune.tasks import task_of


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("made"), n_users=80))


@pytest.fixture
def folder(dataset, tmp_path):
    """Answers to test and, in the folder validation, to validation: three that know half each, and one that guesses."""
    rng = np.random.default_rng(0)
    for split, place in (("test", tmp_path), ("validation", tmp_path / "validation")):
        rows = task_of(dataset).rows(dataset, split)
        labels = rows.table["label"].to_numpy()
        noise = {name: rng.normal(0, 1, len(labels)) for name in ("item_mean", "sft", "guess")}
        log_odds = {
            "item_mean": (labels - 0.5) * 2 + noise["item_mean"],
            "sft": (labels - 0.5) * 2 + noise["sft"],
            "guess": noise["guess"],
        }
        for name, odds in log_odds.items():
            kind = "adapter" if name == "sft" else "trivial"
            meta = Meta(model=name, kind=kind, **rows_answered(dataset, split))
            write_predictions(place / f"{name}.parquet", meta, score_table(rows.example_ids, 1 / (1 + np.exp(-odds))))
    return tmp_path


def labels_and_scores(dataset, predictions, split="test"):
    rows = task_of(dataset).rows(dataset, split)
    return rows.table["label"].to_numpy(), predictions.scores(rows.example_ids)[0]


def test_it_is_the_regression_of_the_labels_on_log_odds(dataset, folder):
    stacked = StackedBaseline(folder, folder / "validation").fit_predict(dataset, "test")

    def log_odds(place):
        rows = [read_predictions(place / f"{name}.parquet") for name in ("guess", "item_mean", "sft")]
        split = rows[0].meta.split
        return np.column_stack([np.log(p / (1 - p)) for p in (labels_and_scores(dataset, of, split)[1] for of in rows)])

    seen, asked = log_odds(folder / "validation"), log_odds(folder)
    mean, spread = seen.mean(0), seen.std(0)
    labels, _ = labels_and_scores(dataset, read_predictions(folder / "validation" / "sft.parquet"), "validation")
    oracle = LogisticRegression(max_iter=1000).fit((seen - mean) / spread, labels)
    expected = oracle.predict_proba((asked - mean) / spread)[:, 1]
    assert labels_and_scores(dataset, stacked)[1] == pytest.approx(expected, abs=1e-9)
    assert list(stacked.meta.settings["coefficients"].values()) == pytest.approx(oracle.coef_[0].tolist())


def test_two_that_know_different_halves_are_better_together(dataset, folder):
    stacked = StackedBaseline(folder, folder / "validation").fit_predict(dataset, "test")
    alone = roc_auc_score(*labels_and_scores(dataset, read_predictions(folder / "sft.parquet")))
    assert roc_auc_score(*labels_and_scores(dataset, stacked)) > alone + 0.03
    # Two whose means lie 2 apart with a spread of 1 deserve weight; a guesser, on so few rows, gets a little by chance
    weights = stacked.meta.settings["coefficients"]
    assert min(weights["item_mean"], weights["sft"]) > 2 * abs(weights["guess"])


def test_the_table_says_what_the_language_model_adds(dataset, folder):
    both = [stack.fit_predict(dataset, "test") for stack in stacks(folder, folder / "validation")]
    assert [of.meta.model for of in both] == ["stacked", "stacked_without_language_models"]
    assert list(both[1].meta.settings["members"]) == ["guess", "item_mean"]
    scores = score(task_of(dataset).rows(dataset, "test"), both, resamples=50)
    by_name = {model["model"]: model for model in scores["models"]}
    added = by_name["stacked"]["against"]["stacked_without_language_models"]["roc_auc"]
    areas = [by_name[of.meta.model]["metrics"]["roc_auc"]["value"] for of in both]
    assert added["difference"] == pytest.approx(areas[0] - areas[1])
    assert added["low"] > 0


def test_without_a_language_model_there_is_one_stack(dataset, folder):
    (folder / "sft.parquet").unlink()
    assert [stack.name for stack in stacks(folder, folder / "validation")] == ["stacked"]


def test_a_model_without_answers_on_validation_is_no_member(dataset, folder):
    (folder / "validation" / "guess.parquet").unlink()
    stack = StackedBaseline(folder, folder / "validation")
    assert list(stack.fit_predict(dataset, "test").meta.settings["coefficients"]) == ["item_mean", "sft"]


def test_it_is_kept_until_a_member_changes_and_is_no_member_itself(dataset, folder, capsys):
    stack = StackedBaseline(folder, folder / "validation")
    fit_or_keep(stack, dataset, "test", folder)
    fit_or_keep(stack, dataset, "test", folder)
    assert capsys.readouterr().out.splitlines()[-1].startswith("kept: ")
    member = read_predictions(folder / "guess.parquet")
    ids = member.table["example_id"].to_pylist()
    write_predictions(folder / "guess.parquet", member.meta, score_table(ids, np.full(len(ids), 0.5)))
    fit_or_keep(stack, dataset, "test", folder)
    assert capsys.readouterr().out.startswith("answered: ")

    rows = task_of(dataset).rows(dataset, "validation")
    earlier = Meta(model="stacked", kind="stack", **rows_answered(dataset, "validation"))
    write_predictions(folder / "validation" / "stacked.parquet", earlier, score_table(rows.example_ids, rows.users))
    assert "stacked" not in stack.members()


def test_nothing_to_stack_is_refused_with_what_to_do(dataset, folder):
    for path in (folder / "validation").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"no model in .* answered validation as well.*--split validation"):
        StackedBaseline(folder, folder / "validation").fit_predict(dataset, "test")


def test_answers_to_other_rows_are_refused(dataset, folder):
    member = read_predictions(folder / "guess.parquet")
    write_predictions(folder / "guess.parquet", replace(member.meta, fingerprint="another"), member.table)
    with pytest.raises(InputError, match=r"guess\.parquet: fingerprint is 'another'"):
        StackedBaseline(folder, folder / "validation").fit_predict(dataset, "test")

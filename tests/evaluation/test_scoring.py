"""Predictions and rows -> scores."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from made import rewritten
from scored import write
from sklearn import metrics as oracle

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import Meta, find_predictions, find_validation, read_predictions, write_predictions
from tastetune.artifacts.score_table import score_table
from tastetune.artifacts.scores import read_scores
from tastetune.errors import InputError
from tastetune.evaluation.bootstrap import draws
from tastetune.evaluation.estimates import estimates
from tastetune.evaluation.scoring import score
from tastetune.evaluation.slices import slices
from tastetune.metrics.labelled import OTHER, PROBABILITY, STARS
from tastetune.reporting import leaderboard as cards
from tastetune.reporting.leaderboard import leaderboard
from tastetune.reporting.report import report
from tastetune.tasks import TASKS

TASK = TASKS["like_dislike"]


@pytest.fixture(scope="module")
def dataset(scored):
    return open_dataset(scored / "data")


@pytest.fixture(scope="module")
def rows(dataset):
    return TASK.rows(dataset, "test")


@pytest.fixture(scope="module")
def scores(scored, rows):
    paths = find_predictions([scored / "predictions"])
    validation = [read_predictions(path) for path in find_validation(paths)]
    return score(rows, map_read(paths), validation=validation, resamples=200, home=scored)


def map_read(paths):
    return [read_predictions(path) for path in paths]


def model(scores, name):
    return next(found for found in scores["models"] if found["model"] == name)


def test_every_value_is_scikit_learns(scored, dataset, scores):
    table = dataset.read("like_dislike", "test")
    labels, ratings = table["label"].to_numpy(), table["rating"].to_numpy()
    for name, threshold in (("sft-500", 0.5), ("user_item_mean", 4.0)):
        given = pq.read_table(scored / "predictions" / f"{name}.parquet")["score"].to_numpy()
        found = {metric: estimate["value"] for metric, estimate in model(scores, name)["metrics"].items()}
        yes = given >= threshold
        assert found["roc_auc"] == pytest.approx(oracle.roc_auc_score(labels, given))
        assert found["average_precision"] == pytest.approx(oracle.average_precision_score(labels, given))
        assert found["precision"] == pytest.approx(oracle.precision_score(labels, yes))
        assert found["recall"] == pytest.approx(oracle.recall_score(labels, yes))
        assert found["f1"] == pytest.approx(oracle.f1_score(labels, yes))
        assert found["accuracy"] == pytest.approx(oracle.accuracy_score(labels, yes))
        assert found["balanced_accuracy"] == pytest.approx(oracle.balanced_accuracy_score(labels, yes))
        if threshold == 0.5:
            assert found["log_loss"] == pytest.approx(oracle.log_loss(labels, given))
            assert found["brier"] == pytest.approx(oracle.brier_score_loss(labels, given))
            assert found["rmse"] is None
        else:
            assert found["rmse"] == pytest.approx(oracle.root_mean_squared_error(ratings, given))
            assert found["mae"] == pytest.approx(oracle.mean_absolute_error(ratings, given))
            assert found["log_loss"] is None


def test_models_are_sorted_and_intervals_hold_their_value(scores):
    values = [found["metrics"]["roc_auc"] for found in scores["models"]]
    assert [v["value"] for v in values] == sorted((v["value"] for v in values), reverse=True)
    assert all(v["low"] <= v["value"] <= v["high"] for v in values)


def test_differences_are_paired(scored, rows, scores):
    given = {
        name: TASK.measure(
            TASK.answers(rows, read_predictions(scored / "predictions" / f"{name}.parquet")), drawn, names=["roc_auc"]
        ).replicates
        for drawn in [draws(rows.n_users, 200, seed=0)]
        for name in ("sft-100", "user_item_mean")
    }
    difference = given["sft-100"]["roc_auc"] - given["user_item_mean"]["roc_auc"]
    found = model(scores, "sft-100")["against"]["user_item_mean"]["roc_auc"]
    assert found["difference"] == pytest.approx(difference[0])
    assert found["low"] == pytest.approx(np.quantile(difference[1:], 0.025, method="inverted_cdf"))
    assert found["p"] <= found["p_holm"] <= 1
    assert model(scores, "user_item_mean")["against"] == {}


def test_what_fine_tuning_added_is_paired_with_the_base_model_on_the_same_prompts(dataset, rows, tmp_path):
    for name, kind, noise, meta in [
        ("zero-shot", "base", 9, {}),
        ("3-shot", "base", 5, {"shots": 3}),
        ("tuned", "adapter", 0.5, {"adapter": "adapter"}),
        ("of-another", "adapter", 0.5, {"adapter": "adapter", "base_model": "other"}),
        ("svd", "recbole", 0.5, {"base_model": None}),
    ]:
        write(tmp_path, dataset, name, noise, kind=kind, **{"base_model": "llama"} | meta)
    predictions = map_read(sorted(tmp_path.glob("*.parquet")))
    found = score(rows, predictions, reference="svd", resamples=200)
    # Only `tuned` shares base model and shots with a base row, and that is zero-shot
    compared = {found["model"]: sorted(found["against"]) for found in found["models"]}
    assert compared == {
        "tuned": ["svd", "zero-shot"],
        "zero-shot": ["svd"],
        "3-shot": ["svd"],
        "of-another": ["svd"],
        "svd": [],
    }
    gain = model(found, "tuned")["against"]["zero-shot"]["roc_auc"]
    values = [model(found, name)["metrics"]["roc_auc"]["value"] for name in ("tuned", "zero-shot")]
    assert gain["difference"] == pytest.approx(values[0] - values[1])
    assert gain["low"] > 0
    assert "| tuned | zero-shot | +0." in cards.leaderboard(found)


def test_a_threshold_is_chosen_on_validation_where_there_are_predictions(dataset, scores):
    chosen = model(scores, "sft-500")["chosen_threshold"]
    given = read_predictions(dataset.folder.parent / "predictions" / "validation" / "sft-500.parquet")
    labels = dataset.read("like_dislike", "validation", ["label"])["label"].to_numpy()
    f1 = [oracle.f1_score(labels, given.table["score"].to_numpy() >= t) for t in given.table["score"].to_numpy()]
    assert oracle.f1_score(labels, given.table["score"].to_numpy() >= chosen["threshold"]) == pytest.approx(max(f1))
    assert model(scores, "sft-100")["chosen_threshold"] is None


def test_seeds_of_one_recipe_are_averaged_on_every_resample(scored, rows, scores):
    names, drawn = ["sasrec-seed1", "sasrec-seed2", "user_item_mean"], draws(rows.n_users, 200, seed=0)
    answers = [TASK.answers(rows, read_predictions(scored / "predictions" / f"{name}.parquet")) for name in names]
    first, second, reference = (TASK.measure(of, drawn, names=["roc_auc"]).replicates["roc_auc"] for of in answers)
    (group,) = scores["seeds"]
    assert (group["recipe"], group["models"]) == ("sasrec", names[:2])
    mean = (first + second) / 2
    ends = np.quantile(mean[1:], [0.025, 0.975], method="inverted_cdf")
    spread = {"mean": mean[0], "low": ends[0], "high": ends[1], "sd": np.std([first[0], second[0]], ddof=1)}
    assert group["metrics"]["roc_auc"] == pytest.approx(spread)
    apart = group["against"]["user_item_mean"]["roc_auc"]
    assert list(group["against"]) == ["user_item_mean"]
    assert apart["difference"] == pytest.approx(mean[0] - reference[0])
    assert apart["high"] == pytest.approx(np.quantile((mean - reference)[1:], 0.975, method="inverted_cdf"))


def test_what_further_training_added_is_paired_with_the_adapter_that_it_went_on_from(dataset, rows, tmp_path):
    """Two seeds of one adapter, each in one of two modes: four models, two recipes. A seed alone is none."""
    began = {"settings": {"adapter_weights": "a" * 64}}
    further = {"settings": {"sft_weights": "a" * 64, "adapter_weights": "b" * 64}}
    write(tmp_path, dataset, "sft", 2, kind="adapter", base_model="llama", **began)
    for name, noise, meta in [
        ("dpo-seed1-ranked", 0.5, further),
        ("dpo-seed2-ranked", 0.5, further),
        ("dpo-seed1", 0.6, further),
        ("dpo-seed2", 0.6, further),
        ("other-seed1", 0.5, {"settings": {"sft_weights": "c" * 64}}),
    ]:
        write(tmp_path, dataset, name, noise, kind="adapter", base_model="llama", **meta)
    found = score(rows, map_read(sorted(tmp_path.glob("*.parquet"))), resamples=20)
    recipes = {group["recipe"]: group for group in found["seeds"]}
    assert recipes.keys() == {"dpo", "dpo-ranked"}
    assert list(model(found, "dpo-seed1")["against"]) == ["sft"]
    assert model(found, "other-seed1")["against"] == model(found, "sft")["against"] == {}
    plain = recipes["dpo"]
    apart = [model(found, f"dpo-seed{k}")["against"]["sft"]["roc_auc"]["difference"] for k in (1, 2)]
    assert plain["against"]["sft"]["roc_auc"]["difference"] == pytest.approx(np.mean(apart))
    mean, line = plain["metrics"]["roc_auc"], f"+{np.mean(apart):.3f}"
    assert f"| dpo | 2 | {mean['mean']:.3f} [{mean['low']:.3f}, " in cards.seeds_table(found)
    assert f" | sft | {line} [" in cards.seeds_table(found)
    assert f"<td>sft {line} [" in report(found)


def test_scores_are_strict_json_without_secrets_or_absolute_paths(scored, scores, tmp_path):
    text = json.dumps(scores, allow_nan=False)
    assert str(scored) not in text
    assert "hf_x" not in text
    assert "hub_token" not in text
    assert model(scores, "sft-100")["adapter"] == "adapter/checkpoint-100"
    assert model(scores, "sft-100")["predictions"] == "predictions/sft-100.parquet"
    (tmp_path / "scores.json").write_text(text)
    assert read_scores(tmp_path / "scores.json", TASKS) == scores


def test_the_order_of_a_file_does_not_matter(scored, rows, tmp_path, scores):
    given = read_predictions(scored / "predictions" / "sft-100.parquet")
    shuffled = given.table.take(np.random.default_rng(0).permutation(len(given.table)))
    columns = [shuffled[name].to_pylist() for name in ("example_id", "score")]
    write_predictions(tmp_path / "sft-100.parquet", given.meta, score_table(*columns))
    again = score(rows, map_read([tmp_path / "sft-100.parquet"]), resamples=200)
    assert again["models"][0]["metrics"] == model(scores, "sft-100")["metrics"]


class TestGeneratedAnswers:
    def write(self, path, dataset, rows, answers, scores=None):
        meta = Meta("generated", "base", dataset.name, "like_dislike", "test", dataset.fingerprint)
        ids = rows.table["example_id"].to_pylist()
        write_predictions(path, meta, score_table(ids, scores if scores is not None else [0.5] * len(ids), answers))
        return read_predictions(path)

    def test_the_answer_is_the_label(self, dataset, rows, tmp_path):
        labels = rows.table["label"].to_numpy()
        answers = ["Yes." if label else " no" for label in labels]
        given = TASK.answers(rows, self.write(tmp_path / "g.parquet", dataset, rows, answers))
        np.testing.assert_array_equal(given.rows.yes, labels)
        assert given.unparsed == 0

    def test_an_unparsable_answer_is_a_wrong_one(self, dataset, rows, tmp_path):
        labels = rows.table["label"].to_numpy()
        like, dislike = np.argmax(labels == 1), np.argmax(labels == 0)
        answers = ["Yes" if label else "No" for label in labels]
        answers[like] = answers[dislike] = "As a language model"
        found = self.write(tmp_path / "g.parquet", dataset, rows, answers, np.where(labels == 1, 0.8, 0.2))
        answers = TASK.answers(rows, found)
        given = answers.rows
        assert answers.unparsed == 2
        assert (given.yes[like], given.yes[dislike]) == (0, 1)
        assert (given.scores[like], given.scores[dislike]) == (0, 1)
        metrics = score(rows, [found], resamples=10)["models"][0]
        assert metrics["metrics"]["accuracy"]["value"] == pytest.approx(1 - 2 / len(labels))
        assert metrics["metrics"]["roc_auc"]["value"] < 1
        assert metrics["unparsed"] == 2

    def test_answers_that_are_all_alike_are_told(self, dataset, rows, tmp_path):
        found = self.write(tmp_path / "g.parquet", dataset, rows, ["Yes"] * len(rows.table))
        scores = score(rows, [found], resamples=10)
        assert scores["models"][0]["yes_rate"] == 1
        share = rows.table["label"].to_numpy().mean()
        assert scores["models"][0]["metrics"]["accuracy"]["value"] == pytest.approx(share)
        note = f"the answer is Yes of generated (100.0%), and likes are {share:.1%} of the rows"
        assert note in leaderboard(scores)
        assert note in report(scores)

    def test_stars_have_no_zero_so_the_worst_given_stands(self, dataset, rows, tmp_path):
        labels = rows.table["label"].to_numpy()
        meta = Meta("g", "base", dataset.name, "like_dislike", "test", dataset.fingerprint, threshold=4.0)
        stars, like = np.where(labels == 1, 5.0, 2.0), np.argmax(labels == 1)
        answers = ["?" if row == like else "Yes" for row in range(len(labels))]
        write_predictions(tmp_path / "g.parquet", meta, score_table(rows.example_ids, stars, answers))
        assert TASK.answers(rows, read_predictions(tmp_path / "g.parquet")).rows.scores[like] == 2.0

    def test_some_rows_without_an_answer_are_refused(self, dataset, rows, tmp_path):
        answers = [None] + ["Yes"] * (len(rows.table) - 1)
        with pytest.raises(InputError, match="generate for all or for none"):
            TASK.answers(rows, self.write(tmp_path / "g.parquet", dataset, rows, answers))


class TestScales:
    @pytest.mark.parametrize(
        ("meta", "scale"), [({}, PROBABILITY), ({"threshold": 4.0}, STARS), ({"threshold": 0.0}, OTHER)]
    )
    def test_what_scores_are(self, dataset, rows, tmp_path, meta, scale):
        path = write(tmp_path, dataset, "scaled", 1.0, **meta)
        assert TASK.answers(rows, read_predictions(path)).rows.scale == scale

    def test_likes_are_no_stars(self, dataset, rows, tmp_path):
        # A log of likes keeps them as ratings of 1 and 0: an error in stars would be one of nothing.
        place = rows.table.column_names.index("rating")
        likes = replace(rows, table=rows.table.set_column(place, "rating", rows.table["label"].cast("double")))
        answers = TASK.answers(likes, read_predictions(write(tmp_path, dataset, "scaled", 1.0, threshold=4.0)))
        assert answers.rows.scale == OTHER
        assert np.isnan(answers.rows.ratings).all()
        assert estimates(TASK.measure(answers, draws(rows.n_users, 5, seed=0)))["rmse"] == {
            "value": None,
            "low": None,
            "high": None,
            "reason": "the log has no ratings",
        }


class TestRefusals:
    def test_predictions_of_another_task(self, dataset, rows, tmp_path):
        path = write(tmp_path, dataset, "other", 1.0, config="top_n")
        with pytest.raises(InputError, match="config is 'top_n'"):
            score(rows, map_read([path]))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda ids: ids[1:], "1 of .* rows of split 'test' are not answered"),
            (lambda ids: [*ids, "u9:nowhere"], "1 answers belong to no row"),
            (lambda ids: [f"x{name}" for name in ids], "are not answered"),
        ],
    )
    def test_rows_missing_or_unknown(self, dataset, rows, tmp_path, change, message):
        meta = Meta("m", "base", dataset.name, "like_dislike", "test", dataset.fingerprint)
        ids = change(rows.table["example_id"].to_pylist())
        write_predictions(tmp_path / "m.parquet", meta, score_table(ids, [0.5] * len(ids)))
        with pytest.raises(InputError, match=message):
            score(rows, map_read([tmp_path / "m.parquet"]))

    def test_one_name_twice(self, scored, rows):
        with pytest.raises(InputError, match=r"model 'sft-100' is also the model of .*sft-100\.parquet"):
            score(rows, map_read([scored / "predictions" / "sft-100.parquet"] * 2))

    @pytest.mark.parametrize(("text", "message"), [("{", "not a whole JSON file"), ("[]", "'dataset' is missing")])
    def test_scores_that_are_none(self, tmp_path, text, message):
        (tmp_path / "scores.json").write_text(text)
        with pytest.raises(InputError, match=message):
            read_scores(tmp_path / "scores.json", TASKS)


class TestDegenerateRows:
    def few(self, tmp_path, dataset, keep):
        """Scores of a copy of the dataset with the test rows that `keep` picks."""
        (tmp_path / "data" / "like_dislike").mkdir(parents=True)
        for part in ("interactions", "items"):
            (tmp_path / "data" / part).symlink_to(dataset.folder / part)
        shutil.copy(dataset.folder / "tastetune.json", tmp_path / "data")
        table = dataset.read("like_dislike", "test")
        rewritten(table.filter(keep(table)), tmp_path / "data" / "like_dislike" / "test.parquet")
        small = open_dataset(tmp_path / "data")
        paths = [write(tmp_path, small, name, 1.0) for name in ("model", "user_item_mean")]
        return model(score(TASK.rows(small, "test"), map_read(paths), resamples=20), "model")

    def test_one_class_leaves_what_needs_both_empty_with_the_reason(self, tmp_path, dataset):
        found = self.few(tmp_path, dataset, lambda table: table["label"].to_numpy() == 1)
        assert found["metrics"]["roc_auc"] == {"value": None, "low": None, "high": None, "reason": "only likes"}
        assert found["metrics"]["accuracy"]["value"] is not None
        assert found["roc"] == []

    def test_a_slice_with_one_class_or_no_rows_says_why(self, tmp_path, dataset):
        table = dataset.read("like_dislike", "test")
        generous = slices(TASK.rows(dataset, "test"))["user_likes:60-80%"]
        assert set(table["label"].to_numpy()[generous]) == {0, 1}
        keep = (table["label"].to_numpy() == 1) | ~generous  # of generous users, the likes alone
        found = self.few(tmp_path, dataset, lambda _: keep)["slices"]
        assert found["user_likes:60-80%"]["metrics"]["roc_auc"]["reason"] == "only likes"
        assert found["user_likes:60-80%"]["metrics"]["accuracy"]["value"] is not None
        assert found["user:cold"]["metrics"]["roc_auc"]["reason"] == "no rows"

    def test_one_user_has_values_but_no_interval(self, tmp_path, dataset):
        user = dataset.read("like_dislike", "test")["user_id"][0]
        found = self.few(tmp_path, dataset, lambda table: np.array(table["user_id"]) == user.as_py())
        assert found["metrics"]["accuracy"]["value"] is not None
        assert found["metrics"]["accuracy"]["low"] is None
        assert found["metrics"]["accuracy"]["reason"] == "one user, so no interval"
        assert found["against"] == {}

    def test_no_rows_are_refused(self, tmp_path, dataset):
        with pytest.raises(InputError, match="no rows"):
            self.few(tmp_path, dataset, lambda table: np.zeros(len(table), bool))


def test_importing_it_is_light():
    heavy = "torch", "trl", "transformers", "recbole", "datasets", "scipy.stats"
    load = "import sys, tastetune.evaluation.scoring, tastetune.reporting.run"
    code = f"{load}; print([name for name in {heavy} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )

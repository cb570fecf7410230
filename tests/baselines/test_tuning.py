"""Tuning: ranges checked, the config's own values first, every trial written down, failures among them."""

import json

import pytest
from made import make_dataset

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.baselines.predictions_files import fit_or_keep
from tastetune.baselines.recbole.labelled_data import read_labelled_data
from tastetune.baselines.recbole.likes import RecBoleLikes, tune
from tastetune.errors import InputError

SPACE = {
    "epochs": 4,
    "stopping_step": 1,
    "embedding_size": [2, 4],
    "learning_rate": {"low": 0.01, "high": 0.1, "log": True},
}
SVD = {"model": "SVD", "seed": 1, "embedding_size": 4, "learning_rate": 0.05, "train_batch_size": 32, "tune": SPACE}

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("made"), n_users=30))


def test_the_best_trial_is_refitted_and_all_are_written_down(dataset, config, tmp_path):
    (path,) = fit_or_keep(RecBoleLikes(config(SVD), trials=3), dataset, "test", tmp_path / "p")
    tuning, meta = tmp_path / "p" / "model.tuning.json", read_predictions(path).meta
    written, settings = json.loads(tuning.read_text()), meta.settings
    named = {"model": "model", "dataset": "made", "fingerprint": dataset.fingerprint, "seed": 1}
    assert written.items() >= named.items()
    trials = written["trials"]
    assert settings["tuning"]["trials"] == trials
    assert (written["metric"], written["budget"], len(trials)) == ("roc_auc", 3, 3)
    first = trials[0]["values"]  # the config's own, but for what every trial takes
    assert (first["embedding_size"], first["learning_rate"], first["epochs"]) == (4, 0.05, 4)
    best = max(trials, key=lambda trial: trial["score"])
    assert written["best"] == best
    assert settings["epochs"] == best["epochs"] <= 4
    assert settings["learning_rate"] == best["values"]["learning_rate"]
    assert all(0.01 <= trial["values"]["learning_rate"] <= 0.1 for trial in trials)


def test_the_same_seed_tries_the_same(dataset, config):
    data = read_labelled_data(config(SVD), dataset, "test")
    one, other = (tune(data, 3).trials for _ in range(2))
    assert [(t.values, t.score, t.epochs) for t in one] == [(t.values, t.score, t.epochs) for t in other]


def test_a_failed_trial_is_recorded_and_the_others_decide(dataset, config):
    space = SPACE | {"init_std": [0.1, 1e30]}  # whose product is beyond float32
    study = tune(read_labelled_data(config(SVD | {"tune": space}), dataset, "test"), 6)
    failed = [trial for trial in study.trials if trial.error]
    assert failed
    assert all("lower learning_rate" in trial.error and trial.score is None for trial in failed)
    assert study.best.values["init_std"] == 0.1


def test_when_every_trial_fails_it_says_so(dataset, config):
    with pytest.raises(InputError, match=r"all 2 trials failed, the first so: .*lower learning_rate"):
        tune(read_labelled_data(config(SVD | {"tune": {"init_std": [1e30]}}), dataset, "test"), 2)


def test_without_ranges_there_is_nothing_to_tune(dataset, config):
    with pytest.raises(InputError, match="no block 'tune'"):
        tune(read_labelled_data(config(SVD | {"tune": {}}), dataset, "test"), 2)


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"learning_rte": [0.1]}, "'learning_rte' under 'tune' is no key that a trial can change"),
        ({"seed": [1, 2]}, "'seed' under 'tune' is no key"),
        ({"learning_rate": []}, "learning_rate has no choices"),
        ({"learning_rate": ["fast"]}, "learning_rate is 'fast', expected float"),
        ({"learning_rate": {"low": 0.1}}, "expected a range"),
        ({"learning_rate": {"low": 0.1, "high": 0.01}}, "is no range of numbers"),
        ({"learning_rate": {"low": 0.0, "high": 0.1, "log": True}}, "is no range of numbers"),
        ({"embedding_size": {"low": 1.5, "high": 3}}, "embedding_size is 1.5, expected int"),
        ({"learner": ["adam", "sdg"]}, "learner is 'sdg', expected one of adam"),
        ({1: [2]}, "1 under 'tune' is no key"),
        (3, "tune is 3, expected keys"),
        ([], r"tune is \[\], expected keys"),
    ],
)
def test_a_mistake_in_a_range_is_named(space, said, config):
    with pytest.raises(InputError, match=rf"model\.yaml, line \d+: .*{said}"):
        config(SVD | {"tune": space})

"""The search for settings: the model's own values first, the best chosen, and an interruption that changes nothing."""

import pytest

from tastetune.errors import InputError
from tastetune.search import Trial, search

SPACE = {
    "rate": {"low": 0.001, "high": 1.0, "log": True},
    "layers": {"low": 1, "high": 8, "log": False},
    "shape": [[8], [8, 4]],
}
OWN = {"rate": 0.01, "layers": 2, "shape": [8, 4]}


def judged(values):
    """Best at 3 layers and a rate of 0.1; a rate above 0.5 diverges."""
    if values["rate"] > 0.5:
        return Trial(values, error="diverged")
    return Trial(values, 1 - abs(values["layers"] - 3) / 10 - abs(values["rate"] - 0.1), epochs=2, seconds=0.5)


def studied(n, run=judged, **more):
    return search("made", SPACE, OWN, run, n=n, metric="roc_auc", seed=more.pop("seed", 3), **more)


def test_the_own_values_come_first_and_the_highest_score_is_chosen():
    study = studied(12)
    assert study.trials[0] == Trial(OWN, 1 - 0.1 - 0.09, 2, 0.5)
    scores = [trial.score for trial in study.trials if trial.score is not None]
    assert study.best.score == max(scores)
    assert len(scores) < len(study.trials) == study.record()["budget"] == 12
    assert all(0.001 <= trial.values["rate"] <= 1 and 1 <= trial.values["layers"] <= 8 for trial in study.trials)
    assert {tuple(trial.values["shape"]) for trial in study.trials} == {(8,), (8, 4)}


@pytest.mark.parametrize("done", range(13))
def test_interrupted_anywhere_it_tries_what_it_would_have_tried_and_nothing_twice(done):
    whole, run, told = studied(12).trials, [], []

    def counted(values):
        run.append(values)
        return judged(values)

    resumed = studied(12, counted, done=whole[:done], after_trial=lambda trials: told.append(len(trials)))
    assert resumed.trials == whole
    assert run == [trial.values for trial in whole[done:]]
    assert told == list(range(done + 1, 13))


def test_more_trials_go_on_from_fewer():
    assert studied(5, done=studied(3).trials).trials == studied(5).trials


def test_trials_of_another_search_are_refused():
    with pytest.raises(InputError, match=r"made: trial 2 on record tried \{'rate': .*; begin anew with --force"):
        studied(5, done=studied(3, seed=4).trials)


def test_when_every_trial_fails_it_says_so():
    with pytest.raises(InputError, match="made: all 2 trials failed, the first so: too hot"):
        studied(2, lambda values: Trial(values, error="too hot"))

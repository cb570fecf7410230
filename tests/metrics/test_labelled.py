"""Every metric of a model on its rows and on their resamples: what must not change it, and scikit-learn as oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle
from sklearn.calibration import calibration_curve

from tastetune.evaluation.bootstrap import draws, interval
from tastetune.metrics import LIKE_DISLIKE
from tastetune.metrics.labelled import PROBABILITY, STARS, ScoredRows, label_metrics

USERS = 8


def answers(scale: str = PROBABILITY, n: int = 200, seed: int = 0) -> ScoredRows:
    """Rows of eight users, their scores two decimals of a probability, or halves of stars: many tie."""
    rng = np.random.default_rng(seed)
    stars = rng.integers(1, 6, n)
    scores = np.clip(stars + rng.normal(0, 1.5, n), 1, 5)
    scores = np.round((scores - 1) / 4, 2) if scale == PROBABILITY else np.round(2 * scores) / 2
    threshold = 0.5 if scale == PROBABILITY else 4.0
    users, yes = rng.integers(0, USERS, n), (scores >= threshold).astype(int)
    return ScoredRows((stars >= 4).astype(int), users, USERS, stars.astype(float), scores, yes, scale)


def repeated(rows: ScoredRows, times: np.ndarray) -> ScoredRows:
    """Each row as often as its user is drawn."""
    return rows.of(np.repeat(np.arange(len(rows.labels)), times[rows.users]))


def ece(labels, probabilities):
    """From scikit-learn's reliability curve; its bins are closed above, ours below, so step off their edges."""
    probabilities = np.clip(probabilities + 1e-9, 0, 1)
    liked, mean = calibration_curve(labels, probabilities, n_bins=10)
    n = np.histogram(probabilities, np.linspace(0, 1, 11))[0]
    return (np.abs(liked - mean) * n[n > 0]).sum() / n.sum()


OF_SCORES = {"roc_auc": oracle.roc_auc_score, "average_precision": oracle.average_precision_score}
OF_LABELS = {
    "precision": oracle.precision_score,
    "recall": oracle.recall_score,
    "f1": oracle.f1_score,
    "accuracy": oracle.accuracy_score,
    "balanced_accuracy": oracle.balanced_accuracy_score,
}
OF_PROBABILITIES = {"log_loss": oracle.log_loss, "brier": oracle.brier_score_loss, "ece": ece}
OF_STARS = {"rmse": oracle.root_mean_squared_error, "mae": oracle.mean_absolute_error}


@pytest.mark.parametrize("scale", [PROBABILITY, STARS])
def test_every_resample_is_scikit_learns_on_the_repeated_rows(scale):
    rows, drawn = answers(scale), draws(USERS, 5, seed=1)
    found = label_metrics(rows, drawn)
    for resample, times in enumerate(drawn):
        drawn_rows = repeated(rows, times)
        expected = {name: of(drawn_rows.labels, drawn_rows.scores) for name, of in OF_SCORES.items()}
        expected |= {name: of(drawn_rows.labels, drawn_rows.yes) for name, of in OF_LABELS.items()}
        if scale == PROBABILITY:
            expected |= {name: of(drawn_rows.labels, drawn_rows.scores) for name, of in OF_PROBABILITIES.items()}
        else:
            expected |= {name: of(drawn_rows.ratings, drawn_rows.scores) for name, of in OF_STARS.items()}
        assert {name: found[name][resample] for name in expected} == pytest.approx(expected)


def test_uauc_draws_users_with_all_their_rows():
    rows, drawn = answers(n=40), draws(USERS, 3, seed=1)
    found = label_metrics(rows, drawn, ["uauc", "uauc_weighted"])
    for resample, times in enumerate(drawn):
        aucs, counts = [], []
        for user in np.repeat(np.arange(USERS), times):
            mine = rows.users == user
            if len(set(rows.labels[mine])) == 2:
                aucs.append(oracle.roc_auc_score(rows.labels[mine], rows.scores[mine]))
                counts.append(mine.sum())
        assert found["uauc"][resample] == pytest.approx(np.mean(aucs))
        assert found["uauc_weighted"][resample] == pytest.approx(np.average(aucs, weights=counts))


# Both scales, as one of the two leaves each metric empty.
MADE = st.builds(answers, st.sampled_from([PROBABILITY, STARS]), st.integers(1, 40), st.integers(0, 10**6))


@settings(max_examples=40, deadline=None)
@given(MADE, st.permutations(range(USERS)), st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_names_of_users_change_a_metric(rows, names, random):
    names, order = np.array(names), np.array(random.sample(range(len(rows.labels)), len(rows.labels)))
    renamed = ScoredRows(rows.labels, names[rows.users], USERS, rows.ratings, rows.scores, rows.yes, rows.scale)
    drawn = draws(USERS, 5, seed=0)
    here, there = label_metrics(rows, drawn), label_metrics(renamed.of(order), drawn[:, np.argsort(names)])
    assert set(here) == set(LIKE_DISLIKE)
    for name in here:
        np.testing.assert_allclose(here[name], there[name], err_msg=name)


def ends(replicates: dict) -> dict:
    """Value, low and high end of each metric."""
    return {name: (values[0], *interval(values)) for name, values in replicates.items()}


@settings(max_examples=40, deadline=None)
@given(MADE, st.integers(2, 4))
def test_the_same_resamples_several_times_change_no_value_and_no_interval(rows, times):
    drawn = draws(USERS, 20, seed=0)
    again = np.concatenate([drawn[:1], *[drawn[1:]] * times])
    here, there = ends(label_metrics(rows, drawn)), ends(label_metrics(rows, again))
    for name, ends_here in here.items():
        np.testing.assert_allclose(ends_here, there[name], err_msg=name)


@settings(max_examples=40, deadline=None)
@given(MADE, st.integers(2, 3))
def test_every_user_drawn_several_times_is_every_user_drawn_once(rows, times):
    once = np.ones((1, USERS), int)
    found = label_metrics(rows, np.concatenate([once, times * once]))
    for name, (value, several) in found.items():
        np.testing.assert_allclose(value, several, err_msg=name)

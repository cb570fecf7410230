"""What lists are like beside their hits, by hand and against SciPy."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.spatial.distance import pdist
from sklearn.metrics import ndcg_score

from tastetune.metrics.beyond_accuracy import diversity, mean_defined, novelty, popularity_lift
from tastetune.metrics.lines import NO_LINE, OFF
from tastetune.metrics.recommended import DEPTH, Listed, list_metrics

WATCHED = np.array([0.5, 0.25, 0.125, 0.0])
GENRES = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]], bool)


def test_novelty_is_the_bits_that_an_item_tells():
    """Half of all people tell one bit, a quarter two, an eighth three; the last item, of nobody, is the rarest's."""
    grid = np.array([[0, 1, 2], [3, OFF, NO_LINE], [NO_LINE] * 3])
    assert novelty(grid, WATCHED).tolist() == [1 + 2 + 3, 3, 0]


def test_diversity_is_how_unlike_the_genres_of_two_lines_are():
    """Items 0 and 1 share one genre of two, item 2 none with either: (1/2 + 1 + 1) / 3. Item 3 has no genres."""
    grid = np.array([[0, 1, 2], [0, 3, OFF], [1, 1, NO_LINE]])
    np.testing.assert_allclose(diversity(grid, GENRES), [2.5 / 3, np.nan, 0])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4).filter(any), min_size=2, max_size=8))
def test_diversity_agrees_with_scipy(genres):
    of_items = np.array(genres)
    every = np.arange(len(of_items))[None]
    assert diversity(every, of_items)[0] == pytest.approx(pdist(of_items, "jaccard").mean())


def test_lists_that_are_as_popular_as_tastes_have_no_lift():
    """Two users whose lists are watched by 0.6 and 0.2, their favourites by 0.4 and 0.2: (0.8 / 0.6) - 1 = 1/3.

    The second alone: none. A third, without a line, is left out, and alone leaves nothing to say.
    """
    ours, own = np.array([0.6, 0.2, np.nan]), np.array([0.4, 0.2, 0.9])
    weights = np.array([[1, 1, 1], [0, 2, 0], [0, 0, 1]])
    np.testing.assert_allclose(popularity_lift(ours, own, weights), [1 / 3, 0, np.nan], atol=1e-12)


def test_the_mean_of_those_that_have_a_value():
    weights = np.array([[1, 1, 1], [0, 0, 2]])
    np.testing.assert_allclose(mean_defined(np.array([0.2, 0.4, np.nan]), weights), [0.3, np.nan])


ITEMS = st.permutations(range(30)).map(lambda items: items[:DEPTH])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(ITEMS, st.sets(st.integers(0, 29), min_size=1)), min_size=1, max_size=4))
def test_lists_that_rank_the_catalogue_agree_with_scikit_learn_and_recbole(answers):
    """NDCG@10 by scikit-learn; Recall@20, coverage and mean popularity by RecBole, of whole lists."""
    from recbole.evaluator import metrics as recbole

    from tastetune.baselines.recbole import shim  # which lets RecBole be imported beside today's numpy

    assert shim
    grid = np.array([items for items, _ in answers])
    gold = [(user, item) for user, (_, wanted) in enumerate(answers) for item in wanted]
    none, watched = (np.zeros(0, np.int64), np.zeros(0, np.int64)), np.arange(1, 31) / 30
    by = Listed(tuple(np.array(gold).T), none, none, watched, np.zeros((30, 0), bool))
    found = {name: value[0] for name, value in list_metrics(grid, by, np.ones((1, len(answers)))).items()}
    relevance = np.array([[item in wanted for item in range(30)] for _, wanted in answers], float)
    order = np.zeros((len(answers), 30))
    np.put_along_axis(order, grid, np.arange(DEPTH, 0, -1)[None].repeat(len(answers), 0), axis=1)
    assert found["ndcg@10"] == pytest.approx(ndcg_score(relevance, order, k=10))
    config = {"topk": [10, 20], "metric_decimal_place": 9}
    hits = np.take_along_axis(relevance, grid, axis=1)
    recall = recbole.Recall(config).metric_info(hits, relevance.sum(axis=1))
    assert found["recall@20"] == pytest.approx(recall[:, DEPTH - 1].mean())
    assert found["coverage"] == recbole.ItemCoverage(config).get_coverage(grid[:, :10], 30)
    popularity = recbole.AveragePopularity(config).metric_info(watched[grid])
    assert found["popularity"] == pytest.approx(popularity[:, 9].mean())


def test_recall_at_20_needs_lists_that_go_on():
    """Gold items 0 to 4 of one user. Named: 9 misses, 0, then 1, and 2 in line 13: 1/5 within ten lines, 3/5 within 20.

    The same list without what stands behind its tenth line says nothing of twenty.
    """
    lines = np.full((1, DEPTH), NO_LINE)
    lines[0, :13] = [*range(5, 14), 0, 1, 14, 2]
    users = np.zeros(5, np.int64)
    own = np.array([0]), np.array([15])
    by = Listed((users, np.arange(5)), own, own, np.full(16, 0.5), np.zeros((16, 0), bool))
    found = list_metrics(lines, by, np.ones((1, 1)))
    assert (found["recall@10"][0], found["recall@20"][0]) == (1 / 5, 3 / 5)
    assert (found["lines"][0], found["mrr"][0]) == (10, 1 / 10)
    assert np.isnan(found["diversity"][0])
    lines[0, 10:] = NO_LINE
    cut = list_metrics(lines, by, np.ones((1, 1)))
    assert np.isnan(cut["recall@20"][0])
    assert {name: value[0] for name, value in cut.items() if name != "recall@20"} == pytest.approx(
        {name: value[0] for name, value in found.items() if name != "recall@20"}, nan_ok=True
    )

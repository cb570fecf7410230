"""Metrics of recommended lists, by hand and against ir-measures."""

import hypothesis.strategies as st
import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from ir_measures import AP, RR, P, Qrel, R, ScoredDoc, Success, nDCG

from tastetune.evaluation.bootstrap import draws
from tastetune.metrics import lines as ln
from tastetune.metrics import ranking
from tastetune.metrics.lines import NO_LINE, OFF

N_ITEMS = 14
HITS = np.array([[0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
GOLD = np.array([4, 2, 1])
"""User 0 hits in places 2 and 3 of four lines, of a gold list of four; user 1 never; user 2 at once all there is."""


def test_precision_divides_by_k_even_if_fewer_lines_came():
    np.testing.assert_allclose(ranking.precision(HITS, 3), [2 / 3, 0, 1 / 3])
    np.testing.assert_allclose(ranking.precision(HITS, 10), [2 / 10, 0, 1 / 10])


def test_recall_divides_by_the_whole_gold_list():
    np.testing.assert_allclose(ranking.recall(HITS, GOLD, 2), [1 / 4, 0, 1])
    np.testing.assert_allclose(ranking.recall(HITS, GOLD, 10), [2 / 4, 0, 1])


def test_f1_is_the_harmonic_mean_of_both():
    """User 0 at 3: precision 2/3, recall 2/4; 2 * 2/3 * 1/2 / (2/3 + 1/2) = 4/7."""
    np.testing.assert_allclose(ranking.f1(HITS, GOLD, 3), [4 / 7, 0, 2 * 1 / 3 / (1 / 3 + 1)])


def test_hit_rate_is_one_hit_or_none():
    np.testing.assert_array_equal(ranking.hit_rate(HITS, 1), [0, 0, 1])
    np.testing.assert_array_equal(ranking.hit_rate(HITS, 3), [1, 0, 1])


def test_ndcg_divides_by_what_the_gold_list_allows():
    """User 0 at 3: (1/log2 3 + 1/log2 4) / (1 + 1/log2 3 + 1/log2 4); user 2: one hit is all there can be."""
    best = 1 + 1 / np.log2(3) + 1 / 2
    np.testing.assert_allclose(ranking.ndcg(HITS, GOLD, 3), [(best - 1) / best, 0, 1])


def test_reciprocal_rank_and_average_precision():
    """User 0: first hit in place 2; precisions at the hits 1/2 and 2/3, over four gold films."""
    np.testing.assert_allclose(ranking.reciprocal_rank(HITS), [1 / 2, 0, 1])
    np.testing.assert_allclose(ranking.average_precision(HITS, GOLD), [(1 / 2 + 2 / 3) / 4, 0, 1])


def test_the_mean_of_resampled_users():
    weights = np.array([[1, 1, 1], [3, 0, 0]])
    np.testing.assert_allclose(ranking.mean(ranking.precision(HITS, 3), weights), [1 / 3, 2 / 3])
    both = np.stack([ranking.precision(HITS, 3), ranking.hit_rate(HITS, 1)], axis=1)
    np.testing.assert_allclose(ranking.mean(both, weights), [[1 / 3, 1 / 3], [2 / 3, 0]])
    np.testing.assert_allclose(ranking.mean(both), [1 / 3, 1 / 3])


# One answer: item codes, repeats, lines off the catalogue; and its gold list.
LINE = st.integers(OFF, N_ITEMS - 1)
ANSWERS = st.lists(
    st.tuples(st.lists(LINE, max_size=12), st.sets(st.integers(0, N_ITEMS - 1), min_size=1)), min_size=1, max_size=6
)


def as_grid(answers):
    rows = [(user, rank, item) for user, (found, _) in enumerate(answers) for rank, item in enumerate(found, 1)]
    users, ranks, items = np.array(rows, np.int64).reshape(-1, 3).T
    gold = [(user, item) for user, (_, wanted) in enumerate(answers) for item in wanted]
    return ln.grid(users, ranks, items, len(answers), depth=10), tuple(np.array(gold).T)


def from_ir_measures(answers):
    """ir-measures knows no repeats: a line that is no item, or stands above already, gets an id of its own."""
    qrels = [Qrel(str(user), str(item), 1) for user, (_, gold) in enumerate(answers) for item in gold]
    run = [
        ScoredDoc(str(user), str(item) if item >= 0 and item not in found[: rank - 1] else f"line {rank}", -float(rank))
        for user, (found, _) in enumerate(answers)
        for rank, item in enumerate(found[:10], 1)
    ]
    names = {f"precision@{k}": P @ k for k in ranking.CUTS} | {f"recall@{k}": R @ k for k in ranking.CUTS}
    names |= {f"ndcg@{k}": nDCG @ k for k in ranking.CUTS} | {f"hit_rate@{k}": Success @ k for k in ranking.CUTS}
    names |= {"mrr": RR @ 10, "map": AP @ 10}
    found = {name: np.zeros(len(answers)) for name in names}
    for metric in ir_measures.iter_calc(names.values(), qrels, run):
        for name in (name for name, measure in names.items() if measure == metric.measure):
            found[name][int(metric.query_id)] = metric.value
    return found


@settings(deadline=None, max_examples=60)
@given(ANSWERS)
def test_every_user_agrees_with_ir_measures(answers):
    grid, gold = as_grid(answers)
    found = ranking.by_user(ln.hits(grid, gold), np.bincount(gold[0], minlength=len(answers)))
    for name, wanted in from_ir_measures(answers).items():
        np.testing.assert_allclose(found[name], wanted, err_msg=name)


@settings(deadline=None)
@given(ANSWERS, st.permutations(range(N_ITEMS)))
def test_names_of_items_do_not_matter(answers, names):
    renamed = [([names[i] if i >= 0 else i for i in found], {names[i] for i in gold}) for found, gold in answers]
    for one, other in zip(*(ln.hits(*as_grid(each)) for each in (answers, renamed)), strict=True):
        np.testing.assert_array_equal(one, other)


# User 0: a hit, off the catalogue, the hit again, one of the person's own. User 1: two lines. User 2: no answer.
LINES = ln.grid([0, 0, 0, 0, 1, 1], [1, 2, 3, 4, 1, 2], [7, OFF, 7, 5, 8, OFF], n_users=3, depth=5)
LIKED = np.array([0, 0, 1]), np.array([5, 6, 7])


def test_answers_become_a_grid():
    np.testing.assert_array_equal(LINES, [[7, -1, 7, 5, -2], [8, -1, -2, -2, -2], [-2] * 5])
    assert (OFF, NO_LINE) == (-1, -2)
    np.testing.assert_array_equal(ln.grid([0, 0], [1, 3], [4, 4], n_users=1, depth=2), [[4, NO_LINE]])


def test_a_repeat_and_an_own_film_are_no_hits():
    """Film 7 is gold for user 0 once; film 8 is gold for user 2 alone."""
    hits = ln.hits(LINES, (np.array([0, 2]), np.array([7, 8])))
    np.testing.assert_array_equal(hits, [[1, 0, 0, 0, 0], [0] * 5, [0] * 5])


def test_a_user_without_an_answer_counts_as_zero():
    hits = ln.hits(LINES, (np.array([0, 1, 2]), np.array([7, 9, 8])))
    found = ranking.by_user(hits, np.array([1, 1, 1]))
    assert all(values[2] == 0 for values in found.values())
    assert ranking.mean(found["hit_rate@3"]) == pytest.approx(1 / 3)


def test_faults_are_shares_of_the_lines_that_came():
    """Six lines: two off the catalogue, one repeated, one of the person's own (film 5, of user 0's liked 5 and 6)."""
    found, wholes = ln.faults(LINES, LIKED), ln.written(LINES)
    np.testing.assert_array_equal(wholes, [4, 2, 0])
    assert ln.share(found["off_catalogue"], wholes) == pytest.approx(2 / 6)
    assert ln.share(found["repeated"], wholes) == pytest.approx(1 / 6)
    assert ln.share(found["own"], wholes) == pytest.approx(1 / 6)
    np.testing.assert_allclose(
        ln.share(found["own"], wholes, np.array([[2, 1, 0], [0, 0, 3]])), [2 / 10, np.nan], equal_nan=True
    )


def test_the_verdict_on_every_line():
    """Film 7 is gold for user 0, and again is a repeat; film 5 is a favourite; film 8 is neither; -2 is no line."""
    found = ln.verdicts(LINES, (np.array([0, 2]), np.array([7, 8])), LIKED)
    assert found[0].tolist() == ["hit", "off_catalogue", "repeated", "own", ""]
    assert found[1].tolist() == ["miss", "off_catalogue", "", "", ""]
    np.testing.assert_array_equal(ln.answered(LINES), [True, True, False])


def test_coverage_and_popularity():
    """Films 5, 7 and 8 of ten; films 7, 7, 5 and 8 were watched by 0.5, 0.5, 0.1 and 0.3 of all people."""
    assert ln.coverage(LINES, 10) == 3 / 10
    watched = np.array([0, 0, 0, 0, 0, 0.1, 0, 0.5, 0.3, 0])
    np.testing.assert_allclose(ln.popularity(LINES, watched), [1.1, 0.3, 0])
    in_catalogue = (LINES >= 0).sum(axis=1)
    assert ln.share(ln.popularity(LINES, watched), in_catalogue) == pytest.approx(1.4 / 4)


def test_a_thousand_resamples_are_one_product():
    """Row 0 of the draws is the sample itself, so its mean is the plain one."""
    values = np.random.default_rng(0).random((200, 17))
    found = ranking.mean(values, draws(200, 1000, seed=0))
    assert found.shape == (1001, 17)
    np.testing.assert_allclose(found[0], values.mean(axis=0))
    assert np.abs(found[1:].mean(axis=0) - found[0]).max() < 0.01

"""scores -> the leaderboard."""

import re

import pytest
from scored import make_scored

from tastetune.artifacts.predictions import find_predictions, read_predictions
from tastetune.evaluation.scoring import score
from tastetune.reporting import leaderboard as cards
from tastetune.reporting.verdict import verdict
from tastetune.tasks import TASKS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("scored")


@pytest.fixture(scope="module")
def scores(folder):
    rows = TASKS["like_dislike"].rows(make_scored(folder), "test")
    predictions = [read_predictions(path) for path in find_predictions([folder / "predictions"])]
    return score(rows, predictions, resamples=50, home=folder)


def tables(markdown):
    """Each table as a list of rows, a row as a dict by column."""
    blocks = re.findall(r"(?:^\|.*\n)+", markdown, flags=re.MULTILINE)
    found = []
    for block in blocks:
        cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in block.splitlines()]
        assert all(len(line) == len(cells[0]) for line in cells[2:]), block
        found.append([dict(zip(cells[0], line, strict=True)) for line in cells[2:]])
    return found


def as_shown(scores, model, metric):
    estimate = next(found for found in scores["models"] if found["model"] == model)["metrics"][metric]
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def test_the_leaderboard_shows_every_model_in_order_with_its_figures(scores):
    first = tables(cards.leaderboard(scores))[0]
    assert [line["Model"] for line in first] == [model["model"] for model in scores["models"]]
    for line in first:
        for title, metric in (("ROC-AUC", "roc_auc"), ("F1", "f1"), ("Precision", "precision")):
            assert line[title] == as_shown(scores, line["Model"], metric)
    assert next(line for line in first if line["Model"] == "user_item_mean")["Against user_item_mean"] == "–"


def test_the_table_says_how_many_trials_each_model_was_given(scores):
    assert "Trials" not in tables(cards.leaderboard(scores))[0][0]
    tuned = {"sft-500": {"tuning": {"budget": 20}}, "sasrec-seed1": {"tuning": {"budget": 12}}}
    models = [m | {"settings": m["settings"] | tuned.get(m["model"], {})} for m in scores["models"]]
    text = cards.leaderboard(scores | {"models": models})
    trials = {line["Model"]: line["Trials"] for line in tables(text)[0]}
    assert trials == {m["model"]: "–" for m in models} | {"sft-500": "20", "sasrec-seed1": "12"}
    assert "Trials: settings tried on validation" in text


def test_the_leaderboard_says_what_was_scored(scores):
    text = cards.leaderboard(scores)
    dataset = scores["dataset"]
    assert f"{dataset['n']} rows of 40 users" in text
    assert f"{100 * dataset['base_rate']:.1f}% likes" in text
    assert dataset["fingerprint"] in text
    assert "the scores are no ratings (RMSE, MAE of" in text
    assert scores["command"] in text


def test_what_a_history_holds_is_said(scores):
    settings = scores["dataset"]["settings"] | {"history": "prior", "protocol": "per_user"}
    prior = scores | {"dataset": scores["dataset"] | {"settings": settings}}
    assert "earlier test ratings included" in cards.leaderboard(prior)
    assert "earlier test ratings included" not in cards.leaderboard(scores)


def test_without_a_reference_no_column_compares(scores):
    alone = scores | {"reference": None, "models": [m | {"against": {}} for m in scores["models"]], "seeds": []}
    text = cards.leaderboard(alone)
    assert "Against" not in text
    assert "Several seeds" not in text
    assert len(tables(text)) == 2


def test_a_bar_in_a_name_ends_no_cell(scores):
    renamed = scores | {"models": [m | {"model": "a|b"} for m in scores["models"][:1]]}
    assert "| a\\|b |" in cards.leaderboard(renamed)


@pytest.fixture(scope="module")
def many(scores):
    """Ten models, two of each kind, from m0, the best, on; `mean` is the reference."""
    kinds = ("trivial", "recbole", "text", "base", "adapter")
    apart = {"difference": -0.1, "low": -0.2, "high": -0.05, "p": 0.01, "p_holm": 0.02}
    some = scores["models"][0]
    models = [
        some
        | {"model": f"m{k}", "kind": kinds[k % 5], "against": {"mean": {"roc_auc": apart}}}
        | {"metrics": some["metrics"] | {"roc_auc": {"value": 0.9 - k / 100, "low": 0.5, "high": 0.95}}}
        for k in range(10)
    ]
    mean = models[9] | {"model": "mean", "kind": "trivial", "against": {}}
    return scores | {"reference": "mean", "models": [*models[:9], mean]}


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (1, ["mean"]),
        (2, ["m1", "mean"]),  # the best recommender
        (4, ["m1", "m3", "m4", "mean"]),  # the best adapter and the best language model as it comes
        (6, ["m0", "m1", "m2", "m3", "m4", "mean"]),  # and the next best
        (99, ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "mean"]),
    ],
)
def test_a_short_table_holds_the_reference_the_best_of_each_kind_and_the_next_best(many, rows, names):
    shuffled = many | {"models": many["models"][::-1]}
    for scores in (many, shuffled):
        (table,) = tables(cards.short_table(scores, rows) + "\n")
        assert [line["Model"] for line in table] == names
    assert list(table[0]) == ["Model", "Kind", "ROC-AUC", "UAUC", "ROC-AUC against mean"]
    assert table[-1]["ROC-AUC against mean"] == "–"
    if rows > 1:
        assert table[0]["ROC-AUC against mean"] == "-0.100 [-0.200, -0.050]"


def test_a_short_table_may_have_no_reference_and_undefined_figures_come_last(many):
    nothing = {"value": None, "low": None, "high": None}
    first = many["models"][0]
    undefined = first | {"metrics": first["metrics"] | {"roc_auc": nothing}}
    scores = many | {"reference": None, "models": [undefined, *many["models"][1:]]}
    (table,) = tables(cards.short_table(scores, 99) + "\n")
    assert [line["Model"] for line in table][-1] == "m0"
    assert list(table[0]) == ["Model", "Kind", "ROC-AUC", "UAUC"]


def test_the_verdict_stands_above_the_table(scores):
    text = cards.leaderboard(scores)
    sentences = verdict(scores)
    assert sentences
    at = [text.index(f"- {sentence}\n") for sentence in sentences]
    assert at == sorted(at)
    assert at[-1] < text.index("| Model |")


def test_uauc_stands_beside_roc_auc(scores):
    first, more, *_ = tables(cards.leaderboard(scores))
    columns = ["Model", "Kind", "ROC-AUC", "Against user_item_mean", "p", "UAUC", "Precision", "Recall", "F1"]
    assert list(first[0])[:9] == columns
    assert first[0]["UAUC"] == as_shown(scores, first[0]["Model"], "uauc")
    assert "UAUC" not in more[0]


def test_a_dataset_of_books_has_no_films(scores):
    words = {"item": "book", "items": "books", "user": "reader"}
    of_books = scores | {"dataset": scores["dataset"] | {"settings": {"task": words, "history": "prior"}}}
    text = cards.leaderboard(of_books)
    assert "rows of 40 readers and 37 books" in text
    assert "what its reader rated before" in text
    assert not re.search(r"film|movie", text)


HOSTILE = "$\\foo$ | <b>x</b>\n`y` __z__"


def test_a_hostile_name_breaks_no_table(scores):
    """Every table still has as many cells as its head, see `tables`."""
    models = [m | {"model": HOSTILE if m["model"] == "user_item_mean" else m["model"]} for m in scores["models"]]
    models = [m | {"against": {HOSTILE: m["against"]["user_item_mean"]} if m["against"] else {}} for m in models]
    text = cards.leaderboard(scores | {"reference": HOSTILE, "models": models})
    assert tables(text)
    assert "\\$\\\\foo\\$ \\| \\<b\\>x\\</b\\> \\`y\\` \\_\\_z\\_\\_" in text
    assert "<b>" not in text

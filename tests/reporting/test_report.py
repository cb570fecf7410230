"""report.html: what it holds, and how it behaves in a real browser."""

import json
import re

import pytest
from markupsafe import escape
from pages import assert_renders, column, models_shown, press
from scored import make_scored

from tastetune.artifacts.predictions import find_predictions, find_validation, read_predictions
from tastetune.evaluation.scoring import score
from tastetune.metrics import LIKE_DISLIKE
from tastetune.reporting.report import report
from tastetune.reporting.verdict import verdict
from tastetune.tasks import TASKS

HOSTILE = '</script><script>document.title = "forged"</script> שלום "quoted" <b>bold</b>'


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    rows = TASKS["like_dislike"].rows(make_scored(folder), "test")
    paths = find_predictions([folder / "predictions"])
    validation = [read_predictions(path) for path in find_validation(paths)]
    predictions = [read_predictions(path) for path in paths]
    found = score(rows, predictions, validation=validation, resamples=30, home=folder)
    found["rows"]["sample"][0]["prompt"] = HOSTILE
    leakage = {"test_before_training": 12, "training_after_test": 0.25, "duplicate_prompts": 0}
    points = [{"model": f"sft-{k}", "examples": 64 * k, "seconds": None, "flops": None} for k in (100, 500)]
    points = [point | {"roc_auc": {"value": 0.6, "low": 0.5, "high": 0.7}} for point in points]
    found["learning_curve"] = {"curves": [{"name": "sft", "kind": "adapter", "points": points}]}
    return found | {"dataset": found["dataset"] | {"leakage": leakage}}


@pytest.fixture(scope="module")
def page(scores):
    return report(scores)


def test_it_needs_no_network(page):
    addresses = re.findall(r"""(?:src|href|action)=["']?([^"'\s>]+)|url\(([^)]+)\)|@import""", page)
    assert [a for a, b in addresses if not a.startswith("#")] == []
    assert "default-src 'none'" in page


def test_it_holds_every_figure_of_the_table(scores, page):
    for model in scores["models"]:
        for name, estimate in model["metrics"].items():
            if estimate["value"] is not None:
                button = f'data-model="{model["model"]}" data-metric="{name}">{estimate["value"]:.3f}<'
                assert button in page
    assert "Test rows that lie before training rows of other users" in page
    assert "25.0%" in page


def test_what_nothing_was_said_of_is_left_out(scores):
    bare = scores | {
        "rows": None,
        "learning_curve": None,
        "dataset": scores["dataset"] | {"leakage": None},
        "reference": None,
        "models": [model | {"chosen_threshold": None} for model in scores["models"]],
    }
    text = report(bare)
    for name in ("rows", "curve", "leakage", "thresholds"):
        assert f'id="{name}"' not in text
    assert ">Against" not in text


def test_withheld_rows_say_so(scores):
    kept = [
        {key: row[key] for key in ("label", "scores", "yes", "written")} | {"row": "row 1"}
        for row in scores["rows"]["sample"]
    ]
    text = report(scores | {"rows": {"withheld": True, "sample": kept}})
    assert "withheld" in text
    assert "## Target" not in text


def test_it_opens_with_the_verdict(scores, page):
    sentences = verdict(scores)
    assert sentences
    assert all(f"<li>{escape(sentence)}</li>" in page for sentence in sentences)
    assert page.index('id="verdict"') < page.index('id="models"')


def test_a_dataset_of_books_has_no_films(scores):
    words = {"item": "book", "items": "books", "user": "reader"}
    of_books = scores | {"dataset": scores["dataset"] | {"settings": {"task": words}}, "rows": None}
    text = report(of_books)
    assert "rows of 40 readers and 37 books." in text
    assert not re.search(r"film|movie", text.partition("<script")[0])


def test_data_cannot_break_out_of_the_script(page):
    assert HOSTILE not in page
    embedded = re.search(r'<script type="application/json" id="scores">(.*?)</script>', page, flags=re.DOTALL).group(1)
    assert json.loads(embedded)["rows"]["sample"][0]["prompt"] == HOSTILE


def test_a_models_name_is_text_wherever_it_stands(scores):
    """In the table, the verdict, the legends, both charts and the provenance."""
    named = [m | {"model": HOSTILE if m["model"] == "sft-500" else m["model"]} for m in scores["models"]]
    text = report(scores | {"models": named})
    assert HOSTILE not in text
    assert text.count("</script>") == 2  # of the scores and of the page's script
    assert "<b>bold</b>" not in text


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_renders_without_a_complaint_and_without_overflowing(opened, width, scheme):
    assert_renders(opened, width, scheme)
    assert opened.find_elements("css selector", "svg.chart")


def test_it_sorts_by_each_column_both_ways(opened, scores):
    def value(name, metric):
        return next(m for m in scores["models"] if m["model"] == name)["metrics"][metric]["value"]

    for metric in ("roc_auc", "f1", "log_loss"):
        title = LIKE_DISLIKE[metric].title
        for _ in range(2):
            opened.execute_script("arguments[0].querySelector('button').click()", column(opened, title))
            values = [value(name, metric) for name in models_shown(opened)]
            known = [v for v in values if v is not None]
            direction = column(opened, title).get_attribute("aria-sort")
            assert known == sorted(known, reverse=direction == "descending")
            assert values[len(known) :] == [None] * (len(values) - len(known))  # undefined figures last
    opened.execute_script("arguments[0].querySelector('button').click()", column(opened, "Model"))
    assert models_shown(opened) == sorted(models_shown(opened))


def test_a_metric_is_first_sorted_best_first(opened):
    opened.execute_script("arguments[0].querySelector('button').click()", column(opened, "Log loss"))
    assert column(opened, "Log loss").get_attribute("aria-sort") == "ascending"
    opened.execute_script("arguments[0].querySelector('button').click()", column(opened, "F1"))
    assert column(opened, "F1").get_attribute("aria-sort") == "descending"


def test_it_filters_by_name_and_kind(opened):
    opened.find_element("id", "filter").send_keys("SFT")
    assert sorted(models_shown(opened)) == ["sft-100", "sft-500"]
    assert opened.find_element("id", "count").text == "2 of 5 models"
    opened.find_element("id", "filter").clear()
    opened.find_element("id", "filter").send_keys("e")
    opened.find_element("css selector", "#kind option:nth-child(2)").click()
    assert len(models_shown(opened)) < 5


def test_a_figure_tells_where_it_comes_from(opened, scores):
    press(opened, 'button.figure[data-model="sft-500"][data-metric="roc_auc"]')
    text = opened.find_element("id", "origin").text
    model = next(m for m in scores["models"] if m["model"] == "sft-500")
    assert str(model["metrics"]["roc_auc"]["value"]) in text
    assert "predictions/sft-500.parquet" in text
    assert "Hanley and McNeil" in text
    assert f"models[{scores['models'].index(model)}].metrics.roc_auc" in text


def test_rows_are_searched_and_turned(opened, scores):
    shown = opened.find_elements("css selector", "#browser article")
    assert len(shown) == 5
    assert HOSTILE in shown[0].text  # as text, not as markup
    assert opened.title != "forged"
    first = shown[0].find_element("css selector", "h3").text
    press(opened, "#next")
    assert opened.find_element("css selector", "#browser h3").text != first
    opened.find_element("id", "search").send_keys(scores["rows"]["sample"][7]["row"])
    assert scores["rows"]["sample"][7]["row"] in opened.find_element("css selector", "#browser h3").text
    opened.find_element("id", "search").send_keys("no such row")
    assert opened.find_element("id", "page").text == "no row"


def test_a_legend_hides_a_line(opened):
    line = opened.find_element("css selector", '#plots [data-series="sft-500"]')
    assert line.is_displayed()
    press(opened, '#plots .legend input[value="sft-500"]')
    assert not line.is_displayed()


def test_a_link_opens_a_models_provenance(opened):
    press(opened, "#leaderboard tbody th a")
    assert opened.execute_script("return document.querySelector(location.hash).open")

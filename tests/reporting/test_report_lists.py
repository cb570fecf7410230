"""report.html of recommended lists: what it holds, and how it behaves in a real browser."""

import json
import re

import pytest
from made_lists import make_lists
from markupsafe import escape
from pages import assert_renders, column, models_shown, press

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.list_table import ListLine, list_table
from tastetune.artifacts.predictions import Meta, Predictions
from tastetune.evaluation.scoring import score
from tastetune.metrics import LISTS
from tastetune.reporting.report import report
from tastetune.tasks import TASKS

HOSTILE = '</script><script>document.title = "forged"</script> <b>bold</b>'


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return TASKS["top_n"].rows(open_dataset(make_lists(tmp_path_factory.mktemp("lists") / "data", n_users=70)), "test")


@pytest.fixture(scope="module")
def scores(rows):
    """Seven users. `gold` names their gold lists, `prose` one hit and every fault there is, `silent` nothing."""
    faulty = [
        [
            ListLine(gold[0], None, "the hit"),
            ListLine(gold[0], None, "the hit"),
            ListLine(liked[0], None, "my own"),
            ListLine(None, None, HOSTILE),
        ]
        for gold, liked in zip(rows.table["gold"].to_pylist(), rows.table["liked"].to_pylist(), strict=True)
    ]
    lists = {
        "gold": [[ListLine(item) for item in gold[:10]] for gold in rows.table["gold"].to_pylist()],
        "prose": faulty,
        "silent": [[] for _ in rows.table["gold"].to_pylist()],
    }
    dataset = rows.dataset
    known = {"dataset": dataset.name, "config": "top_n", "split": "test", "fingerprint": dataset.fingerprint}
    kinds = {"gold": "trivial", "prose": "base", "silent": "base"}
    made = [
        Predictions(
            Meta(model=name, kind=kinds[name], **known), list_table(dict(zip(rows.example_ids, found, strict=True)))
        )
        for name, found in lists.items()
    ]
    scores = score(rows, made, reference="gold", resamples=30)
    settings = scores["dataset"]["settings"]
    settings["task"] |= {"item": "film", "items": "films", "user": "viewer"}
    return scores


@pytest.fixture(scope="module")
def page(scores):
    return report(scores)


def articles(browser):
    return browser.find_elements("css selector", "#browser article")


def test_it_holds_every_figure_and_no_section_of_labels(scores, page):
    for model in scores["models"]:
        for name, estimate in model["metrics"].items():
            if estimate["value"] is not None:
                assert f'data-model="{model["model"]}" data-metric="{name}">{estimate["value"]:.3f}<' in page
    assert "7 viewers, each with favourites and a gold list" in page
    for name in ("thresholds", "plots", "slices", "leakage"):
        assert f'id="{name}"' not in page


def test_every_metric_is_defined_and_coverage_and_shares_are_among_them(page):
    for name in LISTS.keys() - {"recall@20"}:  # of lists that go on behind ten lines alone
        assert f"<dt>{escape(LISTS[name].title)}</dt>" in page
    assert "shown as the share of all lines written" in page
    assert "divided by k even if fewer lines came" in page


def test_a_metric_that_nobody_has_is_left_out(scores):
    nobody = {"coverage": dict.fromkeys(("value", "low", "high"))}
    models = [model | {"metrics": model["metrics"] | nobody} for model in scores["models"]]
    assert "Catalogue coverage" not in report(scores | {"models": models})


def test_the_published_figures_stand_apart_from_the_models(page):
    published = page[page.index('id="published"') : page.index('id="rows"')]
    for figure in ("0.0198", "0.4284", "0.0116", "0.4184", "0.0505", "0.5981", "0.0060", "0.2780"):
        assert figure in published
    assert "not comparable row by row" in published
    assert "GPT-4o" not in page[: page.index('id="published"')]


def test_the_licence_leaves_verdicts_and_withholds_titles(rows):
    """The fixture's licence allows rows; `with_text` overrules it."""
    dataset = rows.dataset
    known = {"dataset": dataset.name, "config": "top_n", "split": "test", "fingerprint": dataset.fingerprint}
    gold = rows.table["gold"].to_pylist()
    given = dict(zip(rows.example_ids, ([ListLine(items[0], None, "TOLD")] for items in gold), strict=True))
    scores = score(
        rows, [Predictions(Meta(model="m", kind="base", **known), list_table(given))], resamples=5, with_text=False
    )
    first = scores["rows"]["sample"][0]
    assert first == {
        "row": "user 1",
        "favourites": 10,
        "gold": len(gold[0]),
        "lists": {"m": [{"verdict": "hit"}]},
    }
    text = report(scores)
    assert "favourites, gold lists and titles are withheld" in text
    titles = dataset.read("items", "train", ["title"])["title"].to_pylist()
    assert "TOLD" not in text
    assert not [title for title in titles if title in text]


def test_data_cannot_break_out_of_the_script(page):
    assert HOSTILE not in page
    embedded = re.search(r'<script type="application/json" id="scores">(.*?)</script>', page, flags=re.DOTALL).group(1)
    assert json.loads(embedded)["rows"]["sample"][0]["lists"]["prose"][3]["written"] == HOSTILE


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_renders_without_a_complaint_and_without_overflowing(opened, width, scheme):
    assert_renders(opened, width, scheme)


def test_it_sorts_and_filters(opened):
    assert models_shown(opened) == ["gold", "prose", "silent"]  # by P@3: 1, 1/3 and 0
    opened.execute_script("arguments[0].querySelector('button').click()", column(opened, "Lines off the catalogue"))
    # fewest first: none of gold's lines and a quarter of prose's; silent has no line, so no share, and stays last
    assert models_shown(opened) == ["gold", "prose", "silent"]
    opened.execute_script("arguments[0].querySelector('button').click()", column(opened, "Lines off the catalogue"))
    assert models_shown(opened) == ["prose", "gold", "silent"]
    opened.find_element("id", "filter").send_keys("pro")
    assert models_shown(opened) == ["prose"]
    opened.find_element("id", "filter").clear()
    opened.find_element("id", "filter").send_keys("S")
    assert sorted(models_shown(opened)) == ["prose", "silent"]


def test_a_figure_tells_where_it_comes_from(opened, scores):
    press(opened, 'button.figure[data-model="prose"][data-metric="off_catalogue"]')
    text = opened.find_element("id", "origin").text
    assert "0.25" in text
    assert "tastetune.metrics.lines.off_catalogue" in text
    assert "models[1].metrics.off_catalogue" in text


def test_a_user_is_shown_with_favourites_gold_and_marked_lists(opened, scores, rows):
    assert len(articles(opened)) == 5
    first, sample = articles(opened)[0], scores["rows"]["sample"][0]
    assert first.find_element("css selector", "h3").text.startswith(f"{rows.example_ids[0]}: 10 favourites")
    assert sample["favourites"][0] in first.text
    gold = first.find_elements("css selector", "details")[1]
    opened.execute_script("arguments[0].open = true", gold)
    assert all(title in gold.text for title in sample["gold"])
    lines = first.find_elements("css selector", ".lists section:nth-child(2) li")
    marks = [line.find_element("css selector", ".mark").text for line in lines]
    assert marks == ["hit", "repeated", "own film", "off the catalogue"]
    assert sample["gold"][0] in lines[0].text
    assert 'wrote "the hit"' in lines[0].text
    assert HOSTILE in lines[3].text  # as text, not as markup
    assert opened.title != "forged"
    assert "no answer" in first.find_element("css selector", ".lists section:nth-child(3)").text


def test_users_are_searched_chosen_and_turned(opened, scores, rows):
    press(opened, "#next")
    assert len(articles(opened)) == 2
    assert opened.find_element("id", "page").text == "6 to 7 of 7 users"
    opened.find_element("id", "search").send_keys(rows.example_ids[6])
    assert articles(opened)[0].find_element("css selector", "h3").text.startswith(f"{rows.example_ids[6]}:")
    opened.find_element("id", "search").clear()
    opened.find_element("id", "search").send_keys("no such title")
    assert opened.find_element("id", "page").text == "no user"
    opened.find_element("id", "search").clear()
    opened.find_element("css selector", '#shown option[value="hit"]').click()
    assert opened.find_element("id", "page").text == "1 to 5 of 7 users"
    opened.find_element("css selector", '#shown option[value="none"]').click()
    assert opened.find_element("id", "page").text == "no user"  # `gold` hits for everybody
    opened.find_element("css selector", '#shown option[value="own"]').click()
    assert len(articles(opened)) == 5

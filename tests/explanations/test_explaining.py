"""A language model that explains, from the recipe to the report."""

import json
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
import yaml
from made import make_dataset
from made_model import make_tiny_model
from pages import assert_renders
from scored import ROOT, run_in
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import find_predictions, read_predictions
from tastetune.errors import InputError
from tastetune.evaluation.scoring import score
from tastetune.explanations.explaining import explain, explainable
from tastetune.explanations.explanation import Explanation, ExplanationSettings
from tastetune.explanations.faithfulness import faithfulness
from tastetune.explanations.files import read_faithfulness
from tastetune.explanations.pasts import read_items
from tastetune.explanations.prompts import begun, question, reason_ids
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.language_model import LanguageModel
from tastetune.reporting.report import report
from tastetune.tasks import TASKS
from tastetune.tasks.like_dislike import Item, LikeDislike

SETTINGS = ExplanationSettings(draws=2, max_new_tokens=12)
CHAT = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}<me>{% endif %}"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_dataset(folder / "run/data", 12, 30)
    make_tiny_model(folder / "model")
    recipe = {"run_dir": "run", "model_name_or_path": "model", "dtype": "float32"}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe | {"bf16": False, "use_cpu": True}))
    return folder


@pytest.fixture(scope="module")
def tiny(home):
    model = AutoModelForCausalLM.from_pretrained(home / "model").eval()
    return LanguageModel(model, AutoTokenizer.from_pretrained(home / "model"))


def test_the_model_is_asked_in_the_words_of_its_own_prompts():
    wording = LikeDislike(item="book", items="books", user="reader", enjoy="enjoy", style="published")
    target = Item("Emma")
    prompt = wording.prompt([Item("Persuasion")], [5.0], target)
    assert question(wording, prompt, likes=False) == (
        "Below is a reader's history of likes and dislikes for books, followed by a target book. Say in one or two "
        "sentences why the reader will not enjoy the target book, and name the books of the history that show it by "
        'their titles.\n\n## Reader\'s history:\n- Liked "Persuasion"\n\n## Target book:\n"Emma"'
    )
    assert begun(wording, target, likes=True) == 'The reader will enjoy "Emma", judging by "'


def test_a_model_with_a_chat_template_is_asked_in_a_chat(home):
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    spelt = {}
    for template in (None, CHAT):
        tokenizer.chat_template = template
        (ids,) = reason_ids(tokenizer, ["Why?"], ['Judging by "'])
        spelt[template] = tokenizer.decode(ids, skip_special_tokens=False).removeprefix(tokenizer.bos_token or "")
    assert spelt == {None: 'Why?\n\n## Reason:\nJudging by "', CHAT: '<user>Why?</s><me>Judging by "'}


@pytest.mark.parametrize("task", ["like_dislike", "stream", "stream_rating"])
def test_the_whole_past_gives_the_answer_that_the_row_gets(home, tiny, task):
    """Of a stream the row itself is read behind a longer past; there it is seen that all rows are answered."""
    rows = TASKS[task].rows(open_dataset(home / "run/data"), "test_sample")
    asking = explainable(rows, Asking(""))
    found = explain(tiny, rows, asking, SETTINGS)
    assert [of.example_id for of in found] == rows.example_ids
    if task == "like_dislike":
        table = ANSWERERS[task].answer(tiny, rows, asking).table
        answered = dict(zip(table["example_id"].to_pylist(), table["score"].to_pylist(), strict=True))
        assert [of.p_like for of in found] == pytest.approx([answered[row] for row in rows.example_ids], abs=1e-6)
    for of in found:
        verb = "like" if of.p_like >= 0.5 else "not like"
        assert of.text.startswith(
            f"The user will {verb} {LikeDislike().named(read_items(rows.dataset)[of.target])}, judg"
        )
        assert "\n" not in of.text
        assert len(of.without_others) == (0 if of.without_named is None else 2)
    assert all(0 < of.p_like < 1 for of in found)


def test_stars_are_not_explained(home):
    rows = TASKS["rating"].rows(open_dataset(home / "run/data"), "test")
    with pytest.raises(InputError, match="dataset_config is 'rating', which asks for no probability of a like"):
        explainable(rows, Asking(""))


def explained(home, monkeypatch, capsys, *flags):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # else it knocks for an adapter of no folder
    return run_in(home, monkeypatch, capsys, "explain.py", "recipe.yaml", "--max_reason_tokens", 8, *flags)


def test_a_run_is_explained_once_and_kept(home, monkeypatch, capsys):
    status, out, err = explained(home, monkeypatch, capsys, "--split", "test_sample", "--rows", 6, "--draws", 2)
    assert status == 0, err
    path = home / "run/explanations/test_sample/zero-shot.json"
    content = json.loads(path.read_text())
    assert "explanations: run/explanations/test_sample/zero-shot.json (6 rows)" in out
    assert f"{content['explanations'][0]['text']}\n" in out
    dataset = open_dataset(home / "run/data")
    assert content["dataset"]["fingerprint"] == dataset.fingerprint
    assert content["model"]["settings"]["stand_in"] is True
    assert content["settings"] == {"draws": 2, "seed": 42, "max_new_tokens": 8}
    before = path.read_bytes()
    flags = ("--split", "test_sample", "--rows", 6, "--draws", 2)
    assert explained(home, monkeypatch, capsys, *flags)[1].splitlines()[-1].startswith("kept: run/explanations/")
    # Done anew by force it holds the same bytes but for the command; another number of rows is another file
    assert explained(home, monkeypatch, capsys, *flags, "--force")[0] == 0
    assert path.read_bytes() == before.replace(b"--draws 2", b"--draws 2 --force")
    assert explained(home, monkeypatch, capsys, "--split", "test_sample", "--rows", 3)[0] == 0
    assert len(json.loads(path.read_text())["explanations"]) == 3


def test_one_user_or_one_row_is_shown_and_nothing_written(home, monkeypatch, capsys):
    rows = TASKS["like_dislike"].rows(open_dataset(home / "run/data"), "test")
    before = sorted((home / "run").rglob("*"))
    for flags, shown in (
        (["--row", rows.example_ids[0]], rows.example_ids[:1]),
        (["--user", "u3", "--dataset_config", "stream"], [row for row in rows.example_ids if row.startswith("u3:")]),
    ):
        status, out, err = explained(home, monkeypatch, capsys, *flags)
        assert status == 0, err
        assert [line.removesuffix(":") for line in out.splitlines() if line.endswith(":") and line[0] == "u"] == shown
    assert sorted((home / "run").rglob("*")) == before


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--user", "nobody"], "--user nobody: not in split 'test'"),
        (["--draws", 0], "--draws is 0; give at least 1"),
        (["--base", "--adapter", "a"], "--base and --adapter name two models"),
        (["--user", "u1", "--row", "u1:i1"], "--user and --row both say what to show"),
        (["--dataset_config", "rating"], "dataset_config is 'rating', which asks for no probability of a like"),
        (["--adapter", "nowhere/adapter"], "nowhere/adapter"),
        (["--max_reason_tokens", 99999], "prompts are longer than the model's context"),
    ],
)
def test_what_cannot_be_explained_is_refused(home, monkeypatch, capsys, flags, message):
    status, _, err = explained(home, monkeypatch, capsys, *flags)
    assert status == 1
    assert message in err
    assert not (home / "run/explanations/zero-shot.json").exists()


@pytest.fixture(scope="module")
def shown(scored):
    """Explanations of two models beside scored predictions: one names what it goes by, the other nothing."""
    dataset, folder = open_dataset(scored / "data"), scored / "why"
    folder.mkdir()
    rng = np.random.default_rng(0)
    told = [
        Explanation(
            f"u{n % 9}:i{n}", f"u{n % 9}", "i1", ("i2", "i3", "i4"), 0.7, "…", ("i2",), (), (), 0.5, (rng.random(),)
        )
        for n in range(30)
    ]
    silent = [Explanation("u1:i1", "u1", "i1", ("i2",), 0.3, "Yes Yes Yes", (), (), ())]
    for name, explanations in (("sft-500", told), ("zero-shot", silent)):
        rows = {"name": "made", "config": "like_dislike", "split": "test", "fingerprint": dataset.fingerprint}
        model = {"model": name, "base_model": "org/base", "adapter": None, "settings": {}}
        content = {
            "dataset": rows,
            "model": model,
            "settings": asdict(SETTINGS),
            "command": "python scripts/explain.py",
        }
        content["explanations"] = [asdict(of) for of in explanations]
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder, told


def test_the_figures_stand_in_the_scores_and_on_the_report_without_a_title(scored, shown, monkeypatch, capsys):
    folder, told = shown
    flags = ("--dataset_name", "data", "--predictions", "predictions", "--resamples", 20, "--scores_dir", "explained")
    files = sorted(folder.glob("*.json"))
    status, _, err = run_in(scored, monkeypatch, capsys, "score.py", *flags, "--explanations", *files)
    assert status == 0, err
    scores = json.loads((scored / "explained/scores.json").read_text())
    first, second = scores["explanations"]
    assert first.items() >= faithfulness(told, resamples=20).items()
    assert (second["n"], second["silent"], second["difference"]["value"]) == (1, 1, None)
    assert "…" not in json.dumps(scores["explanations"], ensure_ascii=False), "texts stay behind"
    page = (scored / "explained/report.html").read_text()
    assert f"{first['difference']['value']:+.4f}" in page
    again = ("--from_scores", "explained/scores.json", "--scores_dir", "explained_again")
    assert run_in(scored, monkeypatch, capsys, "score.py", *again)[0] == 0
    assert (scored / "explained_again/report.html").read_text() == page


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_their_page_renders_in_a_browser(scored, shown, browser, width, scheme):
    predictions = [read_predictions(path) for path in find_predictions([scored / "predictions"])]
    scores = score(TASKS["like_dislike"].rows(open_dataset(scored / "data"), "test"), predictions, resamples=5)
    figures = read_faithfulness(sorted(shown[0].glob("*.json")), scores)
    (scored / "why.html").write_text(report(scores | {"explanations": figures}), encoding="utf-8")
    browser.get("about:blank")
    browser.get((scored / "why.html").as_uri())
    assert_renders(browser, width, scheme)
    lines = browser.find_elements("css selector", "#explanations tbody tr")
    assert [line.get_attribute("data-model") for line in lines] == ["sft-500", "zero-shot"]
    assert [cell.text for cell in lines[1].find_elements("css selector", "td")][:3] == ["1 of 1", "0", "–"]
    bars = lines[0].find_elements("css selector", ".bar")
    assert len(bars) == 3
    assert all(bar.size["width"] >= 80 for bar in bars)


def test_explanations_of_something_else_are_refused(shown, tmp_path):
    folder, _ = shown
    path = folder / "sft-500.json"
    content = json.loads(path.read_text())
    scores = {"dataset": dict(content["dataset"]), "bootstrap": {"resamples": 5, "seed": 0}}
    with pytest.raises(InputError, match="model 'sft-500' stands in two files of explanations"):
        read_faithfulness([path, path], scores)
    for key, value in (("split", "validation"), ("fingerprint", "0123")):
        with pytest.raises(InputError, match=rf"explains rows of {key} .*, and those scored have {value}; explain the"):
            read_faithfulness([path], scores | {"dataset": content["dataset"] | {key: value}})
    content["explanations"][2]["p_like"] = "high"
    (tmp_path / "bent.json").write_text(json.dumps(content))
    for name, message in (("bent.json", r"explanations\[2\].p_like is 'high'"), ("absent.json", "cannot be read")):
        with pytest.raises(InputError, match=rf"{name}: .*{message}.*; explain anew"):
            read_faithfulness([tmp_path / name], scores)


def test_reading_explanations_needs_no_library_of_training():
    code = "import sys, tastetune.explanations.files; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

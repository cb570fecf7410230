"""What a language model knows of a catalogue, and what guessing gets."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made import make_dataset, sealed
from pages import assert_renders
from peft import LoraConfig, get_peft_model
from scored import ROOT, run_in
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import find_predictions, read_predictions
from tastetune.artifacts.scores import read_scores
from tastetune.errors import InputError
from tastetune.evaluation.scoring import score
from tastetune.probe.forms import ById, CatalogueLine, Question, Year
from tastetune.probe.probe import check_counts, probe, read_lines, read_probes
from tastetune.probe.shares import Answered, fifths_by, shares
from tastetune.reporting.report import report
from tastetune.reporting.views import VIEWS
from tastetune.tasks import TASKS
from tastetune.training.stand_in import make_model, train_tokenizer

YEAR = Question(place=0, prompt="A (", answer="", examples=())
NAMES = ("Amber", "Birch", "Cedar", "Dahlia", "Elder", "Fern", "Gorse", "Hazel", "Iris", "Juniper", "Kelp", "Laurel")
LINES = [CatalogueLine(str(k + 1), f"The {name} ({1980 + k})", ("Drama",), k) for k, name in enumerate(NAMES)]
SETTINGS = {"items": 9, "shots": 3, "seed": 0}


def knows(lines):
    """A writer that knows the catalogue by heart: the title behind an id, the year behind a title."""
    rest = {line.begun: line.text.removeprefix(line.begun) for line in lines}
    years = {f"{line.dated[0]} (": f"{line.dated[1]})" for line in lines if line.dated}
    return lambda prompts, _: [(rest | years).get(prompt.rpartition("\n")[2], "?") for prompt in prompts]


def of_form(found, name):
    return next(form for form in found["forms"] if form["form"] == name)


def test_who_knows_the_catalogue_recalls_it_and_nothing_of_neutral_titles():
    found = probe(LINES, knows(LINES), **SETTINGS)
    for form in found["forms"]:
        assert (form["n"], form["recalled"]["value"], form["neutral"]["value"], form["copied"]) == (9, 1, 0, 0)
        # Nine different answers to nine questions: a deal gets one right on average; and none but this gets nine
        assert (form["chance"], form["constant"]) == pytest.approx((1 / 9, 1 / 9))
        assert form["p"] == 1 / 1001
        # Wilson's lower end by hand, all right: (1 + z²/2n - z·√(z²/4n²)) / (1 + z²/n), where z is 1.959964 and n is 9
        assert form["recalled"]["low"] == pytest.approx(1 / (1 + 1.959964**2 / 9), abs=1e-6)
        assert form["recalled"]["high"] == pytest.approx(1)


def test_the_control_could_be_recalled_by_who_knew_it():
    """It is asked in the very same way, so that its share is no artefact of the question."""

    def cheats(prompts, answers):
        return [a + ")" if a.isdecimal() else f"{a}::Drama" for a in answers]

    for form in probe(LINES, cheats, **SETTINGS)["forms"]:
        assert form["neutral"]["value"] == 1


def test_neutral_titles_keep_the_year_and_cannot_be_read_off_the_id():
    asked = {}

    def listens(prompts, answers):
        asked.update((prompt.rpartition("\n")[2], answer) for prompt, answer in zip(prompts, answers, strict=True))
        return [""] * len(prompts)

    probe(LINES, listens, **SETTINGS)
    neutral = {int(begun.rstrip(":")): title for begun, title in asked.items() if title.startswith("Movie")}
    assert len(neutral) == 9
    for item, title in neutral.items():
        assert title.endswith(LINES[item - 1].title[-7:])  # " (1984)"
    assert [int(title.split()[1]) for title in neutral.values()] != list(neutral)


def test_who_repeats_the_lines_shown_recalls_nothing_and_is_found_out():
    def copies(prompts, _):
        last = [prompt.splitlines()[-2] if "\n" in prompt else "" for prompt in prompts]
        return [line.partition("::")[2] or line[-5:] for line in last]  # its title, or its year

    found = probe(LINES, copies, **SETTINGS)
    for name in ("id", "year"):
        assert of_form(found, name)["recalled"]["value"] == 0
        assert of_form(found, name)["copied"] == 1


def test_who_always_says_the_same_does_as_well_by_chance():
    years = [1990, 1990, 1990, 1991, 1992, 1990, 1990]
    lines = [replace(line, title=f"{line.title[:-6]}({year})") for line, year in zip(LINES, years, strict=False)]
    form = of_form(probe(lines, lambda prompts, _: ["1990)"] * len(prompts), items=6, shots=1, seed=0), "year")
    # Five of seven titles are of 1990; one is shown, and six are asked for
    assert form["recalled"]["value"] in (4 / 6, 5 / 6)
    assert form["chance"] == form["constant"] == form["recalled"]["value"]
    assert form["neutral"]["value"] == form["recalled"]["value"]  # what guessing gets
    assert form["p"] == 1


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1990, 1994).map(str), min_size=2, max_size=12), st.data())
def test_chance_is_the_mean_over_all_pairs_however_the_items_are_ordered(right, data):
    answers = data.draw(st.lists(st.sampled_from(["1990", "1991", "?"]), min_size=len(right), max_size=len(right)))
    order = data.draw(st.permutations(range(len(right))))

    def figures(right, answers):
        questions = [replace(YEAR, place=k, answer=year) for k, year in enumerate(right)]
        fifths = fifths_by([1] * len(right))
        return shares(
            Year(), Answered(questions, answers, questions, answers), fifths=fifths, rng=np.random.default_rng(0)
        )

    form = figures(right, answers)
    by_hand = np.mean([[answer == year for year in right] for answer in answers])
    assert form["chance"] == pytest.approx(by_hand)
    assert form["recalled"]["value"] == np.mean([a == b for a, b in zip(answers, right, strict=True)])
    again = figures([right[k] for k in order], [answers[k] for k in order])
    assert again["chance"] == pytest.approx(form["chance"])
    assert again["recalled"] == form["recalled"]


def test_shares_by_popularity_follow_what_is_known_and_an_empty_fifth_says_so():
    popular = [line for line in LINES if line.ratings >= 6]
    form = of_form(probe(LINES, knows(popular), **SETTINGS), "id")
    for part in form["popularity"]:
        if part["n"]:
            assert part["recalled"]["value"] == (part["from"] >= 6) or part["from"] < 6 <= part["to"]
    assert sum(part["n"] for part in form["popularity"]) == 9
    # Of twelve items eleven are never rated: all edges are 0, and every fifth between the first and last is empty
    unrated = [replace(line, ratings=100 * (line is LINES[0])) for line in LINES]
    parts = of_form(probe(unrated, knows(LINES), items=11, shots=1, seed=0), "id")["popularity"]
    assert [(part["from"], part["to"]) for part in parts] == [(0, 0), *[(None, None)] * 3, (100, 100)]
    assert parts[1] == {
        "fifth": 2,
        "from": None,
        "to": None,
        "n": 0,
        "recalled": {"value": None, "low": None, "high": None},
    }


def test_of_two_titles_alike_either_is_right_and_they_are_counted():
    twins = [replace(line, title="The Twin (1990)") if k in (2, 3) else line for k, line in enumerate(LINES)]
    found = probe(twins, knows(twins), items=11, shots=1, seed=0)
    assert found["titles_shared"] == 2
    assert of_form(found, "id")["recalled"]["value"] == 1
    assert of_form(found, "id")["constant"] == pytest.approx(2 / 11)


def test_titles_without_a_year_are_not_asked_for_theirs():
    plain = [CatalogueLine(str(k), f"Song {k}") for k in range(8)]
    form = of_form(probe(plain, knows(plain), items=5, shots=3, seed=0, word="song"), "year")
    assert (form["n"], form["recalled"]["value"], form["chance"]) == (0, None, None)
    assert "a title that ends in its year" in form["reason"]


def test_the_same_seed_asks_the_same_and_another_seed_others():
    def items(seed):
        answers = probe(LINES, knows(LINES), items=5, shots=3, seed=seed)["answers"]
        return [answer["item_id"] for answer in answers if answer["form"] == "id"]

    assert items(0) == items(0)
    assert len({tuple(items(seed)) for seed in range(5)}) > 1


@pytest.mark.parametrize(
    ("items", "shots", "message"),
    [
        (8, 5, "--items is 8; of the catalogue's 12 items 5 are shown, so give from 1 to 7"),
        (0, 5, "--items is 0"),
        (None, 0, "--lines is 0; show one line at least"),
        (None, 12, "--lines is 12, the catalogue has 12 items; show fewer"),
    ],
)
def test_counts_that_cannot_be_are_refused(items, shots, message):
    with pytest.raises(InputError, match=message):
        check_counts(LINES, items, shots)


def test_as_many_items_as_there_are_up_to_500():
    assert check_counts(LINES, None, 5) == 7
    assert check_counts(LINES, 3, 5) == 3
    assert check_counts(LINES * 100, None, 5) == 500


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A made catalogue, a model that learnt it by heart, and the same one before."""
    folder = tmp_path_factory.mktemp("home")
    lines = read_lines(open_dataset(make_dataset(folder / "data", n_users=20, n_items=30)))
    forms = [[line.text for line in lines], [f"{name} ({year})" for name, year in (line.dated for line in lines)]]
    rng = np.random.default_rng(0)

    def documents(n):
        """Six lines at a time, in ever another order: so that an id, and no line before it, tells a title."""
        return ["\n".join(forms[k % 2][place] for place in rng.permutation(30)[:6]) + "\n" for k in range(n)]

    tokenizer = train_tokenizer(documents(200), 420)
    torch.manual_seed(0)
    model = make_model(tokenizer, 64, 2, heads=4)
    for name in ("before", "after"):
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
        if name == "before":
            learn(model, tokenizer, partial(documents, 8))
    return folder


def learn(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, documents, steps: int = 220):
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(steps):
        batch = tokenizer(documents(), return_tensors="pt", padding=True)
        labels = batch["input_ids"].where(batch["attention_mask"] == 1, -100)
        model(**batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def run_probe(home, monkeypatch, capsys, *flags):
    fixed = ("--dataset_name", "data", "--load_in_4bit", "false", "--dtype", "float32")
    return run_in(home, monkeypatch, capsys, "probe.py", ROOT / "recipes/quickstart/sft.yaml", *fixed, *flags)


def test_a_model_that_learnt_the_catalogue_recalls_it_and_before_it_did_not(home, monkeypatch, capsys):
    found = {}
    for name in ("before", "after"):
        flags = ("--model_name_or_path", name, "--output", f"{name}.json", "--lines", 3)
        status, out, err = run_probe(home, monkeypatch, capsys, *flags)
        assert status == 0, err
        assert f"probe: {name}.json (27 items; recalled: line " in out
        found[name] = json.loads((home / f"{name}.json").read_text())
    for before, after in zip(found["before"]["forms"], found["after"]["forms"], strict=True):
        assert before["recalled"]["value"] <= 0.1
        assert after["recalled"]["value"] >= 0.9
        assert after["recalled"]["low"] > max(after["chance"], after["constant"], after["neutral"]["high"])
        assert after["p"] < 0.01 < before["p"]
    assert found["after"]["model"]["kind"] == "base"
    assert found["after"]["model"]["settings"]["stand_in"] is True
    # The same command gives the same bytes
    before = (home / "after.json").read_bytes()
    run_probe(home, monkeypatch, capsys, *flags)
    assert (home / "after.json").read_bytes() == before


def test_an_adapter_is_asked_behind_its_base_model(home, monkeypatch, capsys):
    model = AutoModelForCausalLM.from_pretrained(home / "before")
    get_peft_model(model, LoraConfig(target_modules=["q_proj"])).save_pretrained(home / "adapter")
    flags = ("--model_name_or_path", "before", "--adapter", "adapter", "--items", 2, "--output", "tuned.json")
    status, _, err = run_probe(home, monkeypatch, capsys, *flags)
    assert status == 0, err
    content = json.loads((home / "tuned.json").read_text())
    model = content["model"]
    assert (model["model"], model["kind"], model["adapter"]) == ("tuned", "adapter", "adapter")
    assert content["settings"] == {"items": 2, "shots": 5, "seed": 0, "level": 0.95}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--output", "x.parquet"], "--output is 'x.parquet'; name a .json file"),
        (["--output", "x.json", "--items", "31"], "--items is 31; of the catalogue's 30 items 5 are shown"),
        (["--output", "x.json", "--itmes", "3"], "--itmes"),
        (["--output", "x.json", "--adapter", "data"], "no adapter_config.json inside"),
    ],
)
def test_bad_input_ends_with_one_message_and_nothing_written(home, monkeypatch, capsys, flags, message):
    status, _, err = run_probe(home, monkeypatch, capsys, "--model_name_or_path", "before", *flags)
    assert status == 1
    assert message in err
    assert not list(home.glob("x.*"))


def rebuilt(home, tmp_path, items=None, **settings):
    """The made dataset with another catalogue or other settings."""
    info = json.loads((home / "data" / "tastetune.json").read_text())
    info["settings"] |= settings
    for name in ("items", "interactions"):
        (tmp_path / name).mkdir()
        for path in (home / "data" / name).iterdir():
            (tmp_path / name / path.name).write_bytes(path.read_bytes())
    if items is not None:
        pq.write_table(items, tmp_path / "items" / "train.parquet")
    (tmp_path / "tastetune.json").write_text(json.dumps(info))
    return open_dataset(sealed(tmp_path))


def test_a_catalogue_that_cannot_be_asked_for_is_refused(home, tmp_path):
    items = open_dataset(home / "data").read("items", "train")
    for name, catalogue, built, message in (
        ("cut", items.drop_columns("title"), {}, r"column 'title' is missing; it has item_id, genres"),
        ("empty", items.slice(0, 0), {}, r"items/train\.parquet: no items, so there is nothing to ask for"),
        ("neutral", None, {"neutral_titles": True}, "neutral names made of the ids, which a model reads off the id"),
    ):
        (tmp_path / name).mkdir()
        with pytest.raises(InputError, match=message):
            read_lines(rebuilt(home, tmp_path / name, catalogue, **built))


def test_lines_stand_as_in_the_catalogues_file(home, tmp_path):
    """Ids that are numbers in their order, 2 before 10; genres may be missing."""
    ids = ["10", "9", "2"]
    items = pa.table({"item_id": ids, "title": ["A", "B", "C"], "genres": pa.array([["X", "Y"], None, []])})
    lines = read_lines(rebuilt(home, tmp_path, items))
    assert [line.text for line in lines] == ["2::C", "9::B", "10::A::X|Y"]
    made = read_lines(open_dataset(home / "data"))
    assert [line.item_id for line in made] == [f"i{k}" for k in range(30)]
    assert sum(line.ratings for line in made) > 0


@pytest.fixture(scope="module")
def probed(scored):
    """Beside scored predictions, the probes of a base model and of its adapter."""
    folder, dataset = scored, open_dataset(scored / "data")
    lines = read_lines(dataset)
    for name, known in (("zero-shot", lines[20:]), ("sft-500", lines)):
        content = {
            "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint, "items": len(lines)},
            "model": {"model": name, "base_model": BASE, "adapter": None, "settings": {}},
            **probe(lines, knows(known), items=30, shots=5, seed=0),
            "command": f"python scripts/probe.py recipes/ml1m.yaml --output {name}.json",
        }
        (folder / f"{name}.json").write_text(json.dumps(content))
    predictions = [read_predictions(path) for path in find_predictions([folder / "predictions"])]
    scores = score(TASKS["like_dislike"].rows(dataset, "test"), predictions, resamples=5, home=folder)
    (folder / "predictions.json").write_text(json.dumps(scores))
    return folder


BASE = "meta-llama/Llama-3.2-1B-Instruct"
SCORE = (
    "score.py",
    "--dataset_name",
    "data",
    "--predictions",
    "predictions",
    "--resamples",
    "5",
    "--adapter",
    "adapter",
)


def test_it_is_shown_where_people_look(probed, monkeypatch, capsys):
    given = ("--probe", "zero-shot.json", "sft-500.json", "--scores_dir", "out")
    status, _, err = run_in(probed, monkeypatch, capsys, *SCORE, *given)
    assert status == 0, err
    scores = json.loads((probed / "out" / "scores.json").read_text())
    assert [one["model"]["model"] for one in scores["probes"]] == ["zero-shot", "sft-500"]
    assert not any("answers" in one for one in scores["probes"]), "rows of the catalogue stay behind"
    share = of_form(scores["probes"][0], "id")["recalled"]
    assert 0 < share["value"] < 1
    page, card = (probed / "out" / "report.html").read_text(), (probed / "adapter" / "README.md").read_text()
    assert f"<td>{share['value']:.3f}<span" in page
    as_shown = f"{share['value']:.3f} [{share['low']:.3f}, {share['high']:.3f}]"
    assert f"| zero-shot | {ById.asks} | 30 | {as_shown} |" in card
    assert "## What the base model knew before" in card
    # Rendered again they are still there; scored without a probe they are not
    again = ("--from_scores", "out/scores.json", "--scores_dir", "again")
    assert run_in(probed, monkeypatch, capsys, "score.py", *again)[0] == 0
    assert (probed / "again" / "report.html").read_bytes() == (probed / "out" / "report.html").read_bytes()
    assert run_in(probed, monkeypatch, capsys, *SCORE, "--scores_dir", "bare")[0] == 0
    assert 'id="probe"' not in (probed / "bare" / "report.html").read_text()
    assert "knew before" not in (probed / "adapter" / "README.md").read_text().replace(
        "What the base model knew of", ""
    )


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_page_renders_in_a_browser(probed, browser, width, scheme):
    scores = read_scores(probed / "predictions.json", VIEWS)
    probes = read_probes([probed / "zero-shot.json", probed / "sft-500.json"], scores)
    (probed / "report.html").write_text(report(scores | {"probes": probes}), encoding="utf-8")
    browser.get("about:blank")
    browser.get((probed / "report.html").as_uri())
    assert_renders(browser, width, scheme)
    shown = [row.get_attribute("data-model") for row in browser.find_elements("css selector", "#probe tbody tr")]
    assert shown == ["zero-shot", "sft-500"] * 3
    bars = browser.find_elements("css selector", "#probe .bar")
    assert bars
    assert all(bar.size["width"] >= 80 for bar in bars)
    first = browser.find_element("css selector", "#probe td")
    assert first.is_displayed()
    # What is recalled is seen without scrolling sideways
    right = browser.execute_script("return arguments[0].getBoundingClientRect().right", first)
    assert right <= width


def test_a_probe_of_something_else_is_refused(probed, tmp_path):
    scores = {"dataset": {"fingerprint": "0123456789abcdef"}}
    with pytest.raises(InputError, match="the one scored has 0123456789abcdef; probe the dataset that is scored"):
        read_probes([probed / "zero-shot.json"], scores)
    scores["dataset"]["fingerprint"] = json.loads((probed / "zero-shot.json").read_text())["dataset"]["fingerprint"]
    with pytest.raises(InputError, match="model 'zero-shot' stands in two probes"):
        read_probes([probed / "zero-shot.json"] * 2, scores)
    (tmp_path / "cut.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    for path in (
        tmp_path / "cut.json",
        tmp_path / "list.json",
        tmp_path / "absent.json",
        probed / "data/tastetune.json",
    ):
        with pytest.raises(
            InputError, match=rf"{path}: (not a whole JSON|cannot be read|scripts/probe\.py did not write it)"
        ):
            read_probes([path], scores)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda form: form.update(chance=None), r"forms\[0\].*9 asked for, and chance is null"),
        (lambda form: form["recalled"].update(value=None), r"forms\[0\].*9 asked for, and recalled is null"),
        (lambda form: form["popularity"][4].pop("to"), r"key 'forms\[0\].popularity\[4\].to' is missing"),
        (lambda form: form["popularity"][4].update(to=None), "expected both ends of a fifth, or neither"),
    ],
)
def test_a_figure_that_is_missing_is_named(tmp_path, change, message):
    found = json.loads(json.dumps(probe(LINES, knows(LINES), **SETTINGS)))
    model = {"model": "m", "base_model": None, "adapter": None, "settings": {}}
    content = {"dataset": {"items": 12, "fingerprint": "0"}, "model": model, "command": "probe.py", **found}
    change(content["forms"][0])
    (tmp_path / "m.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        read_probes([tmp_path / "m.json"], {"dataset": {"fingerprint": "0"}})


def test_reading_a_probe_needs_no_library_of_training():
    code = "import sys, tastetune.probe.probe; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert not {"torch", "trl", "recbole", "transformers", "peft"} & set(done.stdout.split())

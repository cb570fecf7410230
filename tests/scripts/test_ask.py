"""One person's own list, asked as a person asks: a table, JSON, and what cannot be asked."""

import json
import re

import numpy as np
import pytest
import yaml
from made import make_dataset
from made_lists import make_lists
from made_model import make_tiny_model
from stages import script
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.trivial.likes import TrivialLikes
from tastetune.data.exports import read_export
from tastetune.language_models.probabilities import yes_probabilities
from tastetune.person.dataset import among_others, with_person
from tastetune.person.person import find_person

LIST = "title,rating\nSilent River (1950),5\nLast Garden,2\nNo Such Film,4\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_dataset(folder / "run" / "data", 12, 30)
    make_tiny_model(folder / "model")
    recipe = {"run_dir": str(folder / "run"), "model_name_or_path": str(folder / "model"), "dtype": "float32"}
    recipe |= {"bf16": False, "use_cpu": True, "report_to": "none"}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    (folder / "mine.csv").write_text(LIST)
    return folder


def ask(home, *flags, ratings="mine.csv"):
    script("scripts/ask.py", home / "recipe.yaml", "--ratings", home / ratings, *flags)


def item_means(dataset):
    """The share of likes, plus for each item the sum of what its own differ from it / (their number + smoothing)."""
    settings = TrivialLikes("item_mean").fit_predict(dataset, "test").meta.settings
    rows = dataset.read("like_dislike", "train+validation", ["item_id", "label"]).to_pylist()
    share = sum(row["label"] for row in rows) / len(rows)
    means = {}
    for item in dataset.read("items", "train")["item_id"].to_pylist():
        rest = [row["label"] - share for row in rows if row["item_id"] == item]
        means[item] = min(1, max(0, share + sum(rest) / (len(rest) + settings["smoothing"]["item"])))
    return means


def test_ten_titles_by_the_models_own_probabilities_beside_the_means(home, capsys):
    """The oracle asks the model each prompt, and takes the item's mean of likes by its definition."""
    ask(home, "--json")
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert found["list"] | {"source": ""} == {
        "source": "",
        "format": "list",
        "dataset": "made",
        "titles": 3,
        "liked": 1,
        "rated": [{"title": "Silent River (1950)", "rating": 5.0}, {"title": "Last Garden (1969)", "rating": 2.0}],
        "seen": [],
        "missing": ["No Such Film"],
        "left_out": {},
    }
    assert "3 titles (list, rated 1 to 5), 2 of them in made: 1 liked, 1 not" in printed.err
    dataset = open_dataset(home / "run" / "data")
    person = find_person(read_export(home / "mine.csv"), dataset)
    asked = with_person(dataset, person, person.targets())
    rows = asked.read("like_dislike", "test").to_pylist()
    assert len(rows) == 28
    model, tokenizer = (kind.from_pretrained(home / "model") for kind in (AutoModelForCausalLM, AutoTokenizer))
    shares, _ = yes_probabilities(model, tokenizer, [row["prompt"] for row in rows], 4096)
    by_item = dict(zip([row["item_id"] for row in rows], shares[:, 1], strict=True))
    best = sorted(by_item, key=lambda item: -by_item[item])[:10]
    assert [answer["item_id"] for answer in found["answers"]] == best
    scores = [answer["scores"]["zero-shot"] for answer in found["answers"]]
    np.testing.assert_allclose([score["probability"] for score in scores], [by_item[item] for item in best], rtol=1e-5)
    assert [score["rank"] for score in scores] == list(range(1, 11))
    means = item_means(among_others(asked))
    for answer in found["answers"]:
        assert answer["scores"]["item_mean"]["probability"] == pytest.approx(means[answer["item_id"]])


def test_certain_titles_in_a_table(home, capsys):
    ask(home, "--dataset_config", "stream", "--item", "last garden", "Silent Garden (1960)")
    lines, heading = capsys.readouterr().out.splitlines(), "Of 2 movies the probability of a like, each with its rank:"
    assert "'Last Garden (1969)' is in the list; what is said of it there is left out" in lines
    table = lines[lines.index(heading) + 2 :]
    assert table[0].split() == ["#", "title", "zero-shot-stream", "user_item_mean", "item_mean"]
    cells = [re.split(r"  +", line.strip()) for line in table[1:3]]
    assert sorted(cell[1] for cell in cells) == ["Last Garden (1969)", "Silent Garden (1960)"]
    assert [cell[2].split()[1] for cell in cells] == ["#1", "#2"]


def test_the_expected_stars_of_a_model_that_is_asked_for_stars(home, capsys):
    ask(home, "--dataset_config", "rating", "--top", 3)
    printed = capsys.readouterr().out
    assert "Of 28 movies the expected stars, by item_mean the probability of a like, each with its rank:" in printed
    assert re.search(r"item_mean, which is the same for everybody, has [0-3] of these 3 among its first 3\.", printed)


REFUSED = {
    "no list": ([], None, "--ratings is missing; name the person's list"),
    "an empty list": ([], "title,rating\n", r"no title in it"),
    "no title found": ([], "title,rating\nNowhere,5\n", r"none of its titles \('Nowhere'\) is among the 30"),
    "an unknown export": (["--format", "imdb"], LIST, r"--format imdb: expected one of letterboxd, goodreads"),
    "too many titles": (["--top", 0], LIST, r"--top 0: expected a number from 1 to 1000"),
    "no dataset": (["--run_dir", "nowhere"], LIST, r"nowhere/data is not there; build it first"),
    "an unknown flag": (["--tops", 3], LIST, r"unknown flag --tops; did you mean --top"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_asked_is_refused(home, tmp_path, case):
    flags, text, message = REFUSED[case]
    (tmp_path / "list.csv").write_text(text or "")
    ratings = ["--ratings", tmp_path / "list.csv"] if text else []
    with pytest.raises(SystemExit, match=f"^error: .*{message}"):
        script("scripts/ask.py", home / "recipe.yaml", *ratings, *flags)


def test_a_dataset_of_lists_is_refused(home, tmp_path):
    make_lists(tmp_path / "lists")
    with pytest.raises(SystemExit, match=r"its rows ask for lists, and here single items are asked about"):
        ask(home, "--dataset_name", tmp_path / "lists")

"""Lists from a tiny language model: every way of making them, and the script that a person runs."""

import pyarrow as pa
import pytest
import torch
from made_lists import make_lists
from stages import script
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.config.arguments import GenerationArguments
from tastetune.errors import InputError
from tastetune.language_models.chat import chat_ids, plain_text, prompt_ids, turn_end
from tastetune.language_models.lists.top_n import Recommender, TopNAnswerer, read_films
from tastetune.metrics.recommended import DEPTH
from tastetune.tasks import TASKS
from tastetune.tasks.top_n import TopN
from tastetune.training.stand_in import make_model, train_tokenizer

RECIPE = "recipes/quickstart/top_n.yaml"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    dataset = open_dataset(make_lists(folder / "data"))
    texts = [plain_text(chat) for chat in dataset.read("top_n", "train", ["prompt"])["prompt"].to_pylist()]
    tokenizer = train_tokenizer(texts, vocab_size=700)
    torch.manual_seed(0)
    make_model(tokenizer, 64, 1, heads=4).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return folder


@pytest.fixture(scope="module")
def rows(home):
    return TASKS["top_n"].rows(open_dataset(home / "data"), "test")


def recommender(home, **how):
    dataset = open_dataset(home / "data")
    films = read_films(dataset.read("items", "train"), dataset.item_counts())
    model = AutoModelForCausalLM.from_pretrained(home / "model").eval()
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    return Recommender(model, tokenizer, films, TopN(), GenerationArguments(**how), max_batch_tokens=600)


def asked(made, rows):
    liked = rows.table["liked"].to_pylist()
    return prompt_ids(made.tokenizer, rows.task.prompts(rows)), [made.films.places(items) for items in liked]


def test_within_the_catalogue_every_line_is_a_film_none_twice_and_none_of_the_users_own(home, rows):
    made = recommender(home)
    prompts, own = asked(made, rows)
    lists = made.constrained(prompts, own)
    for lines, liked in zip(lists, rows.table["liked"].to_pylist(), strict=True):
        items = [line.item_id for line in lines]
        assert len(set(items)) == 10
        assert not set(items) & set(liked)
        assert all(made.films.catalogue.match(line.answer) == line.item_id for line in lines)
    # Batches do not matter: the same lists, one user at a time
    assert [made.constrained([prompt], [out])[0] for prompt, out in zip(prompts, own, strict=True)] == lists


def test_ranked_lists_hold_the_likeliest_titles_in_order(home, rows):
    made = recommender(home)
    prompts, own = asked(made, rows)
    lists = made.ranked(prompts, own)
    for prompt, lines, taken in zip(prompts, lists, own, strict=True):
        begun = prompt + made.tokenizer("1.", add_special_tokens=False)["input_ids"]
        scores = {}
        for place, title in enumerate(made.films.titles):
            ids = made.tokenizer(f" {title}\n", add_special_tokens=False)["input_ids"]
            with torch.no_grad():
                logs = made.model(torch.tensor([begun + ids])).logits[0].double().log_softmax(-1)
            scores[place] = sum(logs[len(begun) - 1 + at, token].item() for at, token in enumerate(ids))
        best = sorted((place for place in scores if place not in taken), key=lambda place: -scores[place])[:DEPTH]
        assert [line.item_id for line in lines] == [made.films.items[place] for place in best]
        assert [line.score for line in lines] == pytest.approx([scores[place] for place in best], abs=1e-3)


def test_nothing_is_inherited_from_the_models_own_generation_config(home, rows):
    made = recommender(home, max_new_tokens=12)
    prompts, _ = asked(made, rows)
    before = made.free(prompts)
    for name, value in {"do_sample": True, "temperature": 9.0, "repetition_penalty": 5.0, "max_length": 3}.items():
        setattr(made.model.generation_config, name, value)
    assert made.free(prompts) == before
    assert made.model.generation_config.repetition_penalty == 5.0


def test_drawing_depends_on_the_seed_alone(home, rows):
    made = recommender(home, do_sample=True, temperature=3.0, max_new_tokens=12)
    prompts, own = asked(made, rows)

    def drawn(seed):
        torch.manual_seed(seed)
        return made.constrained(prompts, own)

    assert drawn(1) == drawn(1) != drawn(2)


class Speaks:
    """A tokenizer's end of a made answer: whatever was generated, it reads as `text`."""

    def __init__(self, tokenizer, text):
        self.tokenizer, self.text = tokenizer, text

    def __getattr__(self, name):
        return getattr(self.tokenizer, name)

    def __call__(self, *args, **kwargs):
        return self.tokenizer(*args, **kwargs)

    def batch_decode(self, ids, **kwargs):
        return [self.text] * len(ids)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Other case, no year, article behind: still the film
        ("1. silent river\n2. GOLDEN RIVER (1951)\n3. Such a Film As There Is None (1999)", ["i0", "i1", None]),
        ("1. Silent River (1950)\n2. Silent River (1950)", ["i0", "i0"]),  # repeats stay, the scorer counts them
        ("1. Silent River (1950)\n2.", ["i0"]),  # stopped early
        ('You might enjoy "Golden River" very much.', ["i1"]),
        ("I am sorry, I do not know you.", [None]),  # prose is one line off the catalogue
        ("", []),
    ],
)
def test_free_answers_are_matched_to_the_catalogue(home, rows, text, expected):
    made = recommender(home, max_new_tokens=1)
    prompts, _ = asked(made, rows)
    speaking = Recommender(made.model, Speaks(made.tokenizer, text), made.films, made.task, made.how)
    assert [line.item_id for line in speaking.free(prompts[:1])[0]] == expected


def test_of_two_films_of_one_title_the_one_with_more_ratings_is_meant():
    items = pa.table({"item_id": ["a", "b", "c"], "title": ["Hamlet (1996)", "Hamlet (1996)", "Heat (1995)"]})
    films = read_films(items, {"a": 3, "b": 10, "c": 5})
    assert films.titles == ["Hamlet (1996)", "Heat (1995)"]
    assert films.items == ["b", "c"]
    assert films.places(["a"]) == films.places(["b"]) == {0}
    assert films.catalogue.match("Hamlet") == "b"


def test_a_chat_is_spelt_alike_for_training_and_for_answering(home, rows):
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    prompt, completion = rows.task.prompts(rows)[0], TopN().completion(["Silent River (1950)"])
    (asked_ids,), (whole,) = prompt_ids(tokenizer, [prompt]), chat_ids(tokenizer, [prompt + completion])
    assert whole[: len(asked_ids)] == asked_ids
    assert tokenizer.decode(whole[len(asked_ids) : -1]) == "1. Silent River (1950)"
    assert whole[-1] == turn_end(tokenizer)
    tokenizer.chat_template = None
    with pytest.raises(InputError, match=r"has no chat template.*name an instruct model"):
        prompt_ids(tokenizer, [prompt])
    tokenizer.chat_template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    with pytest.raises(InputError, match="puts nothing behind an assistant's message"):
        turn_end(tokenizer)


def test_no_prompt_depends_on_the_day(home, rows):
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    tokenizer.chat_template = "{{ date_string if date_string is defined else strftime_now('%d %b %Y') }}"
    assert tokenizer.decode(prompt_ids(tokenizer, rows.task.prompts(rows)[:1])[0]) == "26 Jul 2024"


def test_fine_tuning_on_chats_and_every_way_of_recommending(home, rows):
    fixed = ["--dataset_name", home / "data", "--model_name_or_path", home / "model", "--output_dir", home / "adapter"]
    script("scripts/sft.py", RECIPE, *fixed, "--max_steps", 8, "--learning_rate", 0.01)
    predictions, modes = {}, TopNAnswerer.modes
    for name, adapter in {"base": [], "adapter": ["--adapter", home / "adapter"]}.items():
        flags = ["--output", home / f"{{mode}}-{name}.parquet", "--max_new_tokens", 20, *adapter]
        script("scripts/predict.py", RECIPE, *fixed, "--modes", *modes, *flags)
        for mode in modes:
            predictions[mode, name] = read_predictions(home / f"{mode}-{name}.parquet")
            assert list(dict.fromkeys(predictions[mode, name].table["example_id"].to_pylist())) == rows.example_ids
            meta = predictions[mode, name].meta
            assert (meta.model, meta.kind, meta.settings["mode"]) == (f"{mode}-{name}", name, mode)
    for mode in ("constrained", "ranked"):
        lists = [predictions[mode, name].lists(rows.example_ids) for name in ("base", "adapter")]
        assert lists[0] != lists[1]
    assert predictions["ranked", "adapter"].meta.training["steps"] == 8
    with pytest.raises(SystemExit, match=r"name a \.parquet file"):
        script("scripts/predict.py", RECIPE, *fixed, "--modes", "free", "--output", "x.csv")
    with pytest.raises(SystemExit, match=r"mode 'fre': expected one of free, constrained, ranked"):
        script("scripts/predict.py", RECIPE, *fixed, "--modes", "fre", "--output", "x.parquet")
    with pytest.raises(SystemExit, match=r"2 answers .* would go into one file; say \{mode\} in its name"):
        script("scripts/predict.py", RECIPE, *fixed, "--modes", "free", "ranked", "--output", "x.parquet")
    with pytest.raises(SystemExit, match=r"of \d+ rows are longer than max_length 50"):
        script("scripts/sft.py", RECIPE, *fixed[:-1], home / "refused", "--max_length", 50)

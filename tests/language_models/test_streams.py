"""A user's rows answered in one pass: as if each were asked by itself, and without a look at what must not be seen."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch
from made import rewritten
from made_model import make_home
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    Gemma2Config,
    GraniteConfig,
    PreTrainedTokenizerFast,
)

from tastetune.artifacts.dataset import INFO, open_dataset
from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.probabilities import AnswerProbabilities
from tastetune.language_models.streams.tokens import SpeltStreams
from tastetune.tasks import TASKS
from tastetune.tasks.like_dislike import NO, YES
from tastetune.tasks.streams.passages import Streams

LIMITS = WindowLimits(ratings=9, min_past=3)
"""So small that a user of the made dataset, who has 13 to 26 ratings, has several windows."""

RULES = ("prior", "train")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("home"), 12, 40)


@pytest.fixture(scope="module")
def tiny(home):
    model = AutoModelForCausalLM.from_pretrained(home / "model").eval()
    return LanguageModel(model, AutoTokenizer.from_pretrained(home / "model"))


def ruled(folder, rule):
    """The dataset in `folder`, as if built with this rule for histories."""
    info = json.loads((folder / INFO).read_text())
    info["settings"]["history"] = rule
    (folder / INFO).write_text(json.dumps(info))
    return open_dataset(folder)


def changed(home, folder, change):
    """A copy of the dataset whose test ratings, each user's in order, are what `change` makes of them."""
    shutil.copytree(home / "data", folder)
    for config in ("interactions", "like_dislike"):
        path = folder / config / "test.parquet"
        table = pq.read_table(path)
        rewritten(pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema), path)
    return folder


def answers(language_model, dataset, split="test", task="stream", places=None, **asking):
    """By example id the score of each row."""
    rows = TASKS[task].rows(dataset, split)
    rows = rows if places is None else rows.at(np.array(places))
    how = Asking(task, **{"windows": LIMITS, "max_batch_tokens": 2000} | asking)
    table = ANSWERERS[task].answer(language_model, rows, how).table
    return dict(zip(table["example_id"].to_pylist(), table["score"].to_pylist(), strict=True))


def differing(one, other, tolerance=1e-5):
    return {row for row in one.keys() & other.keys() if abs(one[row] - other[row]) > tolerance}


def flipped(row):
    return row | {"rating": 6 - row["rating"] if row["rating"] != 3 else 5.0}


def last_of_users(rows):
    """The last test row of each user; the made rows stand in order."""
    return set({row["user_id"]: number for number, row in enumerate(rows)}.values())


def by_definition(language_model, prompt, texts):
    """Softmax of the next-token logits over the answers alone."""
    model, tokenizer = language_model.model, language_model.tokenizer
    tokens = [tokenizer(text, add_special_tokens=False)["input_ids"][0] for text in texts]
    with torch.no_grad():
        return model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1].double()[tokens].softmax(0).numpy()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("task", ["stream", "stream_rating"])
def test_one_pass_answers_as_each_prompt_by_itself(home, tiny, rule, task):
    """The prompts that the task writes out, in windows of the usual 40 ratings, each read on its own."""
    dataset = ruled(home / "data", rule)
    rows = TASKS[task].rows(dataset, "test")
    texts, worth = ([NO, YES], [0, 1]) if task == "stream" else ([f" {star}" for star in range(1, 6)], range(1, 6))
    expected = [by_definition(tiny, prompt, texts) @ np.array(worth) for prompt in rows.task.prompts(rows)]
    found = answers(tiny, dataset, task=task, windows=WindowLimits())
    assert np.ptp(expected) > 1e-2
    np.testing.assert_allclose([found[row] for row in rows.example_ids], expected, atol=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_no_answer_depends_on_the_rows_that_are_asked_beside_it(home, tiny, rule):
    dataset = ruled(home / "data", rule)
    together = answers(tiny, dataset)
    for places in ([0], [7, 3, 5], range(0, len(together), 3)):
        some = answers(tiny, dataset, places=list(places))
        assert len(some) == len(places)
        assert not differing(together, some)
    for tokens in (1, 500, 10**6):
        assert not differing(together, answers(tiny, dataset, max_batch_tokens=tokens))
    sampled = answers(tiny, dataset, "test_sample")
    assert len(sampled) == 20
    assert not differing(together, sampled)


@pytest.mark.parametrize("rule", RULES)
def test_no_answer_depends_on_a_rating_behind_it_or_on_its_own(home, tiny, tmp_path, rule):
    original = answers(tiny, ruled(home / "data", rule))

    def flip_last(rows):
        last = last_of_users(rows)
        return [flipped(row) if number in last else row for number, row in enumerate(rows)]

    def drop_last(rows):
        last = last_of_users(rows)
        return [row for number, row in enumerate(rows) if number not in last]

    assert not differing(original, answers(tiny, ruled(changed(home, tmp_path / "flipped", flip_last), rule)))
    fewer = answers(tiny, ruled(changed(home, tmp_path / "dropped", drop_last), rule))
    assert len(fewer) == len(original) - 12
    assert not differing(original, fewer)


@pytest.mark.parametrize("rule", RULES)
def test_an_earlier_test_rating_is_seen_under_prior_and_no_other_target_under_train(home, tiny, tmp_path, rule):
    def flip_first(rows):
        first = {row["user_id"]: number for number, row in reversed(list(enumerate(rows)))}
        return [flipped(row) if number in first.values() else row for number, row in enumerate(rows)]

    folder = changed(home, tmp_path / "changed", flip_first)
    rows = open_dataset(folder).read("like_dislike", "test", ["example_id", "user_id"]).to_pylist()
    firsts = {row["user_id"]: row["example_id"] for row in reversed(rows)}
    later = {row["example_id"] for row in rows} - set(firsts.values())
    moved = differing(answers(tiny, ruled(home / "data", rule)), answers(tiny, ruled(folder, rule)), 1e-6)
    assert moved == (later if rule == "prior" else set())


@pytest.mark.parametrize("rule", RULES)
def test_no_answer_depends_on_another_user(home, tiny, tmp_path, rule):
    def flip_others(rows):
        return [row if row["user_id"] == "u3" else flipped(row) for row in rows]

    one, other = (
        answers(tiny, ruled(folder, rule))
        for folder in (home / "data", changed(home, tmp_path / "changed", flip_others))
    )
    own = {row for row in one if row.startswith("u3:")}
    assert own
    assert not differing(one, other, 1e-6) & own
    assert bool(differing(one, other)) == (rule == "prior")


@pytest.mark.parametrize("rule", RULES)
def test_a_user_of_whom_nothing_is_known_or_one_rating_is_asked_behind_the_instruction(home, tiny, tmp_path, rule):
    def first_of_users(rows):
        return [row for number, row in enumerate(rows) if not number or rows[number - 1]["user_id"] != row["user_id"]]

    folder = changed(home, tmp_path / "changed", first_of_users)
    for split in ("train", "validation"):
        path = folder / "interactions" / f"{split}.parquet"
        table = pq.read_table(path)
        rewritten(table.filter(pc.invert(pc.is_in(table["user_id"], pa.array(["u3", "u4"])))), path)
    dataset = ruled(folder, rule)
    rows = TASKS["stream"].rows(dataset, "test")
    prompts = dict(zip(rows.example_ids, rows.task.prompts(rows), strict=True))
    cold = {row: prompt for row, prompt in prompts.items() if row.startswith(("u3:", "u4:"))}
    assert [prompt.count("\n- ") for prompt in cold.values()] == [1, 1]
    found = answers(tiny, dataset, windows=WindowLimits())
    for row, prompt in prompts.items():
        assert found[row] == pytest.approx(by_definition(tiny, prompt, [NO, YES])[1], abs=1e-5)


def test_scaled_and_capped_logits_are_read_as_the_model_makes_them(home, tiny):
    """Of such a model the answers' rows of the output layer do not suffice."""
    small = {"vocab_size": len(tiny.tokenizer), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    small |= {"num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 2048}
    for config in (
        Gemma2Config(**small, head_dim=16, final_logit_softcapping=2.0),
        GraniteConfig(**small, logits_scaling=3.0),
    ):
        torch.manual_seed(0)
        model = LanguageModel(AutoModelForCausalLM.from_config(config).eval(), tiny.tokenizer)
        for rule in RULES:
            dataset = ruled(home / "data", rule)
            rows = TASKS["stream"].rows(dataset, "test")
            found = answers(model, dataset, windows=WindowLimits())
            for row, prompt in list(zip(rows.example_ids, rows.task.prompts(rows), strict=True))[::7]:
                assert found[row] == pytest.approx(by_definition(model, prompt, [NO, YES])[1], abs=1e-5)


def token_rows(home, tiny, split, windows=LIMITS, *, seed=0, context=None):
    rows = TASKS["stream"].rows(open_dataset(home / "data"), split)
    made = ANSWERERS["stream"].training_rows(tiny.tokenizer, rows, windows, context=context, seed=seed)
    return rows, made.to_list()


def asked_texts(tiny, rows):
    """What stands before each label of token rows, from the last line's beginning on, and the answer."""
    for row in rows:
        for place, label in enumerate(row["labels"]):
            if label != -100:
                before = tiny.tokenizer.decode(row["input_ids"][:place])
                yield before, tiny.tokenizer.decode([label])


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("split", ["train", "train+validation"])
def test_each_training_rating_carries_loss_once_a_pass_and_nothing_else_does(home, tiny, split, seed):
    rows, made = token_rows(home, tiny, split, seed=seed)
    dataset = open_dataset(home / "data")
    titles = dict(zip(*dataset.read("items", "train", ["item_id", "title"]).to_pydict().values(), strict=True))
    expected = sorted(
        (titles[row["item_id"]], YES if row["rating"] >= 4 else NO)
        for row in dataset.read("interactions", split).to_pylist()
    )
    found = sorted((text.rpartition('- "')[2].removesuffix('":'), answer) for text, answer in asked_texts(tiny, made))
    assert found == expected
    assert sum(row["answers"] for row in made) == len(rows.table)
    assert all(
        label in (-100, token) for row in made for token, label in zip(row["input_ids"], row["labels"], strict=True)
    )


def test_training_and_prediction_show_pasts_of_the_same_lengths(home, tiny):
    """From 3, unless the user has fewer, to 8 earlier ratings: what 9 in a window leave."""
    shown = []
    for seed in range(3):
        _, made = token_rows(home, tiny, "train", seed=seed)
        texts = [text for text, _ in asked_texts(tiny, made)]
        shown.append([text.count("\n- ") - 1 for text in texts])
    assert {length for of_seed in shown for length in of_seed} == set(range(9))
    assert shown[0] != shown[1]  # streams begin anywhere
    for rule, lengths in (("prior", {3, 5}), ("train", {8})):
        dataset = ruled(home / "data", rule)
        notes = ANSWERERS["stream"].answer(
            tiny, TASKS["stream"].rows(dataset, "test"), Asking("stream", windows=LIMITS)
        )
        past = notes.notes["past"]
        assert {past["least"], past["most"]} == lengths


def test_what_a_rule_shows_apart_is_a_row_each_for_the_loss(home, tiny):
    dataset = ruled(home / "data", "train")
    rows = TASKS["stream"].rows(dataset, "validation")
    made = ANSWERERS["stream"].training_rows(tiny.tokenizer, rows, LIMITS, context=None).to_list()
    assert len(made) == len(rows.table)
    assert all(sum(label != -100 for label in row["labels"]) == 1 for row in made)
    assert all(row["labels"][-1] == row["input_ids"][-1] for row in made)


def test_windows_fit_into_the_context_and_a_line_that_does_not_is_refused(home, tiny):
    _, whole = token_rows(home, tiny, "train", WindowLimits())
    longest = max(len(row["input_ids"]) for row in whole)
    for limits, context in ((WindowLimits(tokens=longest - 50), None), (WindowLimits(), longest - 50)):
        rows, made = token_rows(home, tiny, "train", limits, context=context)
        assert longest - 100 < max(len(row["input_ids"]) for row in made) <= longest - 50
        assert sum(row["answers"] for row in made) == len(rows.table)
    with pytest.raises(InputError, match=r"a rating and the \d+ before it have \d+ tokens, and a window has room for"):
        token_rows(home, tiny, "train", WindowLimits(tokens=150))
    with pytest.raises(InputError, match=r"a window has room for 0; raise max_length as far as the model's context"):
        token_rows(home, tiny, "train", context=10)


def streams(*answers):
    one = np.array([0])
    return Streams("Head\n", answers, ["a"], ["- a:"], ["-"], ["\n"], one, np.array([0, 1]), one == 0, one == 0, one)


def test_a_token_that_all_answers_begin_with_belongs_to_the_question():
    spaced = Tokenizer(
        models.WordLevel({w: n for n, w in enumerate(["Head", "\n", "-", " ", "a", ":", "4", "5", "?"])}, "?")
    )
    spaced.pre_tokenizer = pre_tokenizers.Split(Regex(r"\w+|[^\w]"), "isolated")
    spelt = SpeltStreams.of(PreTrainedTokenizerFast(tokenizer_object=spaced, unk_token="?"), streams(" 4", " 5"))
    assert spelt.questions == [[2, 3, 4, 5, 3]]
    assert spelt.answers == [6, 7]
    assert spelt.told([0]) == ([0, 1, 2, 3, 4, 5, 3, 6, 1], [7])


def test_answers_of_several_tokens_are_refused():
    letters = Tokenizer(models.WordLevel({w: n for n, w in enumerate("Head\n-: aYsNo?")}, "?"))
    letters.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=letters, unk_token="?")
    with pytest.raises(InputError, match=r"spells ' No' in several tokens, and in a stream each answer is one"):
        SpeltStreams.of(tokenizer, streams(" No", " Yes"))


def test_line_breaks_of_the_instruction_are_spelt_as_in_front_of_a_line():
    """GPT-2's way, and SmolLM2's: two line breaks are one token at a text's end, and two tokens before a word."""
    vocabulary = ["H", "\n", "\n\n", "-", "a", ":", "Y", "N", "?"]
    gpt2 = Tokenizer(models.WordLevel({word: n for n, word in enumerate(vocabulary)}, "?"))
    gpt2.pre_tokenizer = pre_tokenizers.Split(Regex(r"\s+(?!\S)|\s|\w|[^\s\w]"), "isolated")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=gpt2, unk_token="?")
    assert (tokenizer("H\n\n")["input_ids"], tokenizer("H\n\n-")["input_ids"]) == ([0, 2], [0, 1, 1, 3])
    one = np.array([0])
    bounds, yes = np.array([0, 1]), np.array([True])
    written = Streams("H\n\n", ("N", "Y"), ["a"], ["-a:"], ["-"], ["\n"], one, bounds, yes, yes, one)
    assert SpeltStreams.of(tokenizer, written).told([0])[0][:4] == [0, 1, 1, 3]


def test_a_tokenizer_that_spells_lines_otherwise_together_is_refused():
    vocabulary = ["H", "\n", "-", "\n-", "a", ":", "Y", "N", "?"]
    merging = Tokenizer(models.BPE({word: n for n, word in enumerate(vocabulary)}, merges=[("\n", "-")], unk_token="?"))
    one = np.array([0, 0])
    texts = (["a"] * 2, ["-a:"] * 2, ["-"] * 2, ["\n"] * 2)
    two = Streams("H\n", ("N", "Y"), *texts, one, np.array([0, 2]), one == 0, one == 0, np.arange(2))
    with pytest.raises(InputError, match="spells a stream's lines otherwise where they stand together"):
        SpeltStreams.of(PreTrainedTokenizerFast(tokenizer_object=merging, unk_token="?"), two)


def test_a_tokenizer_without_a_padding_token_answers_alike(home, tiny):
    bare = AutoTokenizer.from_pretrained(home / "model")
    bare.pad_token = None
    dataset = ruled(home / "data", "prior")
    assert not differing(answers(tiny, dataset), answers(LanguageModel(tiny.model, bare), dataset))


def test_worked_examples_are_refused():
    with pytest.raises(InputError, match="a stream holds the user's own ratings as examples; leave --shots away"):
        ANSWERERS["stream"].check(Asking("stream", shots=3))
    with pytest.raises(InputError, match="mode 'probability': expected one of stream"):
        ANSWERERS["stream"].check(Asking("probability"))


def test_stars_are_read_as_their_mean_or_as_the_chance_of_a_like(home):
    rows = TASKS["stream_rating"].rows(open_dataset(home / "data"), "test")  # 4 stars are a like
    read = AnswerProbabilities(np.array([[0.1, 0.2, 0.3, 0.25, 0.15]]), np.array([0.9]))
    answerer = ANSWERERS["stream_rating"]
    # 0.1 + 2 x 0.2 + 3 x 0.3 + 4 x 0.25 + 5 x 0.15 stars; 0.25 + 0.15
    assert answerer.scores(read, rows, "stream_rating") == pytest.approx([3.15])
    assert answerer.scores(read, rows, "stream_rating_like") == pytest.approx([0.4])
    assert [answerer.threshold(rows, mode) for mode in answerer.modes] == [4, 0.5]


@pytest.mark.usefixtures("one_thread")
def test_rows_of_a_dataset_that_tells_more_can_be_asked_as_if_it_told_the_past_alone(home, tiny, tmp_path):
    shutil.copytree(home / "data", tmp_path / "data")
    prior = answers(tiny, ruled(tmp_path / "data", "prior"), history="train")
    built = answers(tiny, ruled(tmp_path / "data", "prior"))
    train = answers(tiny, ruled(tmp_path / "data", "train"))
    assert prior == train
    assert any(abs(prior[row] - built[row]) > 1e-4 for row in prior)

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from made_model import make_tiny_model
from peft import LoraConfig, get_peft_model
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedTokenizerFast

from tastetune.errors import InputError
from tastetune.language_models.answer_tokens import spell
from tastetune.language_models.batching import alike, context_length, refuse_beyond_context, tokens_at_once
from tastetune.language_models.generation import completed_lines, generated_answers
from tastetune.language_models.probabilities import answer_probabilities, yes_probabilities
from tastetune.tasks.like_dislike import Item, LikeDislike


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = make_tiny_model(tmp_path_factory.mktemp("model"))
    return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


def prompts(n):
    films = [Item(f"Film {i} ({1990 + i})") for i in range(n + 1)]
    return [LikeDislike().prompt(films[: i % 7], [5.0] * (i % 7), films[i]) for i in range(n)]


def p_yes(model, tokenizer, texts, max_batch_tokens):
    return yes_probabilities(model, tokenizer, texts, max_batch_tokens).shares[:, 1]


def alone(model, tokenizer, prompt):
    """P(Yes) from the definition: softmax of the whole next-token distribution, Yes over Yes plus No."""
    (yes,), (no,) = (tokenizer(answer, add_special_tokens=False)["input_ids"] for answer in (" Yes", " No"))
    with torch.no_grad():
        p = model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1].double().softmax(0)
    return (p[yes] / (p[yes] + p[no])).item()


@pytest.mark.parametrize("max_batch_tokens", [1, 300, 10**6])
def test_batches_padding_and_the_shared_prefix_change_nothing(tiny, max_batch_tokens):
    texts = prompts(20)
    expected = [alone(*tiny, text) for text in texts]
    assert np.ptp(expected) > 1e-4, "prompts that all score alike would show nothing"
    np.testing.assert_allclose(p_yes(*tiny, texts, max_batch_tokens), expected, atol=1e-6)


def test_a_cpu_takes_fewer_tokens_at_once_of_those_that_pass_through_the_model(tiny):
    model, _ = tiny
    assert tokens_at_once(model, 300) == 300
    assert tokens_at_once(model, 16384) == 2048
    # Of rows of 600 tokens that share 450 of them, 150 pass: 2048 of these are in 8192 of all
    assert tokens_at_once(model, 16384, length=600, shared=450) == 8192
    assert tokens_at_once(model, 5000, length=600, shared=450) == 5000
    assert tokens_at_once(copy.deepcopy(model).to("meta"), 16384, length=600, shared=450) == 16384


def test_prompts_that_share_nothing_or_everything(tiny):
    apart = ["One film", "Two films and some more", "x"]
    np.testing.assert_allclose(p_yes(*tiny, apart, 100), [alone(*tiny, t) for t in apart], atol=1e-6)
    same = [prompts(1)[0]] * 3
    np.testing.assert_allclose(p_yes(*tiny, same, 10**6), [alone(*tiny, same[0])] * 3, atol=1e-6)
    # A prompt that is the beginning of another: its last token must still be read
    nested = ["Film 1", "Film 1 Film 2"]
    np.testing.assert_allclose(p_yes(*tiny, nested, 100), [alone(*tiny, t) for t in nested], atol=1e-6)
    assert p_yes(*tiny, apart[:1], 100) == pytest.approx(alone(*tiny, apart[0]), abs=1e-6)


def test_rows_that_begin_otherwise_do_not_keep_the_others_from_sharing(tiny):
    """Four rows share three tokens (12 passed once), or five share one (5): so the four are one group."""
    ids = [[1, 2, 3, 4], [1, 2, 3, 5, 6], [1, 9, 9], [1, 2, 3, 7], [1, 2, 3, 4, 8]]
    groups = {shared: sorted(rows) for rows, shared in alike(ids)}
    assert groups == {3: [0, 1, 3, 4], 2: [2]}  # a row by itself shares all but its last token
    assert [shared for _, shared in alike([[1], [2]])] == [0]
    assert [(sorted(rows), shared) for rows, shared in alike([[5, 6]] * 3)] == [([0, 1, 2], 1)]


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=12))
def test_every_row_is_in_one_group_that_begins_as_it_does(ids):
    groups = list(alike(ids))
    assert sorted(row for rows, _ in groups for row in rows) == list(range(len(ids)))
    for rows, shared in groups:
        assert len({tuple(ids[row][:shared]) for row in rows}) == 1
        assert all(len(ids[row]) > shared for row in rows)


def test_worked_examples_of_some_and_others_change_nothing(tiny):
    few = LikeDislike()
    ours, theirs = ([(text, " Yes")] for text in prompts(9)[7:])
    texts = [few.few_shot(text, theirs if row % 5 == 0 else ours) for row, text in enumerate(prompts(20))]
    expected = [alone(*tiny, text) for text in texts]
    np.testing.assert_allclose(p_yes(*tiny, texts, 3000), expected, atol=1e-6)


def test_the_mass_on_all_answers_is_kept(tiny):
    model, tokenizer = tiny
    (yes,), (no,) = (tokenizer(answer, add_special_tokens=False)["input_ids"] for answer in (" Yes", " No"))
    with torch.no_grad():
        p = model(**tokenizer(prompts(3)[2], return_tensors="pt")).logits[0, -1].double().softmax(0)
    mass = yes_probabilities(*tiny, prompts(3), 10**6).mass
    assert mass[2] == pytest.approx((p[yes] + p[no]).item(), rel=1e-5)


def test_longer_answers_are_scored_as_sequences(tiny):
    """P(answer) is the product of its tokens' probabilities, each behind those before it."""
    model, tokenizer = tiny
    answers = [" Film 1 and more", " Film 2", " Yes"]
    texts, products = prompts(3), []
    for text in texts:
        context, logs = tokenizer(text)["input_ids"], []
        for answer in answers:
            tail = tokenizer(text + answer)["input_ids"][len(context) :]
            with torch.no_grad():
                rows = model(torch.tensor([context + tail])).logits[0].double().log_softmax(-1)
            logs.append(sum(rows[len(context) - 1 + at, token].item() for at, token in enumerate(tail)))
        products.append(np.exp(logs))
    products = np.array(products)
    found = answer_probabilities(*tiny, texts, answers, 300)
    np.testing.assert_allclose(found.shares, products / products.sum(1, keepdims=True), atol=1e-6)
    np.testing.assert_allclose(found.mass, products.sum(1), rtol=1e-4)


def tokenizer_of(vocabulary, *, end=False):
    """Words and single spaces as tokens; with `end`, an end token behind every text."""
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(vocabulary)}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.Split(Regex(r" ?[^ ]+| "), "isolated")
    if end:
        words.post_processor = TemplateProcessing(single="$A </s>", special_tokens=[("</s>", vocabulary.index("</s>"))])
    return PreTrainedTokenizerFast(tokenizer_object=words, unk_token="?", eos_token="</s>")


def test_the_answers_tokens_are_the_ones_trained_on():
    """`Yes` without a space may be a token too: training never sees it behind a prompt."""
    spelled = spell(tokenizer_of(["a", " b", " Yes", "Yes", " No", "No", "?", "</s>"]), ["a b"], [" Yes", " No"])
    assert (spelled.contexts, spelled.answers) == ([[0, 1]], [[2], [4]])


def test_an_end_token_behind_every_text_belongs_to_no_prompt():
    tokenizer = tokenizer_of(["a", " b", " Yes", " No", "?", "</s>"], end=True)
    assert tokenizer("a b")["input_ids"] == [0, 1, 5]
    spelled = spell(tokenizer, ["a b", "a"], [" Yes", " No"])
    assert (spelled.contexts, spelled.answers) == ([[0, 1], [0]], [[2], [3]])


def test_answers_that_are_not_told_apart_are_refused():
    with pytest.raises(InputError, match="does not tell ' Yes' and ' No' apart"):
        spell(tokenizer_of(["a", " b", "?", "</s>"]), ["a b"], [" Yes", " No"])


def test_a_tokenizer_that_merges_the_answer_with_the_prompt_is_refused():
    merging = Tokenizer(models.BPE(vocab={"a": 0, "Y": 1, "N": 2, "aY": 3, "?": 4}, merges=[("a", "Y")], unk_token="?"))
    with pytest.raises(InputError, match="spells the end of a prompt otherwise"):
        spell(PreTrainedTokenizerFast(tokenizer_object=merging, unk_token="?"), ["a"], ["Y", "N"])


def test_generated_answers_are_the_greedy_continuation(tiny):
    model, tokenizer = tiny
    texts = prompts(5)
    ids = tokenizer(texts[3], return_tensors="pt")["input_ids"]
    for _ in range(4):  # greedy by hand: the likeliest next token, four times
        ids = torch.cat([ids, model(ids).logits[:, -1:].argmax(-1)], dim=1)
    by_hand = tokenizer.decode(ids[0, -4:], skip_special_tokens=True)
    assert generated_answers(model, tokenizer, texts, 10**6, max_new_tokens=4)[3] == by_hand


OWN = GenerationConfig(
    do_sample=True, temperature=5.0, repetition_penalty=50.0, no_repeat_ngram_size=1, max_length=30, num_beams=2
)
"""Settings such as a model may bring along; each of them changes what is written."""


@pytest.mark.parametrize("with_adapter", [False, True])
def test_no_setting_that_a_model_brings_along_changes_what_is_generated(tiny, tmp_path, with_adapter):
    model = AutoModelForCausalLM.from_pretrained(make_tiny_model(tmp_path)).eval()  # the same weights, by the same seed
    texts = prompts(3)
    expected = generated_answers(*tiny, texts, 10**6, max_new_tokens=12)
    model.generation_config = OWN
    inputs = tiny[1](texts[0], return_tensors="pt")
    own = model.generate(**inputs, do_sample=False, max_new_tokens=12, pad_token_id=0)[
        0, inputs["input_ids"].shape[1] :
    ]
    assert tiny[1].decode(own, skip_special_tokens=True) != expected[0], "settings without effect would show nothing"
    asked = get_peft_model(model, LoraConfig(target_modules=["q_proj"])).eval() if with_adapter else model
    assert generated_answers(asked, tiny[1], texts, 10**6, max_new_tokens=12) == expected
    assert model.generation_config is OWN, "and it keeps them"


def test_an_answer_ends_with_any_end_token_of_the_vocabulary(tiny, monkeypatch):
    model, tokenizer = tiny
    text = prompts(1)[0]
    first = model(**tokenizer(text, return_tensors="pt")).logits[0, -1].argmax().item()
    monkeypatch.setattr(model.config, "eos_token_id", [tokenizer.eos_token_id, first])
    assert generated_answers(model, tokenizer, [text], 10**6) == [tokenizer.decode([first])]
    # Further ones may be named
    monkeypatch.setattr(model.config, "eos_token_id", None)
    assert generated_answers(model, tokenizer, [text], 10**6, ends=[first]) == [tokenizer.decode([first])]


def test_a_line_is_what_stands_before_the_next_and_no_longer_than_expected(tiny):
    texts = prompts(4)
    longest = "Film 1 and a little more"
    room = len(tiny[1](longest, add_special_tokens=False)["input_ids"]) + 8
    whole = generated_answers(*tiny, texts, 10**6, max_new_tokens=room)
    assert completed_lines(*tiny, texts, ["Film 1", longest], 10**6) == [text.split("\n")[0] for text in whole]


def test_prompts_beyond_the_context_are_refused_before_the_first_batch(tiny):
    """4,096 positions; the answer takes one more."""
    model, tokenizer = tiny
    assert context_length(model.config) == 4096
    beyond = "Film 1 " * 3000
    length = len(tokenizer(beyond)["input_ids"])
    assert length > 4096
    message = rf"1 of 2 prompts are longer than the model's context of 4096 tokens \(longest {length + 1}, of which 1"
    with pytest.raises(InputError, match=message):
        yes_probabilities(model, tokenizer, ["Film 1", beyond], 10**6)
    with pytest.raises(InputError, match=rf"longest {length + 8}, of which 8 for the answer"):
        generated_answers(model, tokenizer, ["Film 1", beyond], 10**6)
    refuse_beyond_context(model.config, [[0] * 4095], 1)
    with pytest.raises(InputError, match="1 of 1 prompts"):
        refuse_beyond_context(model.config, [[0] * 4096], 1)


def test_the_side_that_a_tokenizer_pads_on_decides_nothing(tiny):
    model, tokenizer = tiny
    texts, sides = prompts(6), []
    for side in ("left", "right"):
        tokenizer.padding_side = side
        sides.append(p_yes(model, tokenizer, texts, 10**6))
    np.testing.assert_array_equal(*sides)

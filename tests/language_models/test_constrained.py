import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tastetune.errors import InputError
from tastetune.language_models.lists.constrained import ListConstraint, refuse_other_lines, spell
from tastetune.tasks.top_n import TopN
from tastetune.training.stand_in import train_tokenizer

TITLES = ["Alien", "Alien 3", "Aliens (1986)", "12 Angry Men (1957)", "...And Justice for All (1979)", "Amélie"]
TOKENIZER = train_tokenizer(TITLES * 20, 320)
END = TOKENIZER.eos_token_id


def legal(excluded, lines):
    """Every text that may be written, by hand: `lines` different titles that are not excluded, numbered."""

    def lists(left, places):
        if not left:
            yield places
            return
        for place in range(len(TITLES)):
            if place not in places and place not in excluded:
                yield from lists(left - 1, (*places, place))

    for places in lists(lines, ()):
        text = "\n".join(f"{number}. {TITLES[place]}" for number, place in enumerate(places, 1))
        yield (*TOKENIZER(text, add_special_tokens=False)["input_ids"], END), list(places)


def write(logits_of, excluded, lines):
    """Decode greedily under the constraint, one row, with logits made by `logits_of(step)`."""
    constraint = ListConstraint(spell(TOKENIZER, TITLES, lines, END), [excluded], prompt_width=1)
    ids = torch.zeros(1, 1, dtype=torch.long)
    while ids.shape[1] == 1 or ids[0, -1] != END:
        kept = constraint(ids, logits_of(ids.shape[1]))
        ids = torch.cat([ids, kept.argmax(-1, keepdim=True)], dim=1)
    return tuple(ids[0, 1:].tolist()), constraint.read(ids)[0]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sets(st.integers(0, len(TITLES) - 1), max_size=4), st.integers(1, 3))
def test_greedy_decoding_follows_the_likeliest_legal_token(seed, excluded, lines):
    """At each step the reference takes, of the tokens with which some legal text goes on, the one that scores best."""
    lines = min(lines, len(TITLES) - len(excluded))
    made = torch.from_numpy(np.random.default_rng(seed).normal(size=(200, len(TOKENIZER))))
    texts, written = list(legal(excluded, lines)), ()
    while not written or written[-1] != END:
        texts = [(ids, places) for ids, places in texts if ids[: len(written)] == written]
        following = sorted({ids[len(written)] for ids, _ in texts})
        written += (max(following, key=lambda token: made[len(written) + 1, token].item()),)
    ((_, places),) = [(ids, places) for ids, places in texts if ids == written]
    assert write(lambda step: made[step : step + 1], excluded, lines) == (written, places)


def test_fewer_titles_than_lines_end_the_list_early():
    ids, places = write(lambda step: torch.zeros(1, len(TOKENIZER)), {0, 1, 2, 3}, 10)
    assert sorted(places) == [4, 5]
    assert TOKENIZER.decode(ids, skip_special_tokens=True).count("\n") == 1


def test_rows_of_a_batch_exclude_their_own_titles():
    spelling = spell(TOKENIZER, TITLES, 1, END)
    constraint = ListConstraint(spelling, [{0, 1, 2, 3, 4}, {0, 1, 2, 3, 5}], prompt_width=1)
    ids = torch.zeros(2, 1, dtype=torch.long)
    for _ in range(40):
        ids = torch.cat([ids, constraint(ids, torch.zeros(2, len(TOKENIZER))).argmax(-1, keepdim=True)], dim=1)
    assert constraint.read(ids) == [[5], [4]]
    assert TOKENIZER.batch_decode(ids[:, 1:], skip_special_tokens=True) == [f"1. {TITLES[5]}", f"1. {TITLES[4]}"]


def test_nothing_left_to_recommend_is_refused():
    with pytest.raises(InputError, match="all 6 titles are excluded"):
        ListConstraint(spell(TOKENIZER, TITLES, 1, END), [set(range(6))], prompt_width=1)


def test_a_title_that_the_tokenizer_cannot_spell_is_refused():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"1.": 0, "Alien": 1, "?": 2}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    with pytest.raises(InputError, match=r"spells ' Amélie\\n' behind '1\.' as '\?'"):
        spell(PreTrainedTokenizerFast(tokenizer_object=words, unk_token="?"), ["Amélie"], 1, 1)


def test_a_tokenizer_that_merges_a_title_with_its_number_is_refused():
    """Tokens that span words learn "1. Alien" as one where lists are often read, so no token is the title alone."""
    superwords = train_tokenizer(["1. Alien (1979)\n"] * 100, 400, superwords=True)
    with pytest.raises(InputError, match=r"spells ' Alien \(1979\)\\n' behind '1\.' as ''.*superwords: false"):
        spell(superwords, ["Alien (1979)"], 1, superwords.eos_token_id)


def test_a_token_that_the_catalogue_does_not_allow_is_an_error():
    """Something else decided: beams that swapped rows, say."""
    constraint = ListConstraint(spell(TOKENIZER, TITLES, 2, END), [set()], prompt_width=1)
    with pytest.raises(InputError, match=rf"wrote token {END} where the catalogue allows none such"):
        constraint.read(torch.tensor([[0, END]]))


def test_lists_that_read_as_other_titles_are_counted():
    task = TopN(n=2)
    right = "1. Alien\n2. Amélie"
    refuse_other_lines(task, [right], [["Alien", "Amélie"]])
    with pytest.raises(
        InputError, match=r"1 of 2 lists .* hold other lines than its titles, the first '1\. Alien\\n2\. Ame"
    ):
        refuse_other_lines(task, [right, "1. Alien\n2. Ame lie"], [["Alien", "Amélie"]] * 2)

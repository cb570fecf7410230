import pyarrow as pa
import pytest

from tastetune.config.arguments import SftArguments
from tastetune.errors import InputError
from tastetune.training.pretraining import refuse_item_tokens
from tastetune.training.stand_in import make_model, rating_streams, train_tokenizer

WORDS = ("liked", "disliked", "yes")
TITLES = {"1": "Alien (1979)", "2": 'The "Burbs" (1989)'}


def test_streams_hold_titles_in_order_with_words_that_take_turns():
    tokenizer = train_tokenizer([*TITLES.values()] * 50, 400)
    interactions = pa.table(
        {"user_id": ["a", "a", "a", "b"], "item_id": ["1", "2", "1", "2"], "rating": [4.0, 3.5, 5.0, 1.0]}
    )
    streams = rating_streams(interactions, TITLES, tokenizer, ratings_each=2, like_from=4.0)
    # Three ratings of a in streams of two, one of b; four stars are a like, three and a half are none
    assert [tokenizer.decode(ids, skip_special_tokens=True) for ids in streams["input_ids"]] == [
        ' "Alien (1979)" liked "The \'Burbs\' (1989)" disliked',
        ' "Alien (1979)": Yes',
        " \"The 'Burbs' (1989)\" Disliked",
    ]
    for ids, labels in zip(streams["input_ids"], streams["labels"], strict=True):
        learnt = [at for at, label in enumerate(labels) if label != -100]
        assert [labels[at] for at in learnt] == [ids[at] for at in learnt]
        words = {at for at, token in enumerate(ids) if tokenizer.decode(token).strip().lower() in WORDS}
        assert set(learnt) == words | set(range(0, len(ids), 8))
        assert (ids[0], ids[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)


def test_the_answers_are_single_tokens_and_any_text_survives():
    tokenizer = train_tokenizer(["a few words"], 300)
    for word in (" Yes", " No", " liked", " disliked", " Liked", " Disliked", " 1", " 2", " 3", " 4", " 5"):
        assert len(tokenizer(word, add_special_tokens=False)["input_ids"]) == 1
    text = "Amélie 🎬\n\x00 x"
    assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text
    assert tokenizer("x")["input_ids"][0] == tokenizer.bos_token_id


def test_the_saved_model_says_that_it_is_a_stand_in(tmp_path):
    from transformers import AutoConfig

    tokenizer = train_tokenizer(["a few words"], 300)
    model = make_model(tokenizer, width=32, layers=1, heads=4)
    # 300 embeddings of 32 (tied); attention 4 x 32 x 32; MLP 3 x 32 x 96; two norms and the last one: 3 x 32
    assert model.num_parameters() == len(tokenizer) * 32 + 4 * 32 * 32 + 3 * 32 * 96 + 3 * 32
    model.save_pretrained(tmp_path)
    assert AutoConfig.from_pretrained(tmp_path).stand_in is True


def test_with_superwords_a_title_that_is_often_rated_is_one_token_and_the_answers_stay_single():
    lines = [*['- "The Silence of the Lambs (1991)":'] * 50, '- "Rocky 5 (1990)":']
    tokenizer = train_tokenizer(lines, 350, superwords=True)
    plain = train_tokenizer(lines, 350)
    text = f"{lines[0]} Yes\n{lines[-1]} 5\n"
    spelt = tokenizer(text, add_special_tokens=False)["input_ids"]
    # The frequent line is one token, its answer another, the line break a third
    assert tokenizer.convert_ids_to_tokens(spelt[:3]) == [lines[0].replace(" ", "Ġ"), " Yes", "Ċ"]
    assert tokenizer.convert_ids_to_tokens(spelt[-2:]) == [" 5", "Ċ"]
    assert tokenizer.decode(spelt) == text
    assert len(plain(text)["input_ids"]) > 2 * len(spelt)


@pytest.mark.parametrize(
    "keys",
    [
        {"stream_item_tokens": "svd"},
        {"stream_item_text": False},
        {"stream_estimates": True},
        {"stream_told_tokens": True},
        {"item_learning_rate": 3e-4},
    ],
)
def test_a_model_that_is_made_here_has_no_item_tokens(keys):
    refuse_item_tokens(SftArguments(dataset_config="stream", residual_dropout=0.3))
    (key,) = keys
    with pytest.raises(InputError, match=f"^{key}: .*leave the key to the recipe of scripts/sft.py"):
        refuse_item_tokens(SftArguments(**keys))

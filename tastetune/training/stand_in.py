"""A stand-in language model of a few million parameters, made and pre-trained on the spot from the training rows.

It exists so that the whole pipeline runs without a download: once saved it is a Hugging Face model folder like any
other. Its scores say nothing of a real language model.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

import pyarrow as pa
from datasets import Dataset
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tastetune.tasks.like_dislike import NO, YES
from tastetune.tasks.rating import STARS, Rating
from tastetune.tasks.titles import as_data

BOS, EOS = "<|begin_of_text|>", "<|end_of_text|>"
ANSWERS = (f":{YES}", f":{NO}")
WORDS = ((" liked", " disliked"), ANSWERS, (" Liked", " Disliked"), ANSWERS)
"""(like, dislike) pairs; streams take turns, so that the model has met every word of the task's prompts and answers."""

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ message.role | capitalize }}:\n{{ message.content }}"
    "{{ eos_token if message.role == 'assistant' else '\n\n' }}{% endfor %}"
    "{{ 'Assistant:\n' if add_generation_prompt }}"
)
"""Roles as words: a vocabulary this small has no tokens to spare for them."""

LEARN_EVERY = 8
"""Of a stream's other tokens, the loss is on every eighth: enough to make a language model of it, at little cost."""


def train_tokenizer(texts: Iterable[str], vocab_size: int, *, superwords: bool = False) -> PreTrainedTokenizerFast:
    """A byte-level BPE (https://arxiv.org/abs/1508.07909) learnt from `texts`, with the answers as single tokens.

    Like Llama's own, it begins every text with BOS and can spell any text.

    Args:
        superwords: a token may span several words of a line (SuperBPE, https://arxiv.org/abs/2503.13423).
    """
    from tokenizers.processors import TemplateProcessing

    bpe = Tokenizer(models.BPE())
    bytes_alone = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not superwords)
    lines = pre_tokenizers.Split("\n", "isolated")
    bpe.pre_tokenizer = pre_tokenizers.Sequence([lines, bytes_alone]) if superwords else bytes_alone
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    answers = [*(word.lstrip(":") for pair in WORDS for word in pair), *map(Rating.completion, STARS)]
    bpe.train_from_iterator(texts if superwords else [*texts, *[answer * 100 for answer in answers]], trainer)
    bpe.post_processor = TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, bpe.token_to_id(BOS))])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token=BOS, eos_token=EOS, pad_token=EOS, chat_template=CHAT_TEMPLATE
    )
    if superwords:  # else an answer would be part of what stands around it
        tokenizer.add_tokens([AddedToken(answer, single_word=True, normalized=False) for answer in answers])
    return tokenizer


def make_model(tokenizer: PreTrainedTokenizerFast, width: int, layers: int, heads: int) -> LlamaForCausalLM:
    """A Llama with random weights: `width` wide, `layers` deep, an inner width of 3 x `width`, tied embeddings.

    Its config says `stand_in: true`; tables and cards repeat it.
    """
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        initializer_range=width**-0.5,  # the usual 0.02 suits widths of thousands; here no logit could grow large
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        stand_in=True,
    )
    return LlamaForCausalLM(config)


def rating_streams(
    interactions: pa.Table,
    titles: dict[str, str],
    tokenizer: PreTrainedTokenizerFast,
    ratings_each: int,
    like_from: float,
) -> Dataset:
    """The users' ratings in order, as token streams: a quoted title, then whether it was liked.

    Args:
        interactions: training rows, users together and each user's in order: `user_id`, `item_id`, `rating`.
        titles: item id -> title.
        ratings_each: ratings in one stream; a user with more has several.
        like_from: a rating at or above it is a like.

    Returns:
        `input_ids` and `labels` of every stream; the loss is on the words for like and dislike, and on every
        `LEARN_EVERY`-th of the other tokens.
    """
    named = {item: f' "{as_data(title)}"' for item, title in titles.items()}
    spelt = {item: tokenizer(name, add_special_tokens=False)["input_ids"] for item, name in named.items()}
    words = [[tokenizer(word, add_special_tokens=False)["input_ids"] for word in pair] for pair in WORDS]
    columns = (interactions[name].to_pylist() for name in ("user_id", "item_id", "rating"))
    streams: dict[str, list[list[int]]] = {"input_ids": [], "labels": []}
    for number, ratings in enumerate(_portions(zip(*columns, strict=True), ratings_each)):
        ids, answers = [tokenizer.bos_token_id], set()
        for item, rating in ratings:
            ids += spelt[item]
            ids += words[number % len(words)][rating < like_from]
            answers.add(len(ids) - 1)
        ids.append(tokenizer.eos_token_id)
        streams["input_ids"].append(ids)
        streams["labels"].append(
            [token if at in answers or at % LEARN_EVERY == 0 else -100 for at, token in enumerate(ids)]
        )
    return Dataset.from_dict(streams)


def _portions(ratings: Iterable[tuple[str, str, float]], at_most: int) -> Iterator[list[tuple[str, float]]]:
    """(item, rating) pairs of one user at a time, in lists of `at_most`."""
    for _, of_user in groupby(ratings, key=lambda row: row[0]):
        pairs = [(item, rating) for _, item, rating in of_user]
        yield from (pairs[start : start + at_most] for start in range(0, len(pairs), at_most))

"""A stand-in language model of a few million parameters, made and pre-trained on the spot from the training rows.

It exists so that the whole pipeline runs without a download: once saved it is a Hugging Face model folder like any
other. Its scores say nothing of a real language model.
"""

from collections.abc import Iterable

import pyarrow as pa
from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tastetune.tasks.like_dislike import LIKE_FROM, NO, YES, as_data

BOS, EOS = "<|begin_of_text|>", "<|end_of_text|>"
LIKED, DISLIKED = " liked", " disliked"


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE (https://arxiv.org/abs/1508.07909) learnt from `texts`, with the answers as single tokens.

    Like Llama's own, it begins every text with BOS and can spell any text.
    """
    from tokenizers.processors import TemplateProcessing

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator([*texts, *[word * 100 for word in (YES, NO, LIKED, DISLIKED)]], trainer)
    bpe.post_processor = TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, bpe.token_to_id(BOS))])
    return PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token=BOS, eos_token=EOS, pad_token=EOS)


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
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        stand_in=True,
    )
    return LlamaForCausalLM(config)


def rating_streams(
    interactions: pa.Table, titles: dict[str, str], tokenizer: PreTrainedTokenizerFast, ratings_each: int
) -> Dataset:
    """The users' ratings in order, as token streams: a quoted title, then whether it was liked.

    Args:
        interactions: training rows, users together and each user's in order: `user_id`, `item_id`, `rating`.
        titles: item id -> title.
        ratings_each: ratings in one stream; a user with more has several.

    Returns:
        `input_ids` and `labels`; the loss is on the words liked and disliked alone, for the order in which people
        happened to rate is not what the model is to learn.
    """
    named = {item: f' "{as_data(title)}"' for item, title in titles.items()}
    spelt = {item: tokenizer(name, add_special_tokens=False)["input_ids"] for item, name in named.items()}
    (liked,), (disliked,) = (tokenizer(word, add_special_tokens=False)["input_ids"] for word in (LIKED, DISLIKED))
    streams: dict[str, list[list[int]]] = {"input_ids": [], "labels": []}
    columns = (interactions[name].to_pylist() for name in ("user_id", "item_id", "rating"))
    user, count = None, 0
    for of, item, rating in zip(*columns, strict=True):
        if of != user or count == ratings_each:
            user, count = of, 0
            streams["input_ids"].append([tokenizer.bos_token_id])
            streams["labels"].append([-100])
        word = liked if rating >= LIKE_FROM else disliked
        streams["input_ids"][-1] += [*spelt[item], word]
        streams["labels"][-1] += [-100] * len(spelt[item]) + [word]
        count += 1
    return Dataset.from_dict(streams)

"""What a stand-in model learns its tokens and its weights from: a stream task's own rows, or streams of every kind."""

from collections.abc import Iterable

from datasets import Dataset
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.config.arguments import SftArguments, StandInArguments
from tastetune.errors import InputError
from tastetune.language_models.answerer import SpellsRows
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.chat import plain_text
from tastetune.tasks import task_of
from tastetune.tasks.order import order_of
from tastetune.tasks.prompts import read_rows
from tastetune.tasks.stream import StreamTask
from tastetune.tasks.streams.lists import StreamListTask
from tastetune.training.stand_in import rating_streams, train_tokenizer

MOST_PROMPTS = 5000
"""Prompts whose words a tokenizer is taught."""


def refuse_item_tokens(data_args: SftArguments) -> None:
    """Refuse keys of item tokens, which are kept in an adapter, where a whole model is made.

    Raises:
        InputError: one of them is set.
    """
    keys = ("stream_item_tokens", "stream_item_text", "stream_told_tokens", "stream_estimates", "item_learning_rate")
    for key in keys:
        if (value := getattr(data_args, key)) != getattr(SftArguments, key):
            raise InputError(
                f"{key}: {value}: item tokens are kept in an adapter, and here a whole model is made, without any; "
                "leave the key to the recipe of scripts/sft.py"
            )


def pretraining_tokenizer(
    dataset: BuiltDataset, data_args: SftArguments, stand_in: StandInArguments
) -> PreTrainedTokenizerFast:
    """A tokenizer learnt from the catalogue's titles, and from the training rows as the recipe's task writes them."""
    titles = dataset.read("items", "train", ["title"])["title"].to_pylist()
    texts = [*titles, *_texts(dataset, data_args)]
    return train_tokenizer(texts, stand_in.vocab_size, superwords=stand_in.superwords)


def pretraining_rows(
    dataset: BuiltDataset,
    data_args: SftArguments,
    stand_in: StandInArguments,
    tokenizer: PreTrainedTokenizerBase,
    *,
    max_length: int | None,
    seed: int,
) -> Dataset:
    """`input_ids` and `labels` to train on.

    Where the recipe's task is a stream, they are its own training rows; otherwise streams whose words take turns, see
    `tastetune.training.stand_in.rating_streams`.

    Raises:
        InputError: as `tastetune.language_models.answerer.SpellsRows`.
    """
    task, split = task_of(dataset, data_args.dataset_config), data_args.dataset_train_split
    answerer = ANSWERERS[task.config]
    if isinstance(answerer, SpellsRows):
        windows = data_args.window_limits(max_length)
        rows = answerer.training_rows(tokenizer, task.rows(dataset, split), windows, context=None, seed=seed)
        return rows.remove_columns("answers")
    interactions = order_of(dataset).sorted(dataset.read("interactions", split))
    items = dataset.read("items", "train", ["item_id", "title"]).to_pydict()
    titles = dict(zip(items["item_id"], items["title"], strict=True))
    return rating_streams(interactions, titles, tokenizer, stand_in.ratings_each, dataset.like_from)


def _texts(dataset: BuiltDataset, data_args: SftArguments) -> Iterable[str]:
    """The training rows' texts: every line of a stream, so that tokens follow what is often rated; some prompts."""
    task, split = task_of(dataset, data_args.dataset_config), data_args.dataset_train_split
    if isinstance(task, StreamTask | StreamListTask):
        streams = task.streams(task.rows(dataset, split), split.split("+"))
        windows = len(streams.questions) // data_args.stream_window
        return [*streams.questions, *[streams.head] * (windows + 1)]
    prompts = read_rows(dataset, dataset.task, split, ["prompt"])["prompt"].to_pylist()
    return map(plain_text, prompts[:: max(1, len(prompts) // MOST_PROMPTS)])

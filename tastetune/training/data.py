"""What a training run needs before TRL's trainer: its batch, its rows, and that no row is cut."""

from collections.abc import Iterator

import numpy as np
from datasets import Dataset
from transformers import PreTrainedTokenizerBase, TrainingArguments

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.run import total_batch_size
from tastetune.errors import InputError
from tastetune.language_models.answer_tokens import common_length, without_end
from tastetune.language_models.chat import TEMPLATE_VALUES, chat_ids
from tastetune.language_models.streams.training import IGNORED
from tastetune.tasks import task_of


def set_total_batch_size(args: TrainingArguments, total: int | None) -> None:
    """Set gradient accumulation so that one optimizer step sees `total` examples over all processes.

    Raises:
        InputError: `total` is not a multiple of what one pass over all processes holds.
    """
    if total is None:
        return
    at_once = args.per_device_train_batch_size * args.world_size
    if total % at_once:
        raise InputError(
            f"total_train_batch_size is {total}, and {args.world_size} processes x per_device_train_batch_size "
            f"{args.per_device_train_batch_size} = {at_once} does not divide it; change either"
        )
    args.gradient_accumulation_steps = total // at_once


def training_rows(dataset: BuiltDataset, config: str | None, split: str, args: TrainingArguments) -> Dataset:
    """Prompts and completions to train on, as many as the run's steps will see, drawn by `args.data_seed`.

    Drawing first and tokenising after costs nothing in statistics and saves tokenising rows that no step reads.
    Prompts are texts or chat messages, as the task has them; the loss is on the completion alone.

    Args:
        config: the task that the rows are asked; None for the one they were built for.

    Raises:
        InputError: no such task or split, or an empty split.
    """
    rows = Dataset(task_of(dataset, config).training_table(dataset, split))
    if not len(rows):
        raise InputError(f"{dataset.source}: split {split!r} is empty; there is nothing to train on")
    return in_template(rows_for_steps(rows, args))


def in_template(rows: Dataset) -> Dataset:
    """`rows` with what the chat template is given, where the prompts are chats."""
    if not isinstance(rows[0]["prompt"], list):
        return rows
    return rows.add_column("chat_template_kwargs", [TEMPLATE_VALUES] * len(rows))


def without_eos(rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, whole_text: bool = False) -> Dataset:
    """Prompts and completions as tokens, behind which the trainer appends no end-of-text token.

    Args:
        whole_text: whether the loss is on the prompts too.

    Returns:
        `input_ids` and `labels` of each row.
    """

    def ids(texts: list[str]) -> list[list[int]]:
        return [without_end(tokenizer, of_text) for of_text in tokenizer(texts)["input_ids"]]

    def spell(batch: dict[str, list[str]]) -> dict[str, list[list[int]]]:
        pairs = zip(batch["prompt"], batch["completion"], strict=True)
        whole = ids([prompt + completion for prompt, completion in pairs])
        told = [0 if whole_text else common_length(both) for both in zip(ids(batch["prompt"]), whole, strict=True)]
        labels = [[IGNORED] * n + of_row[n:] for n, of_row in zip(told, whole, strict=True)]
        return {"input_ids": whole, "labels": labels}

    return rows.map(spell, batched=True, remove_columns=rows.column_names, desc="Spelling prompts and answers")


def rows_for_steps(rows: Dataset, args: TrainingArguments) -> Dataset:
    """As many rows as the run's steps will see, drawn by `args.data_seed`; all of them where that is not fewer.

    With packing all of them too: how many fit into one sequence is known once they are tokenised.
    """
    needed = args.max_steps * total_batch_size(args)
    if getattr(args, "packing", False) or not 0 < needed < len(rows):
        return rows
    seed = args.seed if args.data_seed is None else args.data_seed
    return rows.shuffle(seed=seed).select(range(needed)).flatten_indices()


def count_examples(rows: Dataset) -> int:
    """How many answers the rows teach: one each, or as many as a row of a stream says."""
    return sum(rows["answers"]) if "answers" in rows.column_names else len(rows)


def check_lengths(
    rows: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int | None,
    completion: str = "completion",
    *,
    context: int | None = None,
) -> None:
    """Refuse rows that the trainer would cut, for it cuts the end, where the answer stands, and what no model can read.

    Args:
        completion: the column of what the prompt goes on with.
        context: how many tokens the model has positions for; None where there is no limit.

    Raises:
        InputError: prompt and completion are longer than `max_length` tokens or than the context, with how many are
            and the longest.
    """
    if max_length is None and context is None:
        return
    lengths = np.concatenate(list(_lengths(rows, tokenizer, completion)))
    limits = {f"max_length {max_length}": max_length, f"the model's context of {context} tokens": context}
    name, limit = min(((n, value) for n, value in limits.items() if value is not None), key=lambda pair: pair[1])
    longest, over = int(lengths.max()), int((lengths > limit).sum())
    if over:
        fits = context is None or longest <= context
        remedy = f"set max_length to {longest}, or rebuild" if fits else "rebuild"
        raise InputError(
            f"{over} of {len(rows)} rows are longer than {name} (longest {longest} tokens) and would lose their "
            f"answer; {remedy} the dataset with --max_prompt_tokens"
        )


def _lengths(rows: Dataset, tokenizer: PreTrainedTokenizerBase, completion: str) -> Iterator[list[int]]:
    """Tokens of each row, a batch at a time."""
    for batch in rows.iter(1000):
        if "input_ids" in batch:
            yield [len(ids) for ids in batch["input_ids"]]
            continue
        whole = [before + after for before, after in zip(batch["prompt"], batch[completion], strict=True)]
        if isinstance(whole[0], list):
            yield [len(ids) for ids in chat_ids(tokenizer, whole)]
        else:
            yield [len(ids) + 1 for ids in tokenizer(whole)["input_ids"]]  # and the token that the trainer appends

"""What the trainer makes of a row's text: where the answer begins, and what the tokenizer puts around it."""

from datasets import Dataset
from transformers import PreTrainedConfig, PreTrainedTokenizerBase

from tastetune.errors import InputError
from tastetune.language_models.batching import refuse_beyond_vocabulary
from tastetune.language_models.chat import chat_ids, prompt_ids, turn_end
from tastetune.language_models.item_tokens.tokens import vectors_of_items

TRIED = 200
"""Rows whose spelling is looked at; those of a dataset are written by one template."""


def check_spelling(tokenizer: PreTrainedTokenizerBase, rows: Dataset, config: PreTrainedConfig) -> str:
    """Look at how the first rows are spelt; in words, how.

    Args:
        rows: `prompt` and `completion`, texts or chat messages; or `input_ids`, which are spelt already.
        config: the model's, whose vocabulary the tokens must be of.

    Raises:
        InputError: a text begins twice, its answer has no token of its own, or a prompt is spelt otherwise when the
            answer follows; a chat template that dates the prompt, or ends no answer; a token that the model does not
            have.
    """
    part = rows.select(range(min(TRIED, len(rows))))
    if "input_ids" in part.column_names:
        items = set(vectors_of_items(tokenizer))  # which the model is given room for
        refuse_beyond_vocabulary(config, [[id_ for id_ in ids if id_ not in items] for ids in part["input_ids"][:]])
        return f"{len(tokenizer):,} tokens; rows of tokens"
    prompts, completions = part["prompt"][:], part["completion"][:]
    whole = [prompt + completion for prompt, completion in zip(prompts, completions, strict=True)]
    is_chat = isinstance(prompts[0], list)
    begun = prompt_ids(tokenizer, prompts) if is_chat else tokenizer(prompts)["input_ids"]
    ended = chat_ids(tokenizer, whole) if is_chat else tokenizer(whole)["input_ids"]
    refuse_beyond_vocabulary(config, ended)
    if is_chat:
        turn_end(tokenizer)
    name = tokenizer.name_or_path
    if twice := sum(ids[:2] == [tokenizer.bos_token_id] * 2 for ids in ended):
        raise InputError(
            f"{twice} of {len(part)} rows begin with {tokenizer.bos_token!r} twice: both the text and the tokenizer of "
            f"{name!r} write it; take it out of the text or the template, or set add_bos_token: false in its "
            "tokenizer_config.json"
        )
    if unlike := sum(after[: len(before)] != before for before, after in zip(begun, ended, strict=True)):
        raise InputError(
            f"the tokenizer of {name!r} spells the end of the prompt otherwise when the answer follows, in {unlike} of "
            f"{len(part)} rows: the model would be trained on other prompts than it is asked; use another model"
        )
    lengths = [len(after) - len(before) for before, after in zip(begun, ended, strict=True)]
    if empty := sum(length < 1 for length in lengths):
        raise InputError(f"{empty} of {len(part)} rows have an answer without a token, so they would teach nothing")
    if tokenizer.eos_token is None:
        raise InputError(f"the tokenizer of {name!r} has no end token, so no answer would end; use another model")
    return f"{len(tokenizer):,} tokens; answers of {min(lengths)} to {max(lengths)}"

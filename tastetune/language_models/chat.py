"""Chat messages as the model's own template spells them, on any day alike."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from transformers import PreTrainedTokenizerBase

from tastetune.errors import InputError
from tastetune.language_models.model_files import explained

Messages = Sequence[dict[str, str]]

TEMPLATE_VALUES = {"date_string": "26 Jul 2024"}
"""Llama 3's template writes today's date into the prompt unless it is given one: no answer may depend on the day."""

_MARK = "tastetune"


def prompt_ids(tokenizer: PreTrainedTokenizerBase, prompts: Sequence[Messages]) -> list[list[int]]:
    """Token ids of each chat, up to where the assistant begins to write.

    Raises:
        InputError: the tokenizer has no chat template.
    """
    return _spelt(tokenizer, prompts, add_generation_prompt=True)


def chat_ids(tokenizer: PreTrainedTokenizerBase, chats: Sequence[Messages]) -> list[list[int]]:
    """Token ids of whole chats, as the trainer sees them.

    Raises:
        InputError: as `prompt_ids`.
    """
    return _spelt(tokenizer, chats)


def refuse_dated(tokenizer: PreTrainedTokenizerBase) -> None:
    """Raise InputError if the chat template writes the day into a prompt, so that no two days ask the same.

    It is rendered on two made days: the function by which a template asks for the date is given twice another answer.
    A template that cannot be rendered is refused too.
    """
    chat, template = [{"role": "user", "content": "?"}], tokenizer.get_chat_template()
    days = [f"{{% macro strftime_now(format) %}}{day}{{% endmacro %}}" for day in ("1 Jan 2001", "12 Dec 2012")]
    with _rendering(tokenizer):
        texts = {
            tokenizer.apply_chat_template(chat, tokenize=False, chat_template=day + template, **TEMPLATE_VALUES)
            for day in days
        }
    if len(texts) > 1:
        raise InputError(
            f"the chat template of {tokenizer.name_or_path!r} writes today's date into the prompt, so the model would "
            "be asked another question every day; write a fixed date into the template in the model's folder"
        )


def plain_text(prompt: str | Messages) -> str:
    """A prompt's words alone: of a chat, the messages' contents."""
    return prompt if isinstance(prompt, str) else "\n\n".join(message["content"] for message in prompt)


def turn_end(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that the template puts behind an assistant's message, which so ends a generated one.

    Raises:
        InputError: no chat template, or one that puts nothing there.
    """
    asked = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _MARK}]
    text = _texts(tokenizer, [asked])[0]
    ids = tokenizer(text.rpartition(_MARK)[2], add_special_tokens=False)["input_ids"]
    if not ids:
        raise InputError(
            f"the chat template of {tokenizer.name_or_path!r} puts nothing behind an assistant's message, so no answer "
            "would end; use an instruct model's template"
        )
    return ids[0]


def _spelt(tokenizer: PreTrainedTokenizerBase, chats: Sequence[Messages], **how) -> list[list[int]]:
    # The template writes the token that begins a text itself
    return tokenizer(_texts(tokenizer, chats, **how), add_special_tokens=False)["input_ids"]


def _texts(tokenizer: PreTrainedTokenizerBase, chats: Sequence[Messages], **how) -> list[str]:
    if tokenizer.chat_template is None:
        raise InputError(
            f"the tokenizer of {tokenizer.name_or_path!r} has no chat template, so chat messages cannot be given to "
            "it; name an instruct model, such as meta-llama/Llama-3.2-1B-Instruct"
        )
    refuse_dated(tokenizer)
    with _rendering(tokenizer):
        return [tokenizer.apply_chat_template(list(chat), tokenize=False, **TEMPLATE_VALUES, **how) for chat in chats]


def _rendering(tokenizer: PreTrainedTokenizerBase) -> AbstractContextManager[None]:
    """What a template raises becomes one InputError: it may hold any expression, and refuse a chat on purpose."""
    return explained(tokenizer.name_or_path, "its chat template refuses such a chat; name another instruct model")

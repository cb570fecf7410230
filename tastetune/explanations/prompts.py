"""How a language model is asked why: in the words of its own like-or-dislike prompts, with the same past."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from tastetune.language_models.chat import prompt_ids
from tastetune.tasks.like_dislike import RESPONSE, Item, LikeDislike

REASON = "## Reason:"


def question(wording: LikeDislike, prompt: str, likes: bool) -> str:
    """What is asked: the past and the target of a like-or-dislike prompt, and why the answer is what it is.

    Args:
        prompt: of the task, as `wording` renders it.
        likes: the answer that the model has given.
    """
    instruction = (
        f"Below is a {wording.user}'s history of likes and dislikes for {wording.items}, followed by a target "
        f"{wording.item}. Say in one or two sentences why the {wording.user} will {_verb(wording, likes)} the target "
        f"{wording.item}, and name the {wording.items} of the history that show it by their titles."
    )
    return f"{instruction}\n\n{wording.body(prompt).removesuffix(RESPONSE).rstrip()}"


def begun(wording: LikeDislike, target: Item, likes: bool) -> str:
    """How the answer begins: with what is to be shown, up to the quotes of the first title that shows it.

    A model of few parameters would otherwise repeat the history or say nothing of it.
    """
    return f'The {wording.user} will {_verb(wording, likes)} {wording.named(target)}, judging by "'


def reason_ids(
    tokenizer: PreTrainedTokenizerBase, questions: Sequence[str], beginnings: Sequence[str]
) -> list[list[int]]:
    """Token ids of each question up to where the model goes on writing its answer; a chat where there is a template.

    Raises:
        InputError: the chat template cannot be used, see `tastetune.language_models.chat`.
    """
    if tokenizer.chat_template is None:
        pairs = zip(questions, beginnings, strict=True)
        return tokenizer([f"{asked}\n\n{REASON}\n{answer}" for asked, answer in pairs])["input_ids"]
    asked = prompt_ids(tokenizer, [[{"role": "user", "content": text}] for text in questions])
    answers = tokenizer(list(beginnings), add_special_tokens=False)["input_ids"]
    return [ids + answer for ids, answer in zip(asked, answers, strict=True)]


def _verb(wording: LikeDislike, likes: bool) -> str:
    return wording.enjoy if likes else f"not {wording.enjoy}"

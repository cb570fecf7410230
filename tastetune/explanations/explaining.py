"""A language model that writes why it answers as it does."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.score_table import align_scores
from tastetune.config.arguments import AnswerArguments
from tastetune.errors import InputError
from tastetune.explanations.explanation import LIKELY, Explanation, ExplanationSettings
from tastetune.explanations.prompts import begun, question, reason_ids
from tastetune.explanations.trying import tried_explanations
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import ANSWERERS, Candidate, candidates
from tastetune.language_models.chat import turn_end
from tastetune.language_models.generation import continued
from tastetune.language_models.item_tokens.tokens import estimate_tokens
from tastetune.language_models.language_model import LanguageModel, ModelRecipe
from tastetune.tasks import Rows
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.prompts import read_items


def explainable(rows: Rows, asking: Asking) -> Asking:
    """`asking` in the mode in which the answers to `rows` are probabilities of a like.

    Raises:
        InputError: they are none.
    """
    answerer, config = ANSWERERS[rows.task.config], rows.task.config
    asking = replace(asking, mode=answerer.in_training or answerer.modes[0], shots=0)
    if answerer.origin(rows, asking)["threshold"] != LIKELY:
        raise InputError(
            f"dataset_config is {config!r}, which asks for no probability of a like, and one is explained; set it to "
            "like_dislike, stream or stream_rating"
        )
    return asking


def explainer(recipe: ModelRecipe, args: AnswerArguments, rows: Rows, adapter: str | None) -> Candidate:
    """The model that explains `rows`, under its name in tables, and how it is asked; raises as `explainable`.

    Args:
        adapter: a folder or Hub id; None for the base model.
    """
    windows, seed = recipe.windows_of(adapter), recipe.training.seed
    asking = explainable(rows, Asking("", seed=seed, max_batch_tokens=args.max_batch_tokens, windows=windows))
    plain = replace(args, shots=[0], checkpoints=[], modes=[asking.mode])
    fine_tuned = recipe.model.model_name_or_path if recipe.base_record.is_fine_tuned else None
    base = adapter is None
    return candidates(rows.task, plain, asking, adapter=adapter, base=base, fine_tuned=fine_tuned)[0]


def explain(model: LanguageModel, rows: Rows, asking: Asking, settings: ExplanationSettings) -> list[Explanation]:
    """Why `model` answers as it does, in its own words, row by row; see `tastetune.explanations.trying`.

    Args:
        rows: of the dataset, or of one person, see `tastetune.person.dataset.with_person`.
        asking: see `explainable`.

    Raises:
        InputError: prompts are longer than the model's context, its chat template cannot be used, or its lines tell
            estimates, which hang on ratings that no reason shows.
    """
    if estimate_tokens(model.tokenizer):
        raise InputError(
            f"{model.tokenizer.name_or_path}: its lines tell what other users' ratings lead to expect "
            "(stream_estimates), and such answers are not explained; name an adapter that was trained without"
        )
    answer = partial(_p_like, model, asking)
    write = partial(_texts, model, asking.max_batch_tokens, settings.max_new_tokens)
    return tried_explanations(rows, answer, write, settings)


def _p_like(model: LanguageModel, asking: Asking, rows: Rows) -> np.ndarray:
    table = ANSWERERS[rows.task.config].answer(model, rows, asking).table
    return align_scores(table, rows.example_ids, None, rows.split)[0]


def _texts(
    model: LanguageModel, max_batch_tokens: int, max_new_tokens: int, rows: Rows, likes: np.ndarray
) -> list[str]:
    """What the model writes of each row, from the beginning that it is given to the end of the line."""
    wording, items = rows.dataset.worded(LikeDislike), read_items(rows.dataset)
    targets = rows.table["item_id"].to_pylist()
    prompts = rows.read(["prompt"])["prompt"].to_pylist()
    questions = [question(wording, prompt, yes) for prompt, yes in zip(prompts, likes, strict=True)]
    beginnings = [begun(wording, items[item], yes) for item, yes in zip(targets, likes, strict=True)]
    ids = reason_ids(model.tokenizer, questions, beginnings)
    ends = {turn_end(model.tokenizer)} if model.tokenizer.chat_template else ()
    endings = continued(model.model, model.tokenizer, ids, max_batch_tokens, max_new_tokens, ends=ends)
    return [start + end.partition("\n")[0].rstrip() for start, end in zip(beginnings, endings, strict=True)]


def described(explanations: Sequence[Explanation], dataset: BuiltDataset) -> Iterator[str]:
    """What a person is told of explanations, in lines, each row's behind its id."""
    titles = {item: known.title for item, known in read_items(dataset).items()}
    for explanation in explanations:
        yield f"{explanation.example_id}:"
        yield from (f"  {line}" for line in explanation.described(titles))

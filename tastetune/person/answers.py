"""What models say of the items that a person asks about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tastetune.baselines import Baseline
from tastetune.baselines.selection import baselines_of
from tastetune.baselines.trivial.likes import TrivialLikes
from tastetune.config.arguments import AnswerArguments
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import ANSWERERS, Candidate, candidates
from tastetune.language_models.language_model import LanguageModel, ModelRecipe
from tastetune.person.dataset import TEST, PersonDataset, among_others
from tastetune.tasks.labels import LabelTask

MEANS = ("user_item_mean", "item_mean")
"""What a model must beat that knows taste: the second is the same for everybody."""


@dataclass(frozen=True)
class Scores:
    """One model's score of every item that was asked about.

    Attributes:
        model: its name in tables.
        values: float64 (items,), higher for what is liked more.
        threshold: from here on a score means a like.
        is_stand_in: whether it is a language model that only stands in for a real one.
    """

    model: str
    values: np.ndarray
    threshold: float
    is_stand_in: bool = False

    @property
    def unit(self) -> str:
        """What its scores are: `probability` of a like, or `stars`."""
        return "probability" if self.threshold <= 0.5 else "stars"

    @property
    def ranks(self) -> np.ndarray:
        """The place of each item from 1, the best first; ties in the items' order."""
        ranks = np.empty(len(self.values), np.int64)
        ranks[np.argsort(-self.values, kind="stable")] = np.arange(1, len(self.values) + 1)
        return ranks


def answers(
    recipe: ModelRecipe,
    args: AnswerArguments,
    task: LabelTask,
    dataset: PersonDataset,
    *,
    adapter: str | None = None,
    recommenders: Sequence[str] = (),
) -> list[Scores]:
    """The scores of every item that is asked: the language model's first, then those of `recommender_scores`.

    Args:
        adapter: in place of the run's own; without either the base model answers.
        recommenders: files of recbole_configs/.

    Raises:
        InputError: a model cannot be loaded, or a recommender cannot be fitted.
    """
    adapter = adapter or recipe.trained()
    shared = Asking("", seed=recipe.training.seed, max_batch_tokens=args.max_batch_tokens, windows=recipe.windows)
    plain = replace(args, shots=[0], checkpoints=[], modes=[])
    first, *_ = candidates(task, plain, shared, adapter=adapter, base=adapter is None)
    return [
        language_model_scores(recipe.load(), first, task, dataset),
        *recommender_scores(dataset, recommenders),
    ]


def language_model_scores(
    model: LanguageModel, candidate: Candidate, task: LabelTask, dataset: PersonDataset
) -> Scores:
    """The score of each item by a language model that has read the person's past."""
    answerer, rows = ANSWERERS[task.config], task.rows(dataset, TEST)
    with model.behind(candidate.adapter) as answering:
        table = answerer.answer(answering, rows, candidate.asking).table
    by_row = dict(zip(*(table[column].to_pylist() for column in ("example_id", "score")), strict=True))
    values = np.array([by_row[row] for row in rows.example_ids], np.float64)
    threshold = answerer.origin(rows, candidate.asking)["threshold"]
    return Scores(candidate.name, values, threshold, bool(model.remarks["stand_in"]))


def recommender_scores(dataset: PersonDataset, configs: Sequence[str] = ()) -> list[Scores]:
    """The scores by the means, and by the recommenders of `configs`, each fitted with the person among the users.

    Args:
        configs: files of recbole_configs/.

    Raises:
        InputError: a config cannot be used, or RecBole is not installed.
    """
    joined = among_others(dataset)
    models: list[Baseline] = [TrivialLikes(name) for name in MEANS]
    models = [*(baselines_of(joined, configs) if configs else []), *models]
    found = []
    for model in models:
        predictions = model.fit_predict(joined, TEST)
        ids = joined.read(joined.task, TEST, ["example_id"])["example_id"].to_pylist()
        found.append(Scores(model.name, predictions.scores(ids)[0], predictions.meta.threshold))
    return found

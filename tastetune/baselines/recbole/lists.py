"""RecBole's recommenders of lists: fitted on the log, and on the favourites of those who are asked.

So a model knows of the people it answers what a language model is told of them, their favourites, and no more. Where a
model learns from ratings, a favourite counts as the highest rating of the log. A sequential model is fitted on the log
alone, and reads what those who are asked have seen, in its order.
"""

import time
from typing import Any

import numpy as np
import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.list_table import ListLine, list_table
from tastetune.artifacts.predictions import Meta, Predictions
from tastetune.baselines import AfterEpoch, fit_on, rows_answered
from tastetune.baselines.lists import ListQuestions, read_interactions_before, read_questions, top_lists
from tastetune.baselines.recbole.baseline import RecBoleBaseline
from tastetune.baselines.recbole.configs import BaselineConfig
from tastetune.baselines.recbole.rankers import (
    COLUMNS,
    catalogue_scores,
    fit_ranker,
    next_item_scores,
    read_log_data,
    read_sequence_data,
)
from tastetune.baselines.recbole.shim import AbstractRecommender, Dataset, is_closed_form, is_sequential
from tastetune.baselines.recbole.tuning import chosen, search_config
from tastetune.errors import InputError
from tastetune.metrics.ranking import average_precision
from tastetune.search import Study, Trial
from tastetune.tasks.order import order_of

ASKED = "asked:"
"""Before the number of a user who is asked; nobody in the log bears such a name."""


class RecBoleLists(RecBoleBaseline):
    """One config, fitted to a log and to the favourites of those who are asked."""

    def fit_predict(self, dataset: BuiltDataset, split: str, *, after_epoch: AfterEpoch | None = None) -> Predictions:
        questions = read_questions(dataset, split)
        favourites = "" if is_sequential(self.config.model) else f" and the favourites of {split}"
        learnt_from = f"{fit_on(dataset, split)}{favourites}"
        tuned = tune(self.config, dataset, self.trials) if self.trials else None
        choice = chosen(tuned) if tuned else choose_epochs(self.config, dataset)
        config = self.config.with_values(choice)
        settings: dict[str, Any] = config.values | choice
        settings |= {"fit_on": learnt_from, "config_digest": self.config.digest(self.trials)}
        began = time.perf_counter()
        data = _read_data(config, dataset, split, questions)

        def answer(epoch: int, model: AbstractRecommender) -> Predictions:
            meta = Meta(
                model=self.name,
                kind="recbole",
                **rows_answered(dataset, split),
                seed=settings["seed"],
                settings=settings,
                training={"examples": epoch * len(data), "seconds": time.perf_counter() - began},
            )
            return Predictions(meta, list_table(_lists(config, model, data, questions)))

        def on_epoch(epoch: int, model: AbstractRecommender) -> bool:
            if after_epoch:
                after_epoch(epoch, answer(epoch, model))
            return False

        model = fit_ranker(config, data, on_epoch if after_epoch else None)
        return answer(settings["epochs"], model)


def choose_epochs(config: BaselineConfig, dataset: BuiltDataset) -> dict:
    """The number of epochs to train: the config's, or with `eval_step` above 0 the best one by MAP on validation.

    Returns:
        `epochs`, and how it was chosen: `validation_map` by epoch, or in `epochs_chosen` why it was not.
    """
    if is_closed_form(config.model):
        return {"epochs": 1, "epochs_chosen": "closed form"}
    at_most = {"epochs": config.values["epochs"], "epochs_at_most": config.values["epochs"]}
    if not config.values["eval_step"]:
        return at_most | {"epochs_chosen": "by the config"}
    if not len(dataset.read(dataset.task, "validation", ["example_id"])):
        return at_most | {"epochs_chosen": "by the config: no validation users, so they cannot choose"}
    questions = read_questions(dataset, "validation")
    data = _read_data(config, dataset, "validation", questions)
    measured, _ = _measured(config, data, questions)
    return at_most | {
        "epochs": max(measured, key=measured.__getitem__),
        "epochs_chosen": "best on validation",
        "validation_map": {str(epoch): value for epoch, value in measured.items()},
    }


def tune(config: BaselineConfig, dataset: BuiltDataset, n: int) -> Study:
    """Run `n` trials on the training users' log, each stopped early by MAP on the validation users' gold lists.

    Raises:
        InputError: as `search_config`, or no validation users.
    """
    questions = read_questions(dataset, "validation")
    data = _read_data(config, dataset, "validation", questions)

    def run_trial(values: dict) -> Trial:
        try:
            measured, seconds = _measured(config.with_values(values), data, questions)
        except InputError as error:
            return Trial(values, error=str(error))
        epochs = max(measured, key=measured.__getitem__)
        return Trial(values, measured[epochs], epochs, seconds)

    return search_config(config, n, "map", run_trial)


def mean_average_precision(lists: dict[str, list[ListLine]], questions: ListQuestions) -> float:
    """MAP of the first lines of lists by example id, none of which holds an item twice, as `top_lists` makes them."""
    hits = np.zeros((len(questions.gold), questions.n))
    for row, (example_id, gold) in enumerate(zip(questions.example_ids, questions.gold, strict=True)):
        is_hit = [line.item_id in gold for line in lists[example_id][: questions.n]]
        hits[row, : len(is_hit)] = is_hit
    return float(average_precision(hits, np.array([len(gold) for gold in questions.gold])).mean())


def _measured(config: BaselineConfig, data: Dataset, questions: ListQuestions) -> tuple[dict[int, float], float]:
    """MAP after each epoch, stopped early as the config says, and the seconds it took."""
    measured, began = {}, time.perf_counter()

    def after_epoch(epoch: int, model: AbstractRecommender) -> bool:
        measured[epoch] = mean_average_precision(_lists(config, model, data, questions), questions)
        return epoch - max(measured, key=measured.__getitem__) > config.values.get("stopping_step", 0)

    fit_ranker(config, data, after_epoch)
    return measured, time.perf_counter() - began


def _read_data(config: BaselineConfig, dataset: BuiltDataset, split: str, questions: ListQuestions) -> Dataset:
    """The log that may be known when `split` is answered, with the favourites of those who are asked, or in order."""
    if is_sequential(config.model):
        log = read_interactions_before(dataset, split, ["user_id", "item_id", "timestamp"])
        return read_sequence_data(config, order_of(dataset).sorted(log))
    log = read_interactions_before(dataset, split, COLUMNS)
    highest = float(np.max(log["rating"].to_numpy()))
    pairs = [(f"{ASKED}{row}", item, highest) for row, liked in enumerate(questions.liked) for item in liked]
    favourites = pa.table(dict(zip(COLUMNS, zip(*pairs, strict=True), strict=True)), schema=log.schema)
    return read_log_data(config, pa.concat_tables([log, favourites]))


def _lists(
    config: BaselineConfig, model: AbstractRecommender, data: Dataset, questions: ListQuestions
) -> dict[str, list[ListLine]]:
    if is_sequential(config.model):
        items, scores = next_item_scores(model, data, questions.seen, config.values["MAX_ITEM_LIST_LENGTH"])
    else:
        items, scores = catalogue_scores(model, data, [f"{ASKED}{row}" for row in range(len(questions.example_ids))])
    return top_lists(scores, items, questions)

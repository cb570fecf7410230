"""RecBole's recommenders on the recommend-ten task: fitted on the log, and on the favourites of those who are asked.

So a model knows of the people it answers what a language model is told of them, their favourites, and no more. Where a
model learns from ratings, a favourite counts as the highest rating of the log.
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.list_predictions import Line, write_lists
from tastetune.baselines.recbole.configs import BaselineConfig, OtherTask, read_config
from tastetune.baselines.recbole.list_fitting import COLUMNS, catalogue_scores, fit_ranker, read_interactions
from tastetune.baselines.recbole.shim import AbstractRecommender, Dataset, ModelType
from tastetune.baselines.recbole.tuning import Study, Trial, search, write_study
from tastetune.baselines.trivial.lists import meta, read_log, top
from tastetune.errors import InputError
from tastetune.metrics.ranking import average_precision
from tastetune.tasks.list_rows import CONFIG, ListRows, read_list_rows
from tastetune.tasks.top_n import TopN

ASKED = "asked:"
"""Before the number of a row who is asked; nobody in the log bears such a name."""


def read_list_config(path: str | Path, overrides: dict | None = None) -> BaselineConfig:
    """As `tastetune.baselines.recbole.configs.read_config`, for models that score a whole catalogue.

    Raises:
        InputError: as there, or (`OtherTask`) the model cannot.
    """
    config = read_config(path, overrides, pairwise=True)
    inherited = (
        AbstractRecommender.full_sort_predict,
        *(base.full_sort_predict for base in config.model.__mro__[1:] if base.__name__ == "GeneralRecommender"),
    )
    if "SEQUENTIAL" in str(config.model.type) or config.model.full_sort_predict in inherited:
        raise OtherTask(f"{path}: {config.model.__name__} does not rank a catalogue; choose ItemKNN, EASE, BPR or SVD")
    return config


def write_list_baseline(
    config: BaselineConfig, dataset: BuiltDataset, split: str, output: Path, *, trials: int = 0
) -> list[Path]:
    """Fit the model of `config`, answer the users of `split`, and write the predictions file `output`.

    Args:
        trials: tuning trials on validation first; what was tried goes to `<stem>.tuning.json` beside it.

    Returns:
        The files written, the predictions last.

    Raises:
        InputError: a split that no model answers, no interactions, or settings that the model refuses; as `tune_lists`.
    """
    rows, log = read_list_rows(dataset, split), read_log(dataset, split)
    study = tune_lists(config, dataset, trials) if trials else None
    chosen = _from_study(study) if study else choose_epochs(config, dataset)
    settings = config.values | chosen | {"fit_on": f"{log.splits} and the favourites of {split}"}
    config = replace(config, values={key: settings[key] for key in config.values})
    written = [write_study(chosen["tuning"], dataset, settings["seed"], output)] if study else []
    began = time.perf_counter()
    data = _interactions(config, rows)
    model = fit_ranker(config, data)
    about = meta(
        rows,
        model=output.stem,
        kind="recbole",
        seed=config.values["seed"],
        settings=settings,
        training={"examples": len(data), "seconds": time.perf_counter() - began},
    )
    write_lists(output, about, _answers(model, data, rows))
    return [*written, output]


def tune_lists(config: BaselineConfig, dataset: BuiltDataset, n: int) -> Study:
    """Run `n` trials on the training users' log, each stopped early by MAP on the validation users' gold lists.

    Raises:
        InputError: as `tastetune.baselines.recbole.tuning.search`, or no validation users.
    """
    rows = read_list_rows(dataset, "validation")
    data = _interactions(config, rows)

    def run(values: dict) -> Trial:
        try:
            measured, seconds = _measured(replace(config, values=config.values | values), data, rows)
        except InputError as error:
            return Trial(values, error=str(error))
        epochs = max(measured, key=measured.get)
        return Trial(values, measured[epochs], epochs, seconds)

    return search(config, n, "map", run)


def choose_epochs(config: BaselineConfig, dataset: BuiltDataset) -> dict:
    """The number of epochs to train: the config's, or with `eval_step` above 0 the best one by MAP on validation.

    Returns:
        What `tastetune.baselines.recbole.likes.choose_epochs` does, with `validation_map`.
    """
    if not config.values["eval_step"] or config.model.type == ModelType.TRADITIONAL:
        return {"epochs_chosen": "by the config"}
    if not len(dataset.read(CONFIG, "validation", ["example_id"])):
        return {"epochs_chosen": "by the config: no validation users, so they cannot choose"}
    rows = read_list_rows(dataset, "validation")
    measured, _ = _measured(config, _interactions(config, rows), rows)
    return {
        "epochs": max(measured, key=measured.get),
        "epochs_chosen": "best on validation",
        "validation_map": {str(epoch): value for epoch, value in measured.items()},
    }


def _measured(config: BaselineConfig, data: Dataset, rows: ListRows) -> tuple[dict[int, float], float]:
    """MAP after each epoch, stopped early as the config says, and the seconds it took."""
    measured, began = {}, time.perf_counter()

    def after_epoch(epoch: int, model: AbstractRecommender) -> bool:
        measured[epoch] = mean_average_precision(_answers(model, data, rows), rows)
        return epoch - max(measured, key=measured.get) > config.values["stopping_step"]

    fit_ranker(config, data, after_epoch)
    return measured, time.perf_counter() - began


def _from_study(study: Study) -> dict:
    return study.best.values | {"epochs": study.best.epochs, "epochs_chosen": "by tuning", "tuning": study.record()}


def mean_average_precision(lists: dict[str, list[Line]], rows: ListRows) -> float:
    """MAP of lists by example id; lists hold no item twice, as `tastetune.baselines.trivial.lists.top` makes them."""
    hits = np.zeros((len(rows.gold), max(map(len, lists.values()))))
    for row, (example_id, gold) in enumerate(zip(rows.example_ids, rows.gold, strict=True)):
        found = [line.item_id in gold for line in lists[example_id]]
        hits[row, : len(found)] = found
    return float(average_precision(hits, np.array([len(gold) for gold in rows.gold])).mean())


def _interactions(config: BaselineConfig, rows: ListRows) -> Dataset:
    """The log that may be known when `rows` are answered, and their favourites."""
    known = rows.dataset.read("interactions", read_log(rows.dataset, rows.split).splits, COLUMNS)
    highest = float(np.max(known["rating"].to_numpy()))
    pairs = [(f"{ASKED}{row}", item, highest) for row, liked in enumerate(rows.liked) for item in liked]
    favourites = pa.table(dict(zip(COLUMNS, zip(*pairs, strict=True), strict=True)), schema=known.schema)
    return read_interactions(config, pa.concat_tables([known, favourites]))


def _answers(model: AbstractRecommender, data: Dataset, rows: ListRows) -> dict[str, list[Line]]:
    items, scores = catalogue_scores(model, data, [f"{ASKED}{row}" for row in range(len(rows.example_ids))])
    return top(scores, items, rows, TopN(**rows.dataset.wording).n)

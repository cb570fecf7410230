"""Predictions and the rows they answer -> scores: metrics with intervals, paired differences, where they come from."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Predictions
from tastetune.artifacts.redaction import shareable
from tastetune.config.environment import versions
from tastetune.evaluation.bootstrap import LEVEL, draws
from tastetune.evaluation.comparison import chosen_reference, differences, gains, identity
from tastetune.evaluation.estimates import estimates
from tastetune.evaluation.samples import sample_rows
from tastetune.evaluation.seeds import by_seed
from tastetune.evaluation.slices import slices
from tastetune.evaluation.thresholds import at_threshold, chosen_thresholds
from tastetune.files import command_line
from tastetune.tasks import Rows


def score(
    rows: Rows,
    predictions: Sequence[Predictions],
    *,
    validation: Sequence[Predictions] = (),
    reference: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
    with_text: bool | None = None,
    home: str | Path = ".",
) -> dict:
    """Scores of every model on the same rows, best first by the task's first metric: the content of `scores.json`.

    Args:
        rows: of one split, see `tastetune.tasks.Task.rows`.
        predictions: one a model.
        validation: the models' predictions on the validation split, where there are any, to choose thresholds on.
        reference: the model the others are compared with; None for the task's own if it is among them.
        resamples: bootstrap resamples of the users.
        seed: of the resamples, and of the rows drawn to be looked at.
        with_text: whether those rows are shown with their texts and ids; None as the licence of the ratings says.
        home: the folder that paths are written relative to.

    Raises:
        InputError: a model stands twice, the reference is not among the models, or predictions are of other rows.
    """
    task = rows.task
    reference = chosen_reference(predictions, reference, task.reference)
    weights, parts = draws(rows.n_users, resamples, seed), slices(rows)
    thresholds = chosen_thresholds(rows, validation)
    models, answers, replicates = [], {}, {}
    for prediction in tqdm(predictions, desc="scoring", unit=" models"):
        model = prediction.meta.model
        answers[model] = task.answers(rows, prediction)
        measured = task.measure(answers[model], weights)
        replicates[model] = measured.replicates
        entry = identity(prediction, home) | {"n": measured.rows}
        entry |= task.details(prediction, answers[model]) | {"metrics": estimates(measured)}
        if parts:
            entry["slices"] = _sliced(rows, answers[model], parts, weights)
            entry["chosen_threshold"] = at_threshold(rows, answers[model], thresholds.get(model), weights)
        models.append(entry)
    compared = _compared(rows, models, replicates, reference)
    return {
        "dataset": described(rows),
        "bootstrap": {"unit": "user", "resamples": resamples, "seed": seed, "level": LEVEL},
        "reference": reference,
        "models": _ordered(compared, task.headline[0]),
        "seeds": by_seed(compared, replicates),
        "rows": sample_rows(rows, answers, seed, with_text),
        "date": datetime.now(UTC).date().isoformat(),
        "command": shareable(command_line()),
        "versions": versions(),
    }


def _sliced(rows: Rows, answers: object, parts: Mapping[str, np.ndarray], weights: np.ndarray) -> dict[str, dict]:
    sliced = {}
    for name, within in parts.items():
        measured = rows.task.measure(answers, weights, names=rows.task.of_slices, within=within)
        sliced[name] = {"n": measured.rows, "users": measured.users, "metrics": estimates(measured)}
    return sliced


def _compared(rows: Rows, models: list[dict], replicates: Mapping, reference: str | None) -> list[dict]:
    """The models, each with its differences from the reference and from its own base model."""
    if rows.n_users == 1:  # one user leaves nothing to draw from, and so nothing to compare by
        return [model | {"against": {}} for model in models]
    against = differences(replicates, reference, rows.task.metrics)
    gained = gains(replicates, models, rows.task.metrics)
    return [model | {"against": gained.get(model["model"], {}) | against[model["model"]]} for model in models]


def _ordered(models: list[dict], metric: str) -> list[dict]:
    return sorted(models, key=lambda model: -(model["metrics"][metric]["value"] or 0))


def described(rows: Rows) -> dict:
    """What is scored, for `scores.json`: the dataset and its rows."""
    return {
        "name": rows.dataset.name,
        **_on_the_hub(rows.dataset),
        "config": rows.task.rows_config,
        "split": rows.split,
        "fingerprint": rows.dataset.fingerprint,
        "rows_digest": rows.digest,
        "n": len(rows.table),
        "users": rows.n_users,
        **rows.task.described(rows),
        "settings": shareable(rows.dataset.info["settings"]),
    }


def _on_the_hub(dataset: BuiltDataset) -> dict[str, str]:
    """Id and commit of a dataset that was opened from the Hub: its folder is a snapshot, named by its commit."""
    if dataset.folder == Path(dataset.source):
        return {}
    return {"hub_id": dataset.source, "hub_revision": dataset.folder.name}

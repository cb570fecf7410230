"""Recommended lists and gold lists -> scores: ranking metrics with intervals over users, and what lines get wrong."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.list_predictions import Line, ListPredictions, aligned
from tastetune.artifacts.predictions import versions
from tastetune.artifacts.redaction import shareable
from tastetune.errors import InputError
from tastetune.evaluation.bootstrap import LEVEL, draws, interval
from tastetune.evaluation.comparison import chosen_reference, differences, gains, identity
from tastetune.evaluation.list_samples import sample_users
from tastetune.evaluation.scoring import command_line
from tastetune.evaluation.seeds import by_seed
from tastetune.metrics import LISTS
from tastetune.metrics import lines as line_metrics
from tastetune.metrics.ranking import by_user, mean
from tastetune.tasks.list_rows import CONFIG, KNOWN, ListRows

REFERENCE = "most_cowatched"
MAIN = "precision@3"
"""Models are ordered by this one, the first of the published table."""

DEPTH = 10


def score_lists(
    rows: ListRows,
    predictions: Sequence[ListPredictions],
    *,
    reference: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
    with_text: bool | None = None,
    home: str | Path = ".",
) -> dict:
    """Scores of every model on the same users, best `MAIN` first: the content of `scores.json`.

    Args:
        rows: see `tastetune.tasks.list_rows.read_list_rows`.
        predictions: one a model.
        reference: the model the others are compared with; None for `REFERENCE` if it is among them.
        resamples: bootstrap resamples of the users.
        seed: of the resamples, and of the users drawn to be looked at.
        with_text: whether those are shown with their ids and titles; None as the licence of the ratings says.
        home: the folder that paths are written relative to.

    Raises:
        InputError: a model stands twice, the reference is not among the models, predictions are of other rows or name
            an unknown item, a gold list is empty.
    """
    names = [prediction.meta.model for prediction in predictions]
    reference = chosen_reference(names, reference, REFERENCE)
    if empty := [user for user, gold in zip(rows.user_ids, rows.gold, strict=True) if not gold]:
        raise InputError(f"{rows.dataset.source}: the gold list of user {empty[0]!r} is empty; rebuild the dataset")
    drawn = draws(len(rows.example_ids), resamples, seed)
    catalogue = _Catalogue(rows)
    models, replicates, lists, verdicts = [], {}, {}, {}
    for prediction in predictions:
        _check_same_rows(rows, prediction)
        name = prediction.meta.model
        lists[name] = aligned(prediction, rows.example_ids)
        grid = catalogue.grid(prediction, lists[name])
        verdicts[name] = line_metrics.verdicts(grid, catalogue.gold, catalogue.liked)
        replicates[name] = found = catalogue.measure(grid, drawn)
        written = line_metrics.written(grid)
        models.append(
            identity(prediction.meta, prediction.path, home)
            | {"mode": prediction.meta.settings.get("mode")}
            | {"n": len(written), "unanswered": int((written == 0).sum()), "lines": int(written.sum())}
            | {"metrics": {metric: _estimate(values, len(written)) for metric, values in found.items()}}
        )
    # One user leaves nothing to draw from, and so nothing to compare by.
    against = differences(replicates, reference if len(rows.example_ids) > 1 else None, LISTS)
    added = gains(replicates, models, LISTS) if len(rows.example_ids) > 1 else {}
    models = [model | {"against": added.get(model["model"], {}) | against[model["model"]]} for model in models]
    return {
        "dataset": _described(rows),
        "bootstrap": {"unit": "user", "resamples": resamples, "seed": seed, "level": LEVEL},
        "reference": reference,
        "models": sorted(models, key=lambda model: -model["metrics"][MAIN]["value"]),
        "seeds": by_seed(models),
        "rows": sample_users(rows, lists, verdicts, seed, with_text),
        "command": command_line(),
        "versions": versions(),
    }


class _Catalogue:
    """Items as codes, and what of the rows the metrics need."""

    def __init__(self, rows: ListRows):
        items = rows.dataset.read("items", "train", ["item_id"])["item_id"].to_pylist()
        self.rows, self.codes = rows, {item: code for code, item in enumerate(items)}
        self.gold, self.liked = self._pairs(rows.gold), self._pairs(rows.liked)
        self.gold_lengths = np.array([len(gold) for gold in rows.gold])
        self.watched = watched_share(rows.dataset, items, "+".join(KNOWN.get(rows.split, ("train",))))

    def _pairs(self, lists: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        users = np.repeat(np.arange(len(lists)), [len(items) for items in lists])
        return users, np.array([self.codes[item] for item in chain.from_iterable(lists)], np.int64)

    def grid(self, prediction: ListPredictions, lists: Sequence[Sequence[Line]]) -> np.ndarray:
        """The prediction's aligned lists as item codes, (users, `DEPTH`), see `tastetune.metrics.lines`."""
        named = [line.item_id for lines in lists for line in lines]
        if unknown := {item for item in named if item is not None} - self.codes.keys():
            raise InputError(
                f"{prediction.path}: item {min(unknown)!r} is not in the catalogue of {self.rows.dataset.source}; a "
                "line off the catalogue has no item_id"
            )
        users = np.repeat(np.arange(len(lists)), [len(lines) for lines in lists])
        ranks = np.array([rank for lines in lists for rank in range(1, len(lines) + 1)], np.int64)
        codes = np.array([line_metrics.OFF if item is None else self.codes[item] for item in named], np.int64)
        return line_metrics.grid(users, ranks, codes, len(lists), DEPTH)

    def measure(self, grid: np.ndarray, drawn: np.ndarray) -> dict[str, np.ndarray]:
        """Every metric of `LISTS` on the rows and on all resamples, (1 + resamples,) each."""
        users = by_user(line_metrics.hits(grid, self.gold), self.gold_lengths)
        written = line_metrics.written(grid)
        means = mean(np.stack([*users.values(), line_metrics.answered(grid), written], axis=1), drawn)
        found = dict(zip([*users, "answered", "lines"], means.T, strict=True))
        for name, wrong in line_metrics.faults(grid, self.liked).items():
            found[name] = line_metrics.share(wrong, written, drawn)
        in_catalogue = (grid >= 0).sum(axis=1)
        found["popularity"] = line_metrics.share(line_metrics.popularity(grid, self.watched), in_catalogue, drawn)
        # A resample repeats users, and so covers less: an interval from it would miss the value itself
        found["coverage"] = np.full(len(drawn), np.nan)
        found["coverage"][0] = line_metrics.coverage(grid, len(self.codes))
        return {name: found[name] for name in LISTS}


def watched_share(dataset: BuiltDataset, items: Sequence[str], splits: str) -> np.ndarray:
    """Share of these splits' users who rated each item, float (items,)."""
    users = len(dataset.read("interactions", splits, ["user_id"])["user_id"].unique())
    counts = dataset.item_counts(splits)
    return np.array([counts.get(item, 0) for item in items]) / max(users, 1)


def _check_same_rows(rows: ListRows, predictions: ListPredictions) -> None:
    scored = {"config": CONFIG, "split": rows.split, "fingerprint": rows.dataset.fingerprint}
    for key, expected in scored.items():
        found = getattr(predictions.meta, key)
        if found != expected:
            raise InputError(
                f"{predictions.path}: {key} is {found!r} (dataset {predictions.meta.dataset!r}), but {key} "
                f"{expected!r} of {rows.dataset.source} is scored; predict on these rows, or score those"
            )


def _estimate(values: np.ndarray, users: int) -> dict:
    low, high = interval(values) if users > 1 else (np.nan, np.nan)
    found = {"value": values[0], "low": low, "high": high}
    return {key: None if np.isnan(value) else float(value) for key, value in found.items()}


def _described(rows: ListRows) -> dict:
    lengths = [len(gold) for gold in rows.gold]
    return {
        "name": rows.dataset.name,
        "config": CONFIG,
        "split": rows.split,
        "fingerprint": rows.dataset.fingerprint,
        "n": len(rows.example_ids),
        "users": len(set(rows.user_ids)),
        "items": len(rows.dataset.read("items", "train", ["item_id"])),
        "gold_length": {"least": min(lengths), "median": float(np.median(lengths)), "most": max(lengths)},
        "settings": shareable(rows.dataset.info["settings"]),
    }

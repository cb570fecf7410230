"""The Hub's evaluation results: what an adapter scored, in `.eval_results/`, and what a dataset measures, `eval.yaml`.

Source: https://huggingface.co/docs/hub/eval-results
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml
from huggingface_hub import EvalResultEntry, constants, eval_result_entries_to_yaml, parse_eval_result_entries
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from tastetune.artifacts.hub_predictions import PUBLISHED
from tastetune.errors import InputError
from tastetune.metrics import Metric

FRAMEWORK = "tastetune"
BENCHMARK = "eval.yaml"
RESULTS = ".eval_results/tastetune.yaml"
RECORDS = "eval"
"""The folder of a run and of an adapter that holds the records of every row."""

PREDICTIONS = "predictions"
"""The folder of an adapter that holds its predictions, as others may have them."""

RECORD = re.compile(
    rf"{RECORDS}/data/[^/]+/[^/]+/[^/]+/[0-9a-f-]{{36}}(\.json|_samples\.jsonl)|{PREDICTIONS}/{PUBLISHED.pattern}"
)
"""What scripts/score.py writes of every row, its ids hashed where the licence forbids passing the ratings on."""


def task_id(config: str, split: str, metric: str) -> str:
    """What the Hub calls one figure: it knows one value a task, so every metric is a task of its own."""
    return f"{config}_{split}_{metric}".replace("@", "_at_")


def benchmark(name: str, config: str, splits: Iterable[str], metrics: Iterable[str]) -> str:
    """A dataset's `eval.yaml`: every metric of every split that is scored."""
    content = {
        "name": name,
        "description": f"How well models answer the rows of {name}, config {config}; one task a metric and split.",
        "evaluation_framework": FRAMEWORK,
    }
    metrics = list(metrics)
    tasks = [{"id": task_id(config, s, m), "config": config, "split": s} for s in splits for m in metrics]
    return _yaml(content | {"tasks": tasks})


def eval_results(scores: dict, model: dict, metrics: Mapping[str, Metric]) -> str:
    """An adapter's `.eval_results/tastetune.yaml`: an entry for each of `metrics` that has a value.

    Args:
        scores: the content of `scores.json`.
        model: the adapter's own among its models.
    """
    dataset = scores["dataset"]
    entries = [
        EvalResultEntry(
            dataset_id=dataset.get("hub_id") or dataset["name"],
            task_id=task_id(dataset["config"], dataset["split"], name),
            value=model["metrics"][name]["value"],
            dataset_revision=dataset.get("hub_revision"),
            date=scores.get("date"),
            notes=_notes(scores, model["metrics"][name], metric.title),
        )
        for name, metric in metrics.items()
        if model["metrics"][name]["value"] is not None
    ]
    return _dumped(entries)


def _notes(scores: dict, estimate: dict, title: str) -> str:
    dataset, bootstrap = scores["dataset"], scores["bootstrap"]
    interval = "no interval"
    if estimate["low"] is not None:
        interval = (
            f"{bootstrap['level']:.0%} interval {estimate['low']:.4f} to {estimate['high']:.4f} "
            f"({bootstrap['resamples']:,} bootstrap resamples of the users)"
        )
    rows = f"{dataset['n']:,} rows of {dataset['users']:,} users"
    return f"{title}: {interval}; {rows}; fingerprint {dataset['fingerprint'][:16]}"


def names_hub_dataset(path: Path) -> bool:
    """Whether the results in a file are of a dataset on the Hub: it needs an owner, a built folder's name has none."""
    return all("/" in entry.dataset_id for entry in _read(path))


def results_to_send(path: Path, repo_id: str, dataset: str | None = None) -> bytes:
    """The results in a file as they are sent: with the adapter's repository as their source.

    Args:
        path: a `.eval_results/tastetune.yaml`.
        repo_id: the adapter's repository, which holds the records of its rows.
        dataset: the Hub id of the dataset that was scored, in place of the one in the file.

    Raises:
        InputError: the file is damaged, or `dataset` is no Hub id.
    """
    entries = _read(path)
    for entry in entries:
        entry.dataset_id = dataset or entry.dataset_id
        entry.source_url = f"{constants.ENDPOINT}/{repo_id}/tree/main/{RECORDS}"
        entry.source_name = "Every Eval Ever records"
    return _dumped(entries).encode()


def check_dataset_id(dataset: str) -> None:
    """Raise InputError unless `dataset` could be a dataset on the Hub, `org/name`."""
    try:
        validate_repo_id(dataset)
    except HFValidationError as error:
        raise InputError(f"--dataset {dataset}: no Hub id ({error}); give ORG/NAME") from error
    if "/" not in dataset:
        raise InputError(f"--dataset {dataset}: no owner in it; give ORG/NAME")


def _read(path: Path) -> list[EvalResultEntry]:
    try:
        return parse_eval_result_entries(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: no evaluation results of the Hub ({error!r}); score the adapter anew") from error


def _dumped(entries: list[EvalResultEntry]) -> str:
    return _yaml([entry | {"evaluation_framework": FRAMEWORK} for entry in eval_result_entries_to_yaml(entries)])


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)

"""scores -> Every Eval Ever: the aggregate of each model, with its intervals, and the file of its rows.

Source: Batzner et al., Every Eval Ever: A Unifying Schema and Community Repository for AI Evaluation Results
(arXiv:2606.14516); https://pypi.org/project/every-eval-ever/0.3.0, `eval.schema.json`
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from tastetune.hub.results import FRAMEWORK
from tastetune.metrics import Metric
from tastetune.metrics.recommended import LINES
from tastetune.reporting.exports.folders import folder_name
from tastetune.reporting.exports.instances import LABELS_READ, LISTS_READ, ROWS_READ, instances
from tastetune.reporting.glossary import definition
from tastetune.reporting.views import view_of
from tastetune.tasks import Rows

SCHEMA_VERSION = "0.3.0"
LOCAL = "local"
"""Stands for the organisation that ran this, and that a model is of: neither is known here."""

_GREATEST = dict.fromkeys(("log_loss", "rmse", "mae", "novelty", "popularity_lift"), "Infinity") | {"lines": LINES}
"""The highest value of each metric that may lie above 1."""

_LEAST = {"popularity_lift": -1}
"""The lowest value of each metric that may lie below 0."""


def write_records(folder: Path, scores: dict, rows: Rows, answers: Mapping[str, Any]) -> None:
    """Write the records of models: of each the aggregate, and the file of its rows beside it.

    Args:
        folder: a new one, laid out as the collection of Every Eval Ever is: `data/DATASET/local/MODEL/`.
        scores: the content of `scores.json`.
        rows: those that were scored.
        answers: by model, see `tastetune.tasks.Task.answers`; models of `scores` that are not among them are left out.
    """
    for model in scores["models"]:
        if model["model"] in answers:
            _write(folder, scores, model, rows, answers[model["model"]])


def _write(folder: Path, scores: dict, model: dict, rows: Rows, answers: Any) -> None:
    record = aggregate(scores, model)
    name = Path("data", folder_name(scores["dataset"]["name"]), LOCAL, record["model_info"]["id"], _uuid(scores, model))
    samples = name.with_name(f"{name.name}_samples.jsonl")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    shared = {"schema_version": SCHEMA_VERSION, "evaluation_id": record["evaluation_id"]}
    shared |= {"model_id": record["model_info"]["id"], "evaluation_name": _evaluation_name(scores)}
    digest = sha256()
    with (folder / samples).open("wb") as file:
        for instance in instances(rows, answers):
            line = json.dumps(shared | instance, ensure_ascii=False, allow_nan=False).encode() + b"\n"
            digest.update(line)
            file.write(line)
    record["detailed_evaluation_results"] = {
        "format": "jsonl",
        "file_path": samples.as_posix(),
        "hash_algorithm": "sha256",
        "checksum": digest.hexdigest(),
        "total_rows": len(rows.table),
        "additional_details": {"rows": ROWS_READ, "figures": LABELS_READ if "roc" in model else LISTS_READ},
    }
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / f"{name}.json").write_text(text, encoding="utf-8")


def aggregate(scores: dict, model: dict) -> dict:
    """One model's figures as Every Eval Ever writes them, without the file of its rows.

    Args:
        scores: the content of `scores.json`, with its `date`.
        model: one of its models.
    """
    moment, metrics, name = _seconds(scores["date"]), view_of(scores).metrics, folder_name(model["model"])
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"{folder_name(_evaluation_name(scores))}/{name}/{moment}",
        "evaluation_timestamp": scores["date"],
        "retrieved_timestamp": moment,
        "source_metadata": {
            "source_name": f"{FRAMEWORK}, scores.json",
            "source_type": "evaluation_run",
            "source_organization_name": LOCAL,
            "evaluator_relationship": "third_party" if model["kind"] == "base" else "first_party",
        },
        "eval_library": {"name": FRAMEWORK, "version": scores["versions"].get(FRAMEWORK, "unknown")},
        "model_info": _model_info(model, name),
        "evaluation_results": [
            _result(scores, model, metrics[metric], estimate)
            for metric, estimate in model["metrics"].items()
            if estimate["value"] is not None
        ],
    }


def _model_info(model: dict, name: str) -> dict:
    details = {"deployment_type": "self_deployed", "model_availability": "unknown", "kind": model["kind"]}
    details |= {key: model[key] for key in ("base_model", "adapter") if model[key]}
    return {"name": model["model"], "id": name, "developer": LOCAL, "additional_details": details}


def _result(scores: dict, model: dict, metric: Metric, estimate: dict) -> dict:
    name, _, cut = metric.name.partition("@")
    config = {
        "evaluation_description": definition(metric.name)["definition"],
        "metric_id": metric.name,
        "metric_name": metric.title,
        "lower_is_better": not metric.higher_is_better,
        "score_type": "continuous",
        "min_score": _LEAST.get(name, 0),
        "max_score": _GREATEST.get(name, 1),
    }
    return {
        "evaluation_result_id": metric.name,
        "evaluation_name": _evaluation_name(scores),
        "source_data": _source(scores["dataset"]),
        "metric_config": config | ({"metric_parameters": {"k": int(cut)}} if cut else {}),
        "score_details": {"score": estimate["value"]} | _uncertainty(scores, model, estimate),
        "generation_config": {
            "generation_args": {"execution_command": model["command"]},
            "additional_details": _settings(model),
        },
    }


def _settings(model: dict) -> dict[str, str]:
    settings = {"shots": model["shots"], "seed": model["seed"], "threshold": model.get("threshold")}
    return {name: str(value) for name, value in settings.items() if value is not None}


def _source(dataset: dict) -> dict:
    keys = ("config", "split", "fingerprint", "rows_digest", "n", "users", "items")
    source = {"dataset_name": dataset["name"], "source_type": "other"}
    if hub_id := dataset.get("hub_id"):
        source |= {"source_type": "hf_dataset", "hf_repo": hub_id, "hf_split": dataset["split"]}
        source["samples_number"] = dataset["n"]
    return source | {"additional_details": {key: str(dataset[key]) for key in keys if key in dataset}}


def _uncertainty(scores: dict, model: dict, estimate: dict) -> dict:
    if estimate["low"] is None:
        return {}
    bootstrap = scores["bootstrap"]
    interval = {"lower": estimate["low"], "upper": estimate["high"], "confidence_level": bootstrap["level"]}
    interval["method"] = "percentiles of a bootstrap over users"
    numbers = {"num_samples": model["n"], "num_bootstrap_samples": bootstrap["resamples"]}
    return {"uncertainty": {"confidence_interval": interval, **numbers}}


def _evaluation_name(scores: dict) -> str:
    dataset = scores["dataset"]
    return f"{dataset['name']} {dataset['config']} {dataset['split']}"


def _uuid(scores: dict, model: dict) -> str:
    """The same for the same model on the same rows, so that another score of them takes the place of this one."""
    named = [scores["dataset"]["fingerprint"], scores["dataset"]["split"], model["model"]]
    return str(UUID(bytes=sha256(json.dumps(named).encode()).digest()[:16], version=4))


def _seconds(date: str) -> str:
    """Seconds since 1970 of the beginning of a day, as text."""
    return str(int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()))

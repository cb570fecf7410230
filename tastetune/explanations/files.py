"""The file of a model's explanations, and the figures that are taken from it for scores.json."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tastetune.artifacts.beside_models_schema import ProbedModel
from tastetune.artifacts.json_files import faults, read_json
from tastetune.artifacts.redaction import shareable
from tastetune.artifacts.schema import Part
from tastetune.config.environment import versions
from tastetune.errors import InputError
from tastetune.explanations.explanation import Explanation, ExplanationSettings
from tastetune.explanations.faithfulness import faithfulness
from tastetune.files import command_line, write_text
from tastetune.tasks import Rows


class ExplainedRows(Part):
    name: str
    config: str
    split: str
    fingerprint: str


class ExplanationsFile(Part):
    """All of the file."""

    dataset: ExplainedRows
    model: ProbedModel
    settings: dict
    explanations: list[Explanation]
    command: str


def origin_of(rows: Rows, name: str, model: Mapping, settings: ExplanationSettings) -> dict:
    """What a file says of where its explanations come from, as JSON.

    Args:
        rows: those that are explained.
        name: the model's in tables.
        model: what `tastetune.language_models.language_model.ModelRecipe.origin` gives.
    """
    dataset = rows.dataset
    read = {"name": dataset.name, "config": rows.task.rows_config, "split": rows.split}
    digests = {"fingerprint": dataset.fingerprint, "rows_digest": rows.digest}
    told = {"dataset": read | digests, "model": shareable({"model": name, **model}), "settings": asdict(settings)}
    return json.loads(json.dumps(told))


def are_explanations_of(path: Path, origin: Mapping) -> bool:
    """Whether `path` holds whole explanations of this `origin`: see `origin_of`; of its settings those named."""
    try:
        content = _read(path)
    except InputError:
        return False
    wanted, model = origin["model"], content["model"]
    others = {key: value for key, value in wanted.items() if key != "settings"}
    is_same_model = others.items() <= model.items() and wanted["settings"].items() <= model["settings"].items()
    return is_same_model and all(content[key] == origin[key] for key in ("dataset", "settings"))


def write_explanations(path: Path, origin: Mapping, explanations: Sequence[Explanation]) -> None:
    """Write one model's explanations, whole or not at all."""
    content = {**origin, "explanations": [asdict(of) for of in explanations]}
    content |= {"command": shareable(command_line()), "versions": versions()}
    write_text(path, json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def read_faithfulness(paths: Sequence[str | Path], scores: Mapping) -> list[dict]:
    """The figures of each file, without texts and ids, if they are of the rows of `scores`; resampled as those.

    Raises:
        InputError: no such file, not what scripts/explain.py wrote, another dataset's or split's, or two of one name.
    """
    figures: dict[str, dict] = {}
    for path in map(Path, paths):
        content = _read(path)
        name, dataset = content["model"]["model"], content["dataset"]
        for key in ("fingerprint", "split"):
            if dataset[key] != scores["dataset"][key]:
                raise InputError(
                    f"{path}: explains rows of {key} {dataset[key]}, and those scored have {scores['dataset'][key]}; "
                    "explain the rows that are scored"
                )
        if name in figures:
            raise InputError(f"{path}: model {name!r} stands in two files of explanations; leave one of them out")
        explanations, drawn = [Explanation(**row) for row in content["explanations"]], scores["bootstrap"]
        shown = {key: content[key] for key in ("model", "settings", "command")}
        figures[name] = shown | faithfulness(explanations, resamples=drawn["resamples"], seed=drawn["seed"])
    return list(figures.values())


def _read(path: Path) -> dict:
    content = read_json(path, "explain anew")
    for fault in faults(ExplanationsFile, content):
        raise InputError(f"{path}: scripts/explain.py did not write it: {fault}; explain anew")
    return content

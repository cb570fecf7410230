"""scores -> what people read: the leaderboard and an adapter's model card. No figure comes from anywhere else."""

import re
from pathlib import Path

import jinja2
import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from tastetune.errors import InputError
from tastetune.metrics import LIKE_DISLIKE, LISTS, OF_LABELS
from tastetune.provenance import relative_to

TEMPLATES = Path(__file__).parents[1] / "model_cards"
MAIN = ("roc_auc", "precision", "recall", "f1", "accuracy")
"""Metrics of the first table; the others follow in a second."""

NONE = "–"
"""What stands for a figure that is undefined; the reason follows below the table."""


def leaderboard(scores: dict) -> str:
    """The leaderboard as Markdown.

    Args:
        scores: the content of `scores.json`.
    """
    gains = [
        (model["model"], base, metrics["roc_auc"])
        for model in scores["models"]
        for base, metrics in model["against"].items()
        if base != scores["reference"] and "roc_auc" in metrics
    ]
    return environment().get_template("leaderboard.md").render(scores=scores, gains=gains)


def list_leaderboard(scores: dict) -> str:
    """The leaderboard of recommended lists as Markdown.

    Args:
        scores: what `tastetune.list_evaluate.score_lists` returned.
    """
    return environment().get_template("list_leaderboard.md").render(scores=scores, metrics=list(LISTS))


def model_card(scores: dict, adapter: str | Path, home: str | Path) -> str:
    """The card of an adapter, its metadata with a `model-index` filled from the scores.

    Args:
        scores: the content of `scores.json`.
        adapter: the adapter's folder; rows of checkpoints inside it are shown too.
        home: the folder that the paths in `scores` are relative to.

    Raises:
        InputError: no scored model is an adapter in that folder.
    """
    root = relative_to(adapter, home)
    rows = [m for m in scores["models"] if m["adapter"] and f"{m['adapter']}/".startswith(f"{root}/")]
    if not rows:
        others = sorted({model["adapter"] for model in scores["models"] if model["adapter"]})
        raise InputError(
            f"{adapter}: none of the scored models is an adapter in this folder "
            f"({'theirs: ' + ', '.join(others) if others else 'none is an adapter at all'}); "
            "give scripts/score.py the adapter's predictions, or name another --adapter"
        )
    rows = sorted(rows, key=lambda m: (m["adapter"] != root, m["generated"], m["shots"]))
    main = rows[0]
    name = Path(adapter).resolve().name
    data = ModelCardData(
        library_name="peft",
        base_model=main["base_model"],
        datasets=[scores["dataset"]["name"]],
        pipeline_tag="text-generation",
        tags=["tastetune", "recommender-systems", "lora", "trl", "sft"],
        **_licence(main),
        metrics=list(MAIN),
        model_name=name,
        eval_results=[result for row in rows for result in _eval_results(scores["dataset"], row, row is main)],
    )
    places = {row["model"]: "./" + row["adapter"].removeprefix(root).lstrip("/") for row in rows}
    text = (
        environment()
        .get_template("model_card.md")
        .render(metadata=data.to_yaml(), name=name, scores=scores, rows=rows, model=main, places=places)
    )
    return str(ModelCard(text))


def _eval_results(dataset: dict, row: dict, is_main: bool) -> list[EvalResult]:
    return [
        EvalResult(
            task_type="text-classification",
            task_name="Like or dislike",
            dataset_type=dataset["name"],
            dataset_name=dataset["name"],
            dataset_config=dataset["config"],
            dataset_split=dataset["split"],
            dataset_args={"fingerprint": dataset["fingerprint"]},
            metric_type=metric,
            metric_value=row["metrics"][metric]["value"],
            metric_name=LIKE_DISLIKE[metric].title + ("" if is_main else f" ({row['model']})"),
        )
        for metric in MAIN
        if row["metrics"][metric]["value"] is not None
    ]


def _licence(model: dict) -> dict[str, str]:
    """An adapter is derived from its base model, whose licence binds it; a stand-in only from the ratings."""
    version = re.search(r"llama-(3(?:\.\d)?)", (model["base_model"] or "").lower())
    if version and not model["settings"].get("stand_in"):
        return {"license": f"llama{version.group(1)}"}
    terms = "terms-of-the-dataset" if model["settings"].get("stand_in") else "terms-of-the-base-model"
    return {"license": "other", "license_name": terms}


def environment() -> jinja2.Environment:
    """Where the templates are found, with the filters that they use."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cell": lambda text: str(text).replace("|", "\\|").replace("\n", " "),
        "command": _command,
        "cost": _cost,
        "difference": _difference,
        "estimates": _estimates,
        "p_holm": _p_holm,
        "spreads": _spreads,
        "metric_title": lambda name: (LIKE_DISLIKE | LISTS)[name].title,
        "versions": lambda found: ", ".join(f"{package} {number}" for package, number in found.items()),
        "yaml": lambda value: yaml.safe_dump(value, allow_unicode=True).strip(),
    }
    environment.globals |= {"main": MAIN, "metrics": list(LIKE_DISLIKE), "of_labels": OF_LABELS, "reasons": reasons}
    return environment


def reasons(scores: dict) -> list[str]:
    """Why figures are missing: one clause a reason, with the metrics and models it concerns."""
    found: dict[str, tuple[dict, dict]] = {}
    for model in scores["models"]:
        for name, estimate in model["metrics"].items():
            if "reason" in estimate:
                titles, models = found.setdefault(estimate["reason"], ({}, {}))
                titles[LIKE_DISLIKE[name].title] = models[model["model"]] = None
    return [f"{reason} ({', '.join(titles)} of {', '.join(models)})" for reason, (titles, models) in found.items()]


def _estimates(estimates: dict | None, names: list[str]) -> list[str]:
    return [_with_interval((estimates or {}).get(name), "value", ".3f") for name in names]


def _difference(difference: dict | None) -> str:
    return _with_interval(difference, "difference", "+.3f")


def _p_holm(difference: dict | None) -> str:
    p = (difference or {}).get("p_holm")
    return NONE if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _with_interval(found: dict | None, key: str, form: str) -> str:
    if not found or found[key] is None:
        return NONE
    interval = "" if found["low"] is None else f" [{found['low']:{form}}, {found['high']:{form}}]"
    return f"{found[key]:{form}}{interval}"


def _spreads(spreads: dict, names: list[str]) -> list[str]:
    return [f"{spreads[name]['mean']:.3f} ± {spreads[name]['sd']:.3f}" if name in spreads else NONE for name in names]


def _cost(training: dict) -> str:
    parts = {"steps": "{:,} steps", "examples": "{:,} examples", "seconds": "{:,.0f} s", "flops": "{:.3g} FLOPs"}
    return ", ".join(form.format(training[key]) for key, form in parts.items() if training.get(key) is not None)


def _command(command: str) -> str:
    """A recorded command line as it is typed: a script's path alone is run by Python."""
    return f"python {command}" if command.split(" ", maxsplit=1)[0].endswith(".py") else command

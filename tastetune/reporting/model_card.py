"""scores -> an adapter's model card. No figure of a model comes from anywhere else."""

import re
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from tastetune.artifacts.redaction import relative_to
from tastetune.errors import InputError
from tastetune.reporting.leaderboard import environment
from tastetune.reporting.published import published
from tastetune.tasks.shown import Shown, shown


def model_card(scores: dict, adapter: str | Path, home: str | Path) -> str:
    """The card of an adapter, its metadata with a `model-index` filled from the scores.

    Args:
        scores: the content of `scores.json`, of either task.
        adapter: the adapter's folder; rows of checkpoints inside it are shown too.
        home: the folder that the paths in `scores` are relative to.

    Raises:
        InputError: no scored model is an adapter in that folder.
    """
    how, root = shown(scores), relative_to(adapter, home)
    rows = _rows_of(scores, adapter, root)
    main, name = rows[0], Path(adapter).resolve().name
    data = ModelCardData(
        library_name="peft",
        base_model=main["base_model"],
        datasets=[scores["dataset"]["name"]],
        pipeline_tag="text-generation",
        tags=["tastetune", "recommender-systems", "lora", "trl", "sft"],
        **_licence(main),
        metrics=list(how.main),
        model_name=name,
        eval_results=[result for row in rows for result in _eval_results(how, scores["dataset"], row, row is main)],
    )
    places = {row["model"]: "./" + row["adapter"].removeprefix(root).lstrip("/") for row in rows}
    known = {"scores": scores, "name": name, "rows": rows, "model": main, "places": places, "main": how.main}
    known |= {"metadata": data.to_yaml(), "published": published(scores["dataset"]["config"])}
    return str(ModelCard(environment().get_template(how.model_card).render(known)))


def _rows_of(scores: dict, adapter: str | Path, root: str) -> list[dict]:
    """The rows of the adapter in folder `root`, its own before those of its checkpoints."""
    rows = [m for m in scores["models"] if m["adapter"] and f"{m['adapter']}/".startswith(f"{root}/")]
    if not rows:
        others = sorted({model["adapter"] for model in scores["models"] if model["adapter"]})
        raise InputError(
            f"{adapter}: none of the scored models is an adapter in this folder "
            f"({'theirs: ' + ', '.join(others) if others else 'none is an adapter at all'}); "
            "score the adapter's predictions too, or name another --adapter"
        )
    return sorted(rows, key=lambda m: (m["adapter"] != root, m.get("generated", False), m["shots"]))


def _eval_results(how: Shown, dataset: dict, row: dict, is_main: bool) -> list[EvalResult]:
    return [
        EvalResult(
            task_type=how.task_type,
            task_name=how.task_name,
            dataset_type=dataset["name"],
            dataset_name=dataset["name"],
            dataset_config=dataset["config"],
            dataset_split=dataset["split"],
            dataset_args={"fingerprint": dataset["fingerprint"]},
            metric_type=metric,
            metric_value=row["metrics"][metric]["value"],
            metric_name=how.metrics[metric].title + ("" if is_main else f" ({row['model']})"),
        )
        for metric in how.main
        if row["metrics"][metric]["value"] is not None
    ]


def _licence(model: dict) -> dict[str, str]:
    """An adapter is derived from its base model, whose licence binds it; a stand-in only from the ratings."""
    version = re.search(r"llama-(3(?:\.\d)?)", (model["base_model"] or "").lower())
    if version and not model["settings"].get("stand_in"):
        return {"license": f"llama{version.group(1)}"}
    terms = "terms-of-the-dataset" if model["settings"].get("stand_in") else "terms-of-the-base-model"
    return {"license": "other", "license_name": terms}

"""scores -> an adapter's model card. No figure of a model comes from anywhere else."""

from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from tastetune.artifacts.redaction import relative_to
from tastetune.errors import InputError
from tastetune.hub.llama import licence_metadata
from tastetune.reporting.cards import render_card
from tastetune.reporting.views import View, trained_elsewhere, view_of
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.streams.lines import Stream

WRITERS = {"like_dislike": lambda wording: wording, "stream": Stream}
"""What writes the prompts whose answers are Yes and No, by the config that a model was trained on."""


def model_card(scores: dict, adapter: str | Path, home: str | Path) -> str:
    """The card of an adapter, its metadata with a `model-index` filled from the scores.

    Args:
        scores: the content of `scores.json`, of any task.
        adapter: the adapter's folder; rows of checkpoints inside it are shown too.
        home: the folder that the paths in `scores` are relative to.

    Raises:
        InputError: no scored model is an adapter in that folder.
    """
    view, root, name = view_of(scores), relative_to(adapter, home), Path(adapter).resolve().name
    rows = rows_of(scores, adapter, home)
    card = render_card(
        view.model_card,
        scores,
        name=name,
        rows=rows,
        model=rows[0],
        citation=scores["dataset"]["settings"].get("citation"),
        elsewhere=trained_elsewhere(rows[0], scores),
        places={row["model"]: "./" + row["adapter"].removeprefix(root).lstrip("/") for row in rows},
        prompt=_made_up_prompt(rows[0], scores["dataset"]),
        metadata=_metadata(view, scores["dataset"], name, rows).to_yaml(),
    )
    return str(ModelCard(card))


def _made_up_prompt(model: dict, dataset: dict) -> str | None:
    """What a model of yes and no is asked, with made-up titles; None of others, or where the words are not known."""
    wording, config = dataset["settings"].get("task"), model["settings"].get("dataset_config", dataset["config"])
    if config not in WRITERS or not isinstance(wording, dict):
        return None
    return WRITERS[config](LikeDislike(**wording)).made_up_prompt()


def rows_of(scores: dict, adapter: str | Path, home: str | Path) -> list[dict]:
    """The models of the scores that are an adapter in this folder, its own before its checkpoints.

    Raises:
        InputError: there are none.
    """
    root = relative_to(adapter, home)
    rows = [m for m in scores["models"] if m["adapter"] and f"{m['adapter']}/".startswith(f"{root}/")]
    if not rows:
        others = sorted({model["adapter"] for model in scores["models"] if model["adapter"]})
        raise InputError(
            f"{adapter}: none of the scored models is an adapter in this folder "
            f"({'theirs: ' + ', '.join(others) if others else 'none is an adapter at all'}); "
            "score the adapter's predictions too, or name another --adapter"
        )
    return sorted(rows, key=lambda m: (m["adapter"] != root, m.get("generated", False), m["shots"]))


def _metadata(view: View, dataset: dict, name: str, rows: list[dict]) -> ModelCardData:
    return ModelCardData(
        library_name="peft",
        base_model=rows[0]["base_model"],
        datasets=[rows[0]["settings"].get("dataset") or dataset["name"]],
        pipeline_tag="text-generation",
        tags=["tastetune", "recommender-systems", "lora", "trl", "sft"],
        **licence_metadata(rows[0]["base_model"], stand_in=bool(rows[0]["settings"].get("stand_in"))),
        metrics=list(view.headline),
        model_name=name,
        eval_results=[result for row in rows for result in _eval_results(view, dataset, row, row is rows[0])],
    )


def _eval_results(view: View, dataset: dict, row: dict, is_main: bool) -> list[EvalResult]:
    return [
        EvalResult(
            task_type=view.task_type,
            task_name=view.task_name,
            dataset_type=dataset["name"],
            dataset_name=dataset["name"],
            dataset_config=dataset["config"],
            dataset_split=dataset["split"],
            dataset_args={"fingerprint": dataset["fingerprint"]},
            metric_type=metric,
            metric_value=row["metrics"][metric]["value"],
            metric_name=view.metrics[metric].title + ("" if is_main else f" ({row['model']})"),
        )
        for metric in view.headline
        if row["metrics"][metric]["value"] is not None
    ]

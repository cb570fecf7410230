"""Models side by side on the same resamples: where each comes from, and how far it is from a reference."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from tastetune.artifacts.predictions import Predictions
from tastetune.artifacts.redaction import relative_to, shareable
from tastetune.errors import InputError
from tastetune.evaluation.bootstrap import holm, interval, p_value


def identity(predictions: Predictions, home: str | Path) -> dict:
    """Where a model's row comes from, fit to be shown to others; paths as seen from `home`."""
    values, path = asdict(predictions.meta), predictions.path
    is_published = bool(predictions.source)
    if values["adapter"] and Path(values["adapter"]).exists() and not is_published:
        values["adapter"] = relative_to(values["adapter"], home)
    keys = ("model", "kind", "base_model", "adapter", "shots", "seed", "settings", "training", "command", "versions")
    file = predictions.source or (relative_to(path, home) if path else None)
    return {key: shareable(values[key]) for key in keys} | {"predictions": file}


def check_names(predictions: Iterable[Predictions]) -> None:
    """Raise InputError if two files hold the same model."""
    first: dict[str, Path | str | None] = {}
    for prediction in predictions:
        name = prediction.meta.model
        if name in first:
            raise InputError(
                f"{prediction.place}: model {name!r} is also the model of {first[name]}; leave one of them out, or "
                "predict it again into a file of another name"
            )
        first[name] = prediction.place


def chosen_reference(predictions: Sequence[Predictions], wanted: str | None, default: str) -> str | None:
    """The model to compare with: the one wanted, else the default one if it is among the models, else none.

    Raises:
        InputError: a model stands twice, or the one wanted is not among the models.
    """
    check_names(predictions)
    names = [prediction.meta.model for prediction in predictions]
    if wanted is not None and wanted not in names:
        raise InputError(f"reference {wanted!r} is not among the models: {', '.join(names)}; score it with them")
    return wanted or (default if default in names else None)


def differences(
    replicates: Mapping[str, Mapping[str, np.ndarray]], reference: str | None, metrics: Iterable[str]
) -> dict[str, dict]:
    """For each model but the reference, what to show as its `against`: paired differences metric by metric.

    Args:
        replicates: by model and metric, (1 + resamples,): the value itself and that of each resample.

    Returns:
        by model `{reference: {metric: {difference, low, high, p, p_holm}}}`; `p_holm` is corrected over the models. A
        metric that is undefined for either, or on every resample, is left out. The reference's own entry, and all
        entries without one, are empty.
    """
    others = [name for name in replicates if name != reference]
    if reference is None or not others:
        return {name: {} for name in replicates}
    found = {name: {reference: {}} if name in others else {} for name in replicates}
    for metric in metrics:
        apart = [replicates[name][metric] - replicates[reference][metric] for name in others]
        p = np.array([p_value(difference) for difference in apart])
        for name, difference, raw, corrected in zip(others, apart, p, holm(p), strict=True):
            if not np.isnan([difference[0], raw]).any():
                values = (difference[0], *interval(difference), raw, corrected)
                keys = ("difference", "low", "high", "p", "p_holm")
                found[name][reference][metric] = dict(zip(keys, map(float, values), strict=True))
    return found


def gains(
    replicates: Mapping[str, Mapping[str, np.ndarray]], models: Sequence[Mapping], metrics: Iterable[str]
) -> dict[str, dict]:
    """What was gained: an adapter against what it was trained from on the same prompts, a stack against a smaller one.

    An adapter was trained from its base model, and by rewards or preferences from another adapter.

    Args:
        replicates: see `differences`.
        models: rows of the table, with `model`, `kind`, `base_model`, `shots`, of a stack `settings`, and `generated`
            or, of lists, `mode`.

    Returns:
        by adapter and stack, the same as `differences` gives, p corrected over those that are compared with one model;
        adapters with nothing among the models that they were trained from are left out.
    """
    found: dict[str, dict] = {}
    for base in models:
        names = [base["model"], *(model["model"] for model in models if _goes_beyond(model, base))]
        compared = differences({name: replicates[name] for name in names}, base["model"], metrics)
        for name in names[1:]:
            found[name] = found.get(name, {}) | compared[name]
    return found


def _goes_beyond(model: Mapping, base: Mapping) -> bool:
    if model["kind"] == base["kind"] == "stack":
        return set(model["settings"]["members"]) > set(base["settings"]["members"])
    return (
        model["kind"] == "adapter" and _same_prompts(model, base) and (base["kind"] == "base" or _went_on(model, base))
    )


def _went_on(model: Mapping, base: Mapping) -> bool:
    """Whether an adapter's training went on from the adapter `base`."""
    began_with = model["settings"].get("sft_weights")
    return began_with is not None and began_with == base["settings"].get("adapter_weights")


def _same_prompts(model: Mapping, base: Mapping) -> bool:
    return all(model.get(key) == base.get(key) for key in ("base_model", "shots", "generated", "mode"))

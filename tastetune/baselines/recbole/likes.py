"""One config, one dataset, one split: tune, choose the epochs, fit, answer every row, write the predictions."""

from pathlib import Path

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Meta, write_predictions
from tastetune.baselines import FIT_ON
from tastetune.baselines.recbole.configs import BaselineConfig
from tastetune.baselines.recbole.fitting import fit, flops_an_example, predict
from tastetune.baselines.recbole.rows import Prepared, prepare
from tastetune.baselines.recbole.tuning import tune, write_study
from tastetune.errors import InputError


def write_baseline(
    config: BaselineConfig,
    dataset: BuiltDataset,
    split: str,
    output: Path,
    *,
    trials: int = 0,
    each_epoch: bool = False,
) -> list[Path]:
    """Fit the model of `config` on what comes before `split` and write its predictions for every row of it.

    Args:
        output: the predictions file; its stem is the model's name in tables.
        trials: tuning trials on validation first; what was tried goes to `<stem>.tuning.json` beside it.
        each_epoch: also write the predictions after every epoch, to `<stem>-epoch-<n>.parquet` beside it.

    Returns:
        The files written, the final predictions last.

    Raises:
        InputError: an unknown split, or as `prepare`, `tune` and `fit`.
    """
    if split not in FIT_ON:
        raise InputError(f"split {split!r}: baselines answer {', '.join(FIT_ON)}")
    prepared, written = prepare(config, dataset, split), []
    prepared, chosen = _tuned(prepared, trials) if trials else (prepared, choose_epochs(prepared))
    fit_on = "+".join(name for name in FIT_ON[split].split("+") if name in prepared.parts)
    settings = prepared.settings.values | chosen | {"fit_on": fit_on}
    if trials:
        written.append(write_study(chosen["tuning"], dataset, settings["seed"], output))

    def write(path: Path, model, examples: int, seconds: float) -> None:
        meta = Meta(
            model=path.stem,
            kind="recbole",
            dataset=dataset.name,
            config="like_dislike",
            split=split,
            fingerprint=dataset.fingerprint,
            threshold=dataset.like_from if getattr(model, "in_stars", False) else 0.5,
            seed=settings["seed"],
            settings=settings,
            training={"examples": examples, "seconds": seconds, "flops": examples * flops_an_example(prepared, model)},
        )
        write_predictions(path, meta, prepared.example_ids[split], predict(prepared, model, split))
        written.append(path)

    def after_epoch(epoch: int, seconds: float, model) -> None:
        if each_epoch:
            path = output.with_stem(f"{output.stem}-epoch-{epoch}")
            write(path, model, epoch * sum(len(prepared.parts[name]) for name in fit_on.split("+")), seconds)

    fitted = fit(prepared, fit_on, settings["epochs"], on_epoch=after_epoch)
    write(output, fitted.model, fitted.examples, fitted.seconds)
    return written


def choose_epochs(prepared: Prepared) -> dict:
    """The number of epochs to train: the config's, or with `eval_step` above 0 the best one on validation.

    Returns:
        `epochs` out of `epochs_at_most`, and how it was chosen: `validation_roc_auc` by epoch, or in `epochs_chosen`
        why it was not.
    """
    values = prepared.settings.values
    at_most = {"epochs_at_most": values["epochs"]}
    if not values["eval_step"]:
        return at_most | {"epochs_chosen": "by the config"}
    if not prepared.can_choose():
        reason = "by the config: validation is empty or holds one label, so it cannot choose"
        print(f"{prepared.settings.name}: epochs chosen {reason}")
        return at_most | {"epochs_chosen": reason}
    measured = fit(prepared, "train", values["epochs"], evaluate=True).validation
    return at_most | {
        "epochs": max(measured, key=measured.get),
        "epochs_chosen": "best on validation",
        "validation_roc_auc": {str(epoch): auc for epoch, auc in measured.items()},
    }


def _tuned(prepared: Prepared, n: int) -> tuple[Prepared, dict]:
    """The rows with the best trial's values, and what to record of the tuning."""
    study = tune(prepared, n)
    chosen = {"epochs": study.best.epochs, "epochs_chosen": "by tuning", "tuning": study.record()}
    return prepared.changed(study.best.values), chosen

"""One config, one dataset, one split: choose the epochs, fit, answer every row, write the predictions."""

from pathlib import Path

import numpy as np

from tastetune.answers import like_from
from tastetune.baselines import FIT_ON
from tastetune.baselines.configs import BaselineConfig
from tastetune.baselines.fitting import Prepared, fit, flops_an_example, predict, prepare
from tastetune.dataset import BuiltDataset
from tastetune.errors import InputError
from tastetune.predictions import Meta, write_predictions


def write_baseline(
    config: BaselineConfig, dataset: BuiltDataset, split: str, output: Path, each_epoch: bool = False
) -> list[Path]:
    """Fit the model of `config` on what comes before `split` and write its predictions for every row of it.

    Args:
        output: the predictions file; its stem is the model's name in tables.
        each_epoch: also write the predictions after every epoch, to `<stem>-epoch-<n>.parquet` beside it.

    Returns:
        The files written, the final one last.

    Raises:
        InputError: an unknown split, or as `prepare` and `fit`.
    """
    if split not in FIT_ON:
        raise InputError(f"split {split!r}: baselines answer {', '.join(FIT_ON)}")
    prepared = prepare(config, dataset, split)
    fit_on = "+".join(name for name in FIT_ON[split].split("+") if name in prepared.parts)
    settings = config.values | {"fit_on": fit_on} | choose_epochs(prepared)
    written = []

    def write(path: Path, model, training: dict) -> None:
        meta = Meta(
            model=path.stem,
            kind="recbole",
            dataset=dataset.name,
            config="like_dislike",
            split=split,
            fingerprint=dataset.fingerprint,
            threshold=like_from(dataset) if getattr(model, "in_stars", False) else 0.5,
            seed=config.values["seed"],
            settings=settings,
            training=training,
        )
        write_predictions(path, meta, prepared.example_ids[split], predict(prepared, model, split))
        written.append(path)

    def cost(model, examples: int, seconds: float) -> dict:
        return {"examples": examples, "seconds": seconds, "flops": examples * flops_an_example(prepared, model)}

    def after_epoch(epoch: int, seconds: float, model) -> None:
        if each_epoch:
            examples = epoch * len(prepared.rows(fit_on))
            write(output.with_stem(f"{output.stem}-epoch-{epoch}"), model, cost(model, examples, seconds))

    fitted = fit(prepared, fit_on, settings["epochs"], on_epoch=after_epoch)
    write(output, fitted.model, cost(fitted.model, fitted.examples, fitted.seconds))
    return written


def choose_epochs(prepared: Prepared) -> dict:
    """The number of epochs to train: the config's, or with `eval_step` above 0 the best one on validation.

    Returns:
        `epochs`, and how it was chosen: `validation_roc_auc` by epoch, or in `epochs_chosen` why it was not.
    """
    values = prepared.settings.values
    if not values["eval_step"]:
        return {"epochs": values["epochs"], "epochs_chosen": "by the config"}
    labels = prepared.parts["validation"].inter_feat["label"] if "validation" in prepared.parts else []
    if len(np.unique(labels)) < 2:
        reason = "by the config: validation is empty or holds one label, so it cannot choose"
        print(f"{prepared.settings.name}: epochs chosen {reason}")
        return {"epochs": values["epochs"], "epochs_chosen": reason}
    measured = fit(prepared, "train", values["epochs"], evaluate=True).validation
    return {
        "epochs": max(measured, key=measured.get),
        "epochs_chosen": "best on validation",
        "validation_roc_auc": {str(epoch): auc for epoch, auc in measured.items()},
    }

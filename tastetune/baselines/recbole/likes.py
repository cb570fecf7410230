"""RecBole's recommenders of labelled rows: tuned and stopped on validation, fitted on all before the split, asked."""

from functools import partial
from typing import Any

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Meta, Predictions
from tastetune.artifacts.score_table import score_table
from tastetune.baselines import AfterEpoch, fit_on, rows_answered
from tastetune.baselines.recbole.baseline import RecBoleBaseline
from tastetune.baselines.recbole.fitting import fit, flops_an_example, predict
from tastetune.baselines.recbole.labelled_data import LabelledData, read_labelled_data
from tastetune.baselines.recbole.tuning import chosen, search_config
from tastetune.errors import InputError
from tastetune.search import Study, Trial


class RecBoleLikes(RecBoleBaseline):
    """One config, fitted to labelled rows."""

    def fit_predict(self, dataset: BuiltDataset, split: str, *, after_epoch: AfterEpoch | None = None) -> Predictions:
        splits, data = fit_on(dataset, split), read_labelled_data(self.config, dataset, split)
        choice = chosen(tune(data, self.trials)) if self.trials else choose_epochs(data)
        data = data.with_values(choice)
        splits = "+".join(part for part in splits.split("+") if part in data.parts)
        settings: dict[str, Any] = data.config.values | choice
        settings |= {"fit_on": splits, "config_digest": self.config.digest(self.trials)}
        n_rows = sum(len(data.parts[part]) for part in splits.split("+"))

        def answer(epoch: int, seconds: float, model) -> Predictions:
            examples = epoch * n_rows
            meta = Meta(
                model=self.name,
                kind="recbole",
                **rows_answered(dataset, split),
                threshold=dataset.like_from if getattr(model, "in_stars", False) else 0.5,
                seed=settings["seed"],
                settings=settings,
                training={"examples": examples, "seconds": seconds, "flops": examples * flops_an_example(data, model)},
            )
            return Predictions(meta, score_table(data.example_ids[split], predict(data, model, split)))

        def on_epoch(epoch: int, seconds: float, model) -> None:
            if after_epoch:
                after_epoch(epoch, answer(epoch, seconds, model))

        fitted = fit(data, splits, settings["epochs"], on_epoch=on_epoch if after_epoch else None)
        return answer(fitted.epochs, fitted.seconds, fitted.model)


def choose_epochs(data: LabelledData) -> dict:
    """The number of epochs to train: the config's, or with an `eval_step` within them the best one on validation.

    Returns:
        `epochs` out of `epochs_at_most`, and how it was chosen: `validation_roc_auc` by epoch, or in `epochs_chosen`
        why it was not.
    """
    values = data.config.values
    at_most = {"epochs_at_most": values["epochs"]}
    if not 0 < values["eval_step"] <= values["epochs"]:
        return at_most | {"epochs_chosen": "by the config"}
    if not data.can_choose():
        reason = "by the config: validation is empty or holds one label, so it cannot choose"
        print(f"{data.config.name}: epochs chosen {reason}")
        return at_most | {"epochs_chosen": reason}
    measured = fit(data, "train", values["epochs"], evaluate=True).validation
    return at_most | {
        "epochs": max(measured, key=measured.__getitem__),
        "epochs_chosen": "best on validation",
        "validation_roc_auc": {str(epoch): auc for epoch, auc in measured.items()},
    }


def tune(data: LabelledData, n: int) -> Study:
    """Run `n` trials on train, each stopped early by ROC-AUC on validation.

    Raises:
        InputError: as `search_config`, or validation cannot choose.
    """
    if not data.can_choose():
        raise InputError("--tune: validation is empty or holds one label, so it cannot choose; leave out --tune")
    return search_config(data.config, n, "roc_auc", partial(_run_trial, data))


def _run_trial(data: LabelledData, values: dict) -> Trial:
    changed = data.with_values(values | {"eval_step": 1})
    try:
        fitted = fit(changed, "train", changed.config.values["epochs"], evaluate=True)
    except InputError as error:
        return Trial(values, error=str(error))
    epochs = max(fitted.validation, key=fitted.validation.__getitem__)
    return Trial(values, fitted.validation[epochs], epochs, fitted.seconds)

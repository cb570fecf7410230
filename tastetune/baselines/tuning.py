"""Settings chosen on validation: the same number of trials for every model, all of them written down."""

from dataclasses import dataclass

from tqdm import tqdm

from tastetune.baselines.fitting import Prepared, fit
from tastetune.baselines.spaces import first, suggest
from tastetune.errors import InputError


@dataclass(frozen=True)
class Trial:
    """One trial: the `values` tried, its best ROC-AUC on validation, after how many `epochs`, and the seconds of
    training; a trial that failed has an `error` in place of a ROC-AUC."""

    values: dict
    roc_auc: float | None = None
    epochs: int | None = None
    seconds: float | None = None
    error: str | None = None


def tune(prepared: Prepared, n: int) -> tuple[Trial, list[Trial]]:
    """Run `n` trials on train, each stopped early on validation; the config's own values are the first.

    The others are proposed from the ranges of the config's `tune` block by Optuna's tree-structured Parzen estimator
    (Bergstra et al., NeurIPS 2011), by the config's seed.

    Returns:
        The best trial, and all in their order.

    Raises:
        InputError: nothing to tune, Optuna is not installed, validation cannot choose, or every trial failed.
    """
    settings, optuna = prepared.settings, _optuna()
    if not settings.tune:
        raise InputError(f"{settings.path}: no block 'tune' with ranges to try; add one, or leave out --tune")
    if not prepared.can_choose():
        raise InputError("--tune: validation is empty or holds one label, so it cannot choose; leave out --tune")
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=settings.values["seed"]))
    study.enqueue_trial(first(settings.tune, settings.values))
    trials = []
    for _ in tqdm(range(n), desc=f"{settings.name}: tune", unit=" trials"):
        asked = study.ask()
        trials.append(_run(prepared, {key: suggest(asked, key, space) for key, space in settings.tune.items()}))
        failed = trials[-1].roc_auc is None
        study.tell(asked, trials[-1].roc_auc, state=optuna.trial.TrialState.FAIL if failed else None)
    best = max(trials, key=lambda trial: -1 if trial.roc_auc is None else trial.roc_auc)
    if best.roc_auc is None:
        raise InputError(f"{settings.path}: all {n} trials failed, the first so: {trials[0].error}")
    return best, trials


def _run(prepared: Prepared, values: dict) -> Trial:
    changed = prepared.changed(values | {"eval_step": 1})
    try:
        fitted = fit(changed, "train", changed.settings.values["epochs"], evaluate=True)
    except InputError as error:
        return Trial(values, error=str(error))
    epochs = max(fitted.validation, key=fitted.validation.get)
    return Trial(values, fitted.validation[epochs], epochs, fitted.seconds)


def _optuna():
    try:
        import optuna
    except ImportError as error:
        raise InputError("--tune needs Optuna: pip install 'tastetune[tune]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna

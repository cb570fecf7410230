"""Settings chosen on validation: the same number of trials for every model, all of them written down."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.baselines.recbole.configs import BaselineConfig
from tastetune.baselines.recbole.fitting import Prepared, fit
from tastetune.baselines.recbole.spaces import first, suggest
from tastetune.errors import InputError
from tastetune.files import write_text


@dataclass(frozen=True)
class Trial:
    """One trial: the `values` tried, its best `score` on validation, after how many `epochs`, and the seconds of
    training; a trial that failed has an `error` in place of a score."""

    values: dict
    score: float | None = None
    epochs: int | None = None
    seconds: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class Study:
    """What was tried, and by which metric on validation the best was chosen."""

    metric: str
    space: dict
    best: Trial
    trials: list[Trial]

    def record(self) -> dict:
        """Everything, JSON-able."""
        return {"budget": len(self.trials)} | asdict(self)


def check_tunable(settings: BaselineConfig) -> None:
    """Raise InputError if the config does not say what tuning may change."""
    if not settings.tune:
        raise InputError(f"{settings.path}: no block 'tune' with ranges to try; add one, or leave out --tune")


def search(settings: BaselineConfig, n: int, metric: str, run: Callable[[dict], Trial]) -> Study:
    """Run `n` trials, the config's own values the first.

    The others are proposed from the ranges of the config's `tune` block by Optuna's tree-structured Parzen estimator
    (Bergstra et al., NeurIPS 2011), by the config's seed.

    Raises:
        InputError: nothing to tune, Optuna is not installed, or every trial failed.
    """
    check_tunable(settings)
    optuna = _optuna()
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=settings.values["seed"]))
    study.enqueue_trial(first(settings.tune, settings.values))
    trials = []
    for _ in tqdm(range(n), desc=f"{settings.name}: tune", unit=" trials"):
        asked = study.ask()
        trials.append(run({key: suggest(asked, key, space) for key, space in settings.tune.items()}))
        failed = trials[-1].score is None
        study.tell(asked, trials[-1].score, state=optuna.trial.TrialState.FAIL if failed else None)
    best = max(trials, key=lambda trial: -1 if trial.score is None else trial.score)
    if best.score is None:
        raise InputError(f"{settings.path}: all {n} trials failed, the first so: {trials[0].error}")
    return Study(metric, settings.tune, best, trials)


def write_study(record: dict, dataset: BuiltDataset, seed: int, output: Path) -> Path:
    """Write a study's `record` beside the predictions file `output`, as `<stem>.tuning.json`, and return its path."""
    path = output.with_name(f"{output.stem}.tuning.json")
    about = {"model": output.stem, "dataset": dataset.name, "fingerprint": dataset.fingerprint, "seed": seed}
    write_text(path, json.dumps(about | record, indent=2) + "\n")
    return path


def tune(prepared: Prepared, n: int) -> Study:
    """Run `n` trials on train, each stopped early by ROC-AUC on validation.

    Raises:
        InputError: as `search`, or validation cannot choose.
    """
    if not prepared.can_choose():
        raise InputError("--tune: validation is empty or holds one label, so it cannot choose; leave out --tune")
    return search(prepared.settings, n, "roc_auc", partial(_run, prepared))


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

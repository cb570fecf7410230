"""Settings chosen on validation: the same number of trials for every model, all of them written down."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from tqdm import tqdm

from tastetune.baselines.recbole.configs import BaselineConfig, check_tunable
from tastetune.baselines.recbole.search_space import first, suggest
from tastetune.errors import InputError


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

    def chosen(self) -> dict:
        """The settings of the best trial, and what was tried."""
        return self.best.values | {
            "epochs": self.best.epochs,
            "epochs_chosen": "by tuning",
            "tuning": self.record(),
        }


def search(config: BaselineConfig, n: int, metric: str, run: Callable[[dict], Trial]) -> Study:
    """Run `n` trials, the config's own values the first.

    The others are proposed from the ranges of the config's `tune` block by Optuna's tree-structured Parzen estimator
    (Bergstra et al., NeurIPS 2011), by the config's seed.

    Raises:
        InputError: nothing to tune, Optuna is not installed, or every trial failed.
    """
    check_tunable(config)
    optuna = _optuna()
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=config.values["seed"]))
    study.enqueue_trial(first(config.tune, config.values))
    trials = []
    for _ in tqdm(range(n), desc=f"{config.name}: tune", unit=" trials"):
        proposal = study.ask()
        trials.append(run({key: suggest(proposal, key, space) for key, space in config.tune.items()}))
        failed = trials[-1].score is None
        study.tell(proposal, trials[-1].score, state=optuna.trial.TrialState.FAIL if failed else None)
    best = max(trials, key=lambda trial: -1 if trial.score is None else trial.score)
    if best.score is None:
        raise InputError(f"{config.path}: all {n} trials failed, the first so: {trials[0].error}")
    return Study(metric, config.tune, best, trials)


def _optuna():
    try:
        import optuna
    except ImportError as error:
        raise InputError("--tune needs Optuna: pip install 'tastetune[tune]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna

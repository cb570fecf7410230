"""Settings chosen on validation: the same number of trials for every model, all of them written down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tastetune.errors import InputError


@dataclass(frozen=True)
class Trial:
    """One trial: the `values` tried, its `score` on validation, after how many `epochs`, and the seconds of training.

    A trial that failed has an `error` in place of a score.
    """

    values: dict[str, Any]
    score: float | None = None
    epochs: float | None = None
    seconds: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class Study:
    """What was tried, and by which metric on validation the best was chosen."""

    metric: str
    space: dict[str, Any]
    best: Trial
    trials: list[Trial]

    def record(self) -> dict[str, Any]:
        """Everything, JSON-able; `budget` is the number of trials."""
        return {"budget": len(self.trials)} | asdict(self)


def search(
    name: str,
    space: Mapping[str, list | dict],
    own: Mapping[str, Any],
    run: Callable[[dict], Trial],
    *,
    n: int,
    metric: str,
    seed: int,
    done: Sequence[Trial] = (),
    after_trial: Callable[[list[Trial]], None] = lambda trials: None,
) -> Study:
    """Run `n` trials, the model's own values the first.

    The others are proposed from the ranges by Optuna's tree-structured Parzen estimator (Bergstra et al., NeurIPS
    2011), by the seed. A search that was interrupted goes on: told again of the trials that are `done`, it proposes
    what it would have proposed without the interruption.

    Args:
        name: whose settings are chosen, as messages say it.
        space: see `tastetune.config.search_space.check_space`.
        own: the model's own values by key.
        run: trains and scores a model with these values.
        metric: what the scores are; the highest is the best.
        done: the first trials, where they were run before.
        after_trial: called with all trials so far after each that was run.

    Raises:
        InputError: Optuna is not installed, the trials that are done are of another search, or every trial failed.
    """
    optuna, trials = _optuna(), list(done[:n])
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial(first(space, own))
    for number in range(n):
        proposal = study.ask()
        values = {key: suggest(proposal, key, drawn_from) for key, drawn_from in space.items()}
        if number == len(trials):
            trials.append(run(values))
            after_trial(trials)
        elif trials[number].values != values:
            raise InputError(
                f"{name}: trial {number + 1} on record tried {trials[number].values}, and this search {values}; begin "
                "anew with --force"
            )
        failed = trials[number].score is None
        study.tell(proposal, trials[number].score, state=optuna.trial.TrialState.FAIL if failed else None)
    best = max(trials, key=lambda trial: -1 if trial.score is None else trial.score)
    if best.score is None:
        raise InputError(f"{name}: all {n} trials failed, the first so: {trials[0].error}")
    return Study(metric, dict(space), best, trials)


def suggest(trial: Any, key: str, space: list | dict) -> Any:
    """A value of `key` by an Optuna trial."""
    if isinstance(space, list):
        # Optuna keeps choices as plain values, so it is asked for the place of one.
        return space[trial.suggest_categorical(key, list(range(len(space))))]
    draw = trial.suggest_int if isinstance(space["low"], int) else trial.suggest_float
    return draw(key, space["low"], space["high"], log=space["log"])


def first(space: Mapping[str, list | dict], values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the Optuna trial that takes `values`, as far as they lie in `space`."""
    parameters = {}
    for key, drawn_from in space.items():
        if isinstance(drawn_from, list) and values[key] in drawn_from:
            parameters[key] = drawn_from.index(values[key])
        elif isinstance(drawn_from, dict) and drawn_from["low"] <= values[key] <= drawn_from["high"]:
            parameters[key] = values[key]
    return parameters


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise InputError("--tune needs Optuna: pip install 'tastetune[tune]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna

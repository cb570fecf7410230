"""A config's settings chosen on validation, by the trials of `tastetune.search`."""

from collections.abc import Callable

from tqdm import tqdm

from tastetune.baselines.recbole.configs import BaselineConfig, check_tunable
from tastetune.search import Study, Trial, search


def search_config(config: BaselineConfig, n: int, metric: str, run: Callable[[dict], Trial]) -> Study:
    """Run `n` trials of what the config's `tune` block names, by the config's seed.

    Raises:
        InputError: nothing to tune, or as `search`.
    """
    check_tunable(config)
    with tqdm(total=n, desc=f"{config.name}: tune", unit=" trials") as bar:

        def show(trials: list[Trial]) -> None:
            bar.update()

        return search(
            str(config.path),
            config.tune,
            config.values,
            run,
            n=n,
            metric=metric,
            seed=config.values["seed"],
            after_trial=show,
        )


def chosen(study: Study) -> dict:
    """The settings of the best trial, and what was tried."""
    return study.best.values | {
        "epochs": study.best.epochs,
        "epochs_chosen": "by tuning",
        "tuning": study.record(),
    }

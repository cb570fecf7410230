"""The configs that a command names, by file or by folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tastetune.baselines.recbole.configs import BaselineConfig, OtherTask
from tastetune.baselines.recbole.tuning import check_tunable
from tastetune.errors import InputError


def chosen_configs(
    names: Sequence[str | Path], read: Callable[[Path], BaselineConfig], *, tune: bool = False
) -> list[BaselineConfig]:
    """The configs of files and folders, all of them read before any model is fitted.

    A file must be of the task that `read` is for. Of a folder's .yaml files, those that are of another task are left
    out, and named on the way.

    Args:
        tune: whether each must say what tuning may change.

    Raises:
        InputError: as `read`, a folder without a config of the task, two configs of one name, or nothing to tune.
    """
    configs = []
    for path in map(Path, names):
        configs += _inside(path, read) if path.is_dir() else [read(path)]
    first = {}
    for config in configs:
        if first.setdefault(config.name, config) is not config:
            raise InputError(f"{config.path} and {first[config.name].path} are both called {config.name}; rename one")
        if tune:
            check_tunable(config)
    return configs


def _inside(folder: Path, read: Callable[[Path], BaselineConfig]) -> list[BaselineConfig]:
    configs, others = [], []
    for path in sorted(folder.glob("*.yaml")):
        try:
            configs.append(read(path))
        except OtherTask:
            others.append(path.stem)
    if not configs:
        raise InputError(f"{folder}: no .yaml file of a model for this task; name a folder like recbole_configs")
    if others:
        print(f"{folder}: left out {', '.join(others)}, for they answer another task")
    return configs

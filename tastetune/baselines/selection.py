"""The baselines that a command names, for what the dataset's rows ask."""

from collections.abc import Collection, Sequence
from pathlib import Path

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.baselines import Baseline
from tastetune.baselines.lists import LIST_TASK
from tastetune.errors import InputError
from tastetune.files import bundled_file

TRIVIAL, TEXT, STACKED = "trivial", "text", "stacked"
"""Name all models without learning, the text baseline, and the stack over what others answered (see `stacks_of`); any
other baseline is named by its config."""


def baselines_of(
    dataset: BuiltDataset,
    names: Sequence[str],
    *,
    only: Collection[str] = (),
    seed: int | None = None,
    trials: int = 0,
    encoder: str | None = None,
) -> list[Baseline]:
    """The baselines of `names` for what the rows of `dataset` ask, the quickest first; every config is read here.

    Args:
        names: `TRIVIAL`, `TEXT`, config files, and folders of them, also those that go with the package. Of a folder's
            .yaml files those that answer another task are left out, and named on the way. `STACKED` is passed over.
        only: leave out all but these: baselines by their names, or all `TRIVIAL` ones.
        seed: in place of the configs' seeds.
        trials: tuning trials on validation before each config's model is fitted.
        encoder: the text baseline's sentence-embedding model, its folder or Hub id.

    Raises:
        InputError: a config cannot be used, two baselines bear one name, `only` names none of them, or a config is
            named and RecBole is not installed.
    """
    trivial = _trivial(dataset.task) if TRIVIAL in names else []
    files = _config_files([name for name in names if name not in (TRIVIAL, TEXT, STACKED)])
    there = [model.name for model in trivial] + [name for name in (TEXT, STACKED) if name in names]
    there += [path.stem for path in files]
    _check_names(there, files, only)
    wanted = set(only) or {TRIVIAL, *there}
    baselines = [model for model in trivial if wanted & {TRIVIAL, model.name}]
    if TEXT in wanted:
        baselines.append(_text(dataset.task, encoder))
    if files := [path for path in files if path.stem in wanted]:
        baselines += _recbole(dataset.task, files, set(map(bundled_file, names)), seed, trials)
    return baselines


def stacks_of(
    dataset: BuiltDataset, names: Sequence[str], *, only: Collection[str], folder: Path, validation: Path
) -> list[Baseline]:
    """The stacks, if `names` and `only` ask for them, over what lies in these folders when they are asked.

    A stack is fitted on validation, so that split it does not answer.

    Raises:
        InputError: the rows ask for lists.
    """
    if STACKED not in names or (only and STACKED not in only):
        return []
    if folder == validation:
        print(f"left out {STACKED}: it is fitted on validation")
        return []
    from tastetune.baselines.stacked import stacks

    if dataset.task == LIST_TASK:
        raise InputError(f"{STACKED}: a stack answers single likes, not lists; leave it out")
    return list(stacks(folder, validation))


def _trivial(task: str) -> list[Baseline]:
    if task == LIST_TASK:
        from tastetune.baselines.trivial.lists import MODELS, TrivialLists

        return [TrivialLists(name) for name in MODELS]
    from tastetune.baselines.trivial.likes import MODELS, TrivialLikes

    return [TrivialLikes(name) for name in MODELS]


def _text(task: str, encoder: str | None) -> Baseline:
    from tastetune.baselines.text import TextBaseline

    if task == LIST_TASK:
        raise InputError(f"the {TEXT} baseline answers single likes, not lists; leave it out")
    if encoder is None:
        raise InputError(f"the {TEXT} baseline needs --encoder: the folder or Hub id of a sentence-embedding model")
    return TextBaseline(encoder)


def _config_files(names: Sequence[str]) -> list[Path]:
    """The files that are named, those of folders among them.

    Raises:
        InputError: two of one name, or a folder without any.
    """
    files: dict[str, Path] = {}
    for path in map(bundled_file, names):
        inside = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not inside:
            raise _no_config(path)
        for file in inside:
            if file.stem in files:
                raise InputError(f"{file} and {files[file.stem]} are both called {file.stem}; rename one")
            files[file.stem] = file
    return list(files.values())


def _check_names(there: Sequence[str], files: Sequence[Path], only: Collection[str]) -> None:
    for path in files:
        if there.count(path.stem) > 1:
            raise InputError(f"{path}: a baseline without a config is called {path.stem} as well; rename the file")
    for name in only:
        if name not in (TRIVIAL, *there):
            raise InputError(f"--only {name}: no such baseline; there are {', '.join((TRIVIAL, *there))}")


def _recbole(
    task: str, files: Sequence[Path], named: Collection[Path], seed: int | None, trials: int
) -> list[Baseline]:
    """The models of config `files`; one of another task is an error only where the file itself is `named`."""
    try:
        from tastetune.baselines.recbole import configs
        from tastetune.baselines.recbole.likes import RecBoleLikes
        from tastetune.baselines.recbole.lists import RecBoleLists
    except ImportError as error:
        raise InputError(f"{files[0]} needs RecBole: pip install 'tastetune[baselines]' ({error})") from error
    kind, answering = (RecBoleLists, configs.LISTS) if task == LIST_TASK else (RecBoleLikes, configs.LIKES)
    overrides, fitting, others = {} if seed is None else {"seed": seed}, [], []
    for path in files:
        try:
            fitting.append(configs.read_config(path, overrides, answering=answering))
        except configs.OtherTask:
            if path in named:
                raise
            others.append(path)
    _name_left_out(others, bool(fitting))
    if trials:
        for config in fitting:
            configs.check_tunable(config)
    return [kind(config, trials) for config in fitting]


def _name_left_out(others: Sequence[Path], some_fit: bool) -> None:
    """Say which files of folders answer another task; raise InputError if that is all there are."""
    for folder in dict.fromkeys(path.parent for path in others):
        if not some_fit:
            raise _no_config(folder)
        stems = [path.stem for path in others if path.parent == folder]
        print(f"{folder}: left out {', '.join(stems)}, for they answer another task")


def _no_config(folder: Path) -> InputError:
    return InputError(f"{folder}: no .yaml file of a model for this task; name a folder like recbole_configs")

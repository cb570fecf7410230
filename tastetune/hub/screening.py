"""What of a folder may leave this machine for the Hub, and what never does."""

import mmap
import re
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import yaml
from huggingface_hub import DatasetCard, ModelCard, SpaceCard

from tastetune.artifacts.dataset import INFO, open_any
from tastetune.artifacts.hub_predictions import holds_predictions
from tastetune.artifacts.redaction import TOKENS
from tastetune.errors import InputError
from tastetune.files import refuse_unfinished_folder
from tastetune.hub.base_model import ADAPTER_CONFIG, named_base, refuse_local_base
from tastetune.hub.public import bound_by_licence, refuse_other_rows
from tastetune.hub.results import RESULTS, names_hub_dataset

LEFT_OUT = (
    ".*",  # caches, editors' folders and files still being written
    *("__pycache__", "*.pyc", "*.tmp", "*.incomplete", "*.lock", "*~"),
    "training_args.bin",  # holds hub_token in clear
    "trainer_state.json",  # names the best checkpoint by its folder on this machine
    *("optimizer.*", "optimizer_*", "scheduler.*", "scaler.*", "rng_state*", "random_states_*", "global_step*"),
    *("runs", "events.out.tfevents.*", "wandb"),  # run logs name this machine
)
"""Names, of a file or of any folder above it, that never leave."""

CARDS = {"model": ModelCard, "dataset": DatasetCard, "space": SpaceCard}

APP = "app.py"
"""What a Space runs."""

_TOKENS = {name: re.compile(pattern.encode()) for name, pattern in TOKENS.items()}


def files_to_push(
    folder: str | Path,
    repo_type: str = "model",
    *,
    private: bool = True,
    ignore: Sequence[str] = (),
    checkpoints: bool = False,
    base_model: str | None = None,
    permission: str | None = None,
    dataset: str | None = None,
) -> tuple[list[str], list[str]]:
    """The files of `folder` that a push sends and those it leaves out, sorted, as paths inside the folder.

    Args: as for `tastetune.hub.push.push_folder`.

    Raises:
        InputError: no folder, or the writing of a file in it was cut off; no card or one with invalid metadata; a
            dataset to push as a model or the other way round, whose licence forbids the push, or that was edited; an
            adapter of a local base model, unless `base_model` names another, or a `base_model` without an adapter; a
            link out of the folder; a token in a file; of a public push a file that may hold rows of ratings; or a
            `permission` where none is needed.
    """
    folder = Path(folder)
    if repo_type != guess_type(folder):
        raise InputError(f"{folder}: holds a {guess_type(folder)}, not a {repo_type}; leave --type away")
    never = (*LEFT_OUT, *ignore, *(() if checkpoints else ("checkpoint-*",)))
    refuse_unfinished_folder(folder)
    found = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    results = [Path(RESULTS)] if _results_may_go(folder, dataset) and not _matches(Path(RESULTS), ignore) else []
    left_out = [str(path) for path in found if _matches(path, never) and path not in results]
    files = [path.as_posix() for path in found if str(path) not in left_out]
    for name in files:
        _check_inside(folder, name)
    _check_card(folder / "README.md", repo_type)
    if (folder / INFO).is_file():
        open_any(folder).check_files()
    bound = [] if private else bound_by_licence(folder, files)
    if permission and not bound:
        raise InputError(
            "--i_have_permission is for a public push of rows whose licence forbids it; leave it away here"
        )
    if bound and not permission:
        raise InputError(bound[0])
    if not private or repo_type == "space":
        refuse_other_rows(folder, files, repo_type)
    if base_model:
        named_base(folder)
    elif ADAPTER_CONFIG in files:
        refuse_local_base(folder)
    for name in files:
        _check_no_token(folder / name)
    return files, left_out


def guess_type(folder: str | Path) -> str:
    """`dataset`, `model` or `space`, by the files in `folder`.

    Raises:
        InputError: no such folder, or none of them.
    """
    if not Path(folder).is_dir():
        raise InputError(f"{folder}: no such folder to push")
    if (Path(folder) / INFO).is_file() or holds_predictions(Path(folder)):
        return "dataset"
    if any((Path(folder) / name).is_file() for name in (ADAPTER_CONFIG, "config.json")):
        return "model"
    if (Path(folder) / APP).is_file():
        return "space"
    raise InputError(
        f"{folder}: neither a dataset ({INFO}) nor an adapter or model ({ADAPTER_CONFIG}, config.json) lies in it, nor "
        "predictions; name the folder that a builder, scripts/sft.py or scripts/predict.py wrote"
    )


def _matches(path: Path, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns for name in (*path.parts, path.as_posix()))


def _results_may_go(folder: Path, dataset: str | None) -> bool:
    """Whether an adapter's results name a dataset that the Hub can have, in the file or by `dataset`."""
    path = folder / RESULTS
    return path.is_file() and (dataset is not None or names_hub_dataset(path))


def _check_card(path: Path, repo_type: str) -> None:
    if not path.is_file():
        raise InputError(f"{path}: no card; builders write a dataset's, scripts/score.py an adapter's")
    try:
        data = CARDS[repo_type].load(path).data.to_dict()
    except (ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path}: the metadata between the --- lines is invalid ({error}); mend it") from error
    if not data:
        raise InputError(f"{path}: no metadata between --- lines at its top; write the card anew")


def _check_inside(folder: Path, name: str) -> None:
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{folder / name}: a link to {(folder / name).resolve()}, which lies outside the folder that is pushed; "
            "remove it, copy the file in its place, or leave it out with --ignore"
        )


def _check_no_token(path: Path) -> None:
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for name, pattern in _TOKENS.items():
            if pattern.search(content):
                raise InputError(f"{path}: holds what looks like {name}; remove it, and revoke what it opens")

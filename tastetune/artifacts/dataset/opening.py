"""A built dataset, opened from disk or from the Hub."""

from pathlib import Path

from tastetune.artifacts.dataset.built import BuiltDataset
from tastetune.artifacts.dataset.described import INFO
from tastetune.artifacts.dataset.schema import Info
from tastetune.artifacts.json_files import faults, read_json
from tastetune.errors import InputError


def open_dataset(source: str | Path, revision: str | None = None) -> BuiltDataset:
    """Open a built dataset by its folder or by its Hub id.

    Args:
        source: a folder that a builder wrote, or `org/name` on the Hub.
        revision: branch, tag or commit on the Hub; ignored for a folder.

    Raises:
        InputError: neither a built folder nor a reachable Hub dataset, or one without its rows.
    """
    dataset = open_any(source, revision)
    if dataset.is_recipe_only:
        raise InputError(
            f"{source}: holds no rows, for their licence keeps them at their source; build them with "
            f"{dataset.build_command or 'its builder'}, and check them with "
            f"data_builders/compare_rows.py FOLDER {source}"
        )
    return dataset


def open_any(source: str | Path, revision: str | None = None) -> BuiltDataset:
    """Open a built dataset as `open_dataset` does, one without its rows too."""
    folder = Path(source)
    if not folder.exists():
        folder = _download(str(source), revision)
    info = folder / INFO
    if not info.is_file():
        raise InputError(f"{source}: no {INFO} inside, so it is no dataset that a builder wrote; run data_builders/")
    return BuiltDataset(folder, str(source), _read_info(info))


def open_titled(source: str | Path, revision: str | None = None) -> BuiltDataset:
    """Open a dataset for a language model, which knows items by their titles; see `open_dataset`.

    Raises:
        InputError: its titles are ids.
    """
    dataset = open_dataset(source, revision)
    if not dataset.has_titles:
        raise InputError(
            f"{source}: the log came without titles, so that ids stand in for them, and a language model knows nothing "
            "of an id; build it with a catalogue (--items FILE), or with --neutral_titles to see what it learns without"
        )
    return dataset


def _read_info(path: Path) -> dict:
    info = read_json(path, "rebuild the dataset")
    for fault in faults(Info, info):
        raise InputError(f"{path}: {fault}; rebuild the dataset")
    return info


def _download(source: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download

    from tastetune.artifacts.hub_errors import hub_errors, patiently

    remedy = "; no folder of that name lies here either: build one with python data_builders/ml1m.py --output_dir ..."
    with hub_errors(source, "dataset", revision, remedy):
        return Path(patiently(lambda: snapshot_download(source, repo_type="dataset", revision=revision)))

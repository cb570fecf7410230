"""Whether two built datasets have the same rows, even if only hashes of them are known of one."""

import json

import numpy as np

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.trained_rows import read_row_keys, row_keys
from tastetune.errors import InputError

SPLITS = ("train", "validation", "test")


def compare_rows(built: BuiltDataset, published: BuiltDataset) -> list[str]:
    """What is the same in both, a line a split, and of all rows with their prompts.

    Args:
        published: one that may have hashes in place of its rows, see `tastetune.hub.recipe`.

    Raises:
        InputError: rows, or what their prompts say, are not the same; with all lines, and the settings that differ.
    """
    task, lines, is_same = built.task, [], True
    for split in SPLITS:
        keys = [_keys(dataset, task, split) for dataset in (built, published)]
        shared = len(np.intersect1d(*keys, assume_unique=True))
        here, there = (len(of) - shared for of in keys)
        is_same = is_same and not here and not there
        lines.append(
            f"{split}: {shared:,} rows are in both"
            + (f", {here:,} here alone, {there:,} there alone" * bool(here + there))
        )
    if built.fingerprint == published.fingerprint and is_same:
        return [*lines, f"same rows, same prompts: fingerprint {built.fingerprint}"]
    lines.append("same rows, but what was known or asked of them differs" if is_same else "not the same rows")
    if differing := _settings(built, published):
        lines.append("settings that differ: " + "; ".join(differing))
    remedy = f"build it with {published.build_command}" if published.build_command else "build it with those settings"
    raise InputError("\n".join([f"{built.source} and {published.source}:", *lines, remedy]))


def _keys(dataset: BuiltDataset, task: str, split: str) -> np.ndarray:
    if dataset.is_recipe_only:
        return read_row_keys(dataset.path("row_keys", split)) if dataset.has_split("row_keys", split) else np.array([])
    return row_keys(dataset, task, split) if dataset.has_split(task, split) else np.array([], np.uint64)


def _settings(built: BuiltDataset, published: BuiltDataset) -> list[str]:
    ours, theirs = built.info["settings"], published.info["settings"]
    differing = [key for key in {**theirs, **ours} if ours.get(key) != theirs.get(key)]
    return [f"{key} is {json.dumps(ours.get(key))} here, {json.dumps(theirs.get(key))} there" for key in differing]

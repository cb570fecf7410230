"""A built dataset: a folder laid out as its Hub repository."""

from tastetune.artifacts.dataset.built import CATALOGUE, TEXTS, BuiltDataset
from tastetune.artifacts.dataset.described import INFO, LIKE_FROM
from tastetune.artifacts.dataset.files import WRITTEN, split_files
from tastetune.artifacts.dataset.opening import open_any, open_dataset, open_titled

__all__ = [
    "CATALOGUE",
    "INFO",
    "LIKE_FROM",
    "TEXTS",
    "WRITTEN",
    "BuiltDataset",
    "open_any",
    "open_dataset",
    "open_titled",
    "split_files",
]

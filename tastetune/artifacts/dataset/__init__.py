"""A built dataset: a folder laid out as its Hub repository."""

from tastetune.artifacts.dataset.built import CATALOGUE, INFO, LIKE_FROM, WRITTEN, BuiltDataset
from tastetune.artifacts.dataset.opening import open_dataset, open_titled

__all__ = ["CATALOGUE", "INFO", "LIKE_FROM", "WRITTEN", "BuiltDataset", "open_dataset", "open_titled"]

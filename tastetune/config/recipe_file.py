"""A recipe's file: flat keys and values, on top of those of the recipe that its key `base` names."""

from pathlib import Path
from typing import Any

from tastetune.config.yaml import load_yaml
from tastetune.errors import InputError
from tastetune.files import bundled_file

BASE = "base"
"""The key that names the recipe to start from: a path seen from the recipe's own folder, or a recipe of the package."""


def load_recipe(path: str | Path) -> tuple[dict[str, Any], dict[str, str]]:
    """A recipe's values; a key wins over the same key of the base, of the base's base, and so on.

    Args:
        path: the file, or the name of one that goes with the package (`recipes/ml1m.yaml`).

    Returns:
        The values by key, and by key where it stands, as a message says it (`recipes/ml1m.yaml, line 3`).

    Raises:
        InputError: a file is missing or no flat YAML mapping, or a recipe starts from itself.
    """
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    file: Path | None = bundled_file(path)
    chain: list[Path] = []
    while file:
        chain.append(file)
        if file.resolve() in [earlier.resolve() for earlier in chain[:-1]]:
            raise InputError(f"a recipe starts from itself: {' -> '.join(map(str, chain))}; remove one `{BASE}`")
        own, lines = load_yaml(file)
        own_places = {key: f"{file}, line {line}" for key, line in lines.items()}
        file = _base_file(file, own.pop(BASE), own_places.pop(BASE)) if BASE in own else None
        values, places = own | values, own_places | places
    return values, places


def _base_file(recipe: Path, base: Any, place: str) -> Path:
    """The file that `base` names in `recipe`."""
    if not isinstance(base, str):
        raise InputError(f"{place}: {BASE} is {base!r}; expected the file of a recipe")
    beside = recipe.parent / base
    file = beside if beside.is_file() else bundled_file(base)
    if not file.is_file():
        raise InputError(
            f"{place}: {BASE} is {base!r}, and neither {beside} nor a recipe of the package is such a file"
        )
    return file

"""YAML read strictly: a key written twice or misspelt is an error that names its line, never a silence."""

import difflib
from collections.abc import Iterable
from pathlib import Path

import yaml

from tastetune.errors import InputError


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        seen = {}
        for key_node, _ in node.value:
            key, line = self.construct_object(key_node, deep=True), key_node.start_mark.line + 1
            if key in seen:
                raise InputError(
                    f"{self.name}, line {line}: {key!r} stands there a second time, first in line {seen[key]}; "
                    "keep one of the two"
                )
            seen[key] = line
        return super().construct_mapping(node, deep)


def load_yaml(path: str | Path) -> tuple[dict, dict[str, int]]:
    """Read a YAML mapping.

    Returns:
        Its values, and for every top-level key the line it stands in, counted from 1.

    Raises:
        InputError: no such file, no valid YAML, a key twice, or something else than a mapping.
    """
    path = Path(path)
    if not path.is_file():
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.y*ml")], n=1)
        raise InputError(f"{path}: no such file" + (f"; did you mean {path.parent / near[0]}?" if near else ""))
    try:
        text = path.read_text(encoding="utf-8")
        loader = _Loader(text)
        loader.name = str(path)
        node = loader.get_single_node()
        values = None if node is None else loader.construct_document(node)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{path}{line}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a mapping of keys to values, found {type(values).__name__}")
    return values, {key.value: key.start_mark.line + 1 for key, _ in node.value}


def refuse_unknown(path: str | Path, lines: dict[str, int], known: Iterable[str]) -> None:
    """Raise InputError for the first key of `lines` that is not in `known`, with the nearest known key."""
    known = set(known)
    for key, line in lines.items():
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            raise InputError(
                f"{path}, line {line}: unknown key {key!r}; "
                + (f"did you mean {near[0]!r}?" if near else "remove it, or see the header of the file for the keys")
            )

"""YAML read strictly: a key written twice or misspelt is an error that names its line, never a silence."""

import difflib
from collections.abc import Iterable
from pathlib import Path

import yaml

from tastetune.errors import InputError

DEEPEST = 20
"""Levels of nesting; the settings of any library here have three or four."""

ALIASES = 16
"""Aliases (`*name`) in one file. Each may stand for all that the ones before it hold, so few can stand for billions."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which does not know what a person never writes."""

    def __init__(self, text: str, path: Path):
        super().__init__(text)
        self.name, self.aliases, self.open = str(path), 0, []

    def compose_node(self, parent, index):
        event = self.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self.aliases += 1
            if self.aliases > ALIASES:
                raise InputError(f"{self.name}, line {line}: more than {ALIASES} aliases; write the values out")
            if event.anchor in self.open:
                raise InputError(f"{self.name}, line {line}: *{event.anchor} stands inside of itself; remove it")
        if len(self.open) >= DEEPEST:
            raise InputError(f"{self.name}, line {line}: nested more than {DEEPEST} deep; write it flat")
        self.open.append(event.anchor)
        node = super().compose_node(parent, index)
        self.open.pop()
        return node

    def construct_mapping(self, node, deep=False):
        seen = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputError(f"{self.name}, line {line}: a {key_node.id} for a key; a key is one word")
            key = self.construct_object(key_node, deep=True)
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
        loader = _Loader(path.read_text(encoding="utf-8"), path)
        node = loader.get_single_node()
        values = None if node is None else loader.construct_document(node)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{path}{line}: not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:  # a date that is none, say, is a plain ValueError
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a mapping of keys to values, found {type(values).__name__}")
    return values, {key.value: key.start_mark.line + 1 for key, _ in node.value}


def refuse_unknown(path: str | Path, lines: dict[str, int], known: Iterable[str]) -> None:
    """Raise InputError for the first key of `lines` that is not in `known`, with the nearest known key."""
    known = set(known)
    for key, line in lines.items():
        if key not in known:
            raise unknown_key(f"{path}, line {line}", key, known)


def unknown_key(place: str, key: str, known: Iterable[str]) -> InputError:
    """The error for a key that is not in `known`, with the nearest that is."""
    near = difflib.get_close_matches(str(key), list(known), n=1)
    remedy = f"did you mean {near[0]!r}?" if near else "remove it, or see the header of the file for the keys"
    return InputError(f"{place}: unknown key {key!r}; {remedy}")

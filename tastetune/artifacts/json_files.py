"""JSON files that stages leave for each other: read whole, and of a shape, or refused with the place of the fault."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tastetune.errors import InputError

LONGEST = 60
"""Characters of a value that a message repeats."""

DEEPEST = 50
"""Levels of nesting; what is written here has ten at most."""

GREATEST = 2**63
"""No whole number reaches it."""


def read_json(path: str | Path, remedy: str) -> Any:
    """The content of a file.

    Args:
        remedy: what to do about a file that cannot be read, a clause.

    Raises:
        InputError: no JSON in UTF-8; a number is not finite, a text holds half a character, or it is nested too deep.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    return parse_json(raw, f"{path}", remedy)


def parse_json(raw: bytes, where: str, remedy: str) -> Any:
    """As `read_json`, of a file's bytes; `where` begins the messages."""
    try:
        content = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: byte {error.start} is not UTF-8; {remedy}") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: not a whole JSON file (line {error.lineno}: {error.msg}); {remedy}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        raise InputError(f"{where}: not a whole JSON file ({error}); {remedy}") from error
    for fault in _unusable(content):
        raise InputError(f"{where}: {fault}; {remedy}")
    return content


def faults(shape: Any, content: object) -> Iterator[str]:
    """What of `content`, read from JSON, is not as `shape` says (a pydantic model, or a type), as clauses."""
    try:
        TypeAdapter(shape).validate_json(json.dumps(content))  # as JSON, so that an object may stand for a dataclass
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            expected = fault["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
            if fault["type"] == "missing":
                yield f"key {dotted(fault['loc'])!r} is missing"
            elif fault["type"] == "value_error" and not fault["loc"]:
                yield expected
            else:
                yield f"{dotted(fault['loc']) or 'its content'} is {cut(fault['input'])}, {expected}"


def first_difference(before: Mapping, now: Mapping) -> str | None:
    """The first key in which two objects differ, in the order of the second; None where none does."""
    keys = [*now, *(key for key in before if key not in now)]
    return next((key for key in keys if before.get(key) != now.get(key)), None)


def cut(value: object) -> str:
    """`value` as a message repeats it."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def dotted(place: Sequence[str | int]) -> str:
    """`models[3].metrics.roc_auc.value`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _unusable(value: object, place: Sequence[str | int] = ()) -> Iterator[str]:
    """What Python reads as JSON although it is none, or could not be written again."""
    if len(place) > DEEPEST:
        yield f"nested more than {DEEPEST} deep"
        return
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        if isinstance(key, str) and not _is_text(key):
            yield f"{dotted(place) or 'its content'} has the key {key!r}, which is no text"
        yield from _unusable(part, [*place, key])
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{dotted(place)} is {value}, expected a finite number"
    elif isinstance(value, int) and abs(value) >= GREATEST:
        yield f"{dotted(place)} is a number of {value.bit_length()} bits, expected at most 63"
    elif isinstance(value, str) and not _is_text(value):
        yield f"{dotted(place)} is {cut(value)}, which is no text"


def _is_text(text: str) -> bool:
    """Whether it can be written: not with one half of a character that UTF-16 writes in two."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

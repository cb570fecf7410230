"""The scores of all models, `scores.json`."""

import json
from pathlib import Path

from tastetune.errors import InputError


def read_scores(path: str | Path) -> dict:
    """The content of a `scores.json`.

    Raises:
        InputError: no such file, or not what `score` made.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; write one with scripts/score.py")
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not a whole JSON file ({error}); score anew") from error
    missing = [key for key in ("dataset", "bootstrap", "models") if not isinstance(scores, dict) or key not in scores]
    if missing:
        raise InputError(f"{path}: key {missing[0]!r} is missing, so scripts/score.py did not write it; score anew")
    if not scores["models"]:
        raise InputError(f"{path}: no models in it, so nothing can be shown; score anew")
    return scores

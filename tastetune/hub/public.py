"""What everybody may see: of rows of ratings what their licence allows, and beside them what holds none."""

import json
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from tastetune.artifacts.dataset import INFO, WRITTEN, BuiltDataset, open_any
from tastetune.artifacts.hub_predictions import PUBLISHED
from tastetune.artifacts.run import COST, RUN
from tastetune.artifacts.trained_rows import ROWS
from tastetune.errors import InputError
from tastetune.hub.results import RECORD, RESULTS

OF_A_MODEL = (
    *("*.md", "LICENSE*", "NOTICE*", "*.png", ".gitattributes"),
    *("adapter_config.json", "config.json", "generation_config.json", "*.index.json"),
    *("*.safetensors", "*.gguf", "adapter_model.bin", "pytorch_model*.bin"),
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "*.jinja"),
    *(RUN, COST, ROWS),
)
"""What may go with a model or adapter that everybody sees: none of these holds a row of the ratings."""

OF_A_DATASET = ("*.md", "LICENSE*", "NOTICE*", ".gitattributes")
"""What may go with a dataset that everybody sees, beside what a builder wrote."""

OF_A_SPACE = ("*.md", "*.py", "py.typed", "*.html", "*.css", "*.js", "requirements.txt", "recipe.yaml")
"""What may go with a page: its code and what names its model and its dataset, of which it holds none."""

HARMLESS = {"model": OF_A_MODEL, "dataset": OF_A_DATASET, "space": OF_A_SPACE}


def bound_by_licence(folder: Path, files: Sequence[str]) -> list[str]:
    """Why datasets among the files may not be shown to everybody, one message each."""
    datasets = (open_any((folder / name).parent) for name in files if Path(name).name == INFO)
    return [why for dataset in datasets if (why := _why_bound(dataset))]


def _why_bound(dataset: BuiltDataset) -> str:
    """Why the licence of a dataset's ratings keeps it from being shown to everybody; empty if it does not."""
    path, has_times = dataset.folder / INFO, dataset.info["settings"].get("has_times") is not False
    if dataset.may_be_shared or (dataset.is_recipe_only and has_times):
        return ""
    if dataset.is_recipe_only:
        return (
            f"{path}: its rows have no time, so their hashes can be found by trying each user with each item, and "
            "the licence of the ratings forbids redistribution; push without --public"
        )
    clause = f': "{dataset.clause}"' if dataset.clause else ", or it does not say that it allows it"
    return (
        f"{path}: the licence of its ratings forbids redistribution{clause}; push without --public, leave the "
        "files out with --ignore, push all but the rows with --recipe_only, or name who permits it with "
        '--i_have_permission "by whom"'
    )


def refuse_other_rows(folder: Path, files: Sequence[str], repo_type: str) -> None:
    """Refuse to show everybody what may hold rows of ratings and is no part of a dataset."""
    written = WRITTEN if INFO in files else PUBLISHED
    for name in files:
        model = repo_type == "model" and (name == RESULTS or RECORD.fullmatch(name) or _are_scores(folder / name))
        built = model or (repo_type == "dataset" and written.fullmatch(name))
        if not built and not any(fnmatch(Path(name).name, pattern) for pattern in HARMLESS[repo_type]):
            raise InputError(
                f"{folder / name}: may hold rows of ratings, and no part of a {repo_type} is called so; push without "
                f"--public, move it away, or leave it out with --ignore {name}"
            )


def _are_scores(path: Path) -> bool:
    """Whether a file is a `scores.json` that shows no single row, or rows that may be passed on."""
    if path.name != "scores.json":
        return False
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
        return "rows" not in scores or scores["dataset"]["settings"]["redistribution"] is True
    except (ValueError, KeyError, TypeError):
        return False

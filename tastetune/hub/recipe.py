"""A dataset without its rows: what its licence lets everybody have, enough to build it and to check the result."""

from collections.abc import Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from huggingface_hub import DatasetCard

from tastetune.artifacts.dataset import INFO, BuiltDataset, open_dataset
from tastetune.artifacts.digests import digest_of_file
from tastetune.artifacts.same_rows import SPLITS
from tastetune.artifacts.trained_rows import row_keys, write_row_keys
from tastetune.errors import InputError
from tastetune.hub.plan import TITLE

KEYS = "row_keys"
"""The config of a recipe: a hash of each row."""

NOTE = """**The rows are not here**: their licence keeps them at their source. Here are the card, the settings, a digest
of each file, and `{keys}`, a hash of each row (who rated what when). To build the dataset, and to check that you have
the same rows:

```bash
{command}
python data_builders/compare_rows.py path/to/data {repo_id}
```"""


@contextmanager
def recipe_folder(folder: str | Path, repo_id: str) -> Iterator[Path]:
    """Yield a folder to push as `repo_id` in place of the dataset in `folder`: all but its rows.

    Raises:
        InputError: no built dataset lies there, or its card cannot be read.
    """
    dataset = open_dataset(folder)
    with TemporaryDirectory() as scratch:
        new = Path(scratch) / Path(folder).resolve().name
        new.mkdir()
        files, splits = dict(dataset.info["files"]), []
        for split in SPLITS:
            if dataset.has_split(dataset.task, split):
                path = new / KEYS / f"{split}.parquet"
                path.parent.mkdir(exist_ok=True)
                write_row_keys(path, row_keys(dataset, dataset.task, split))
                files[f"{KEYS}/{path.name}"] = digest_of_file(path)
                splits.append({"split": split, "path": f"{KEYS}/{path.name}"})
        info = dataset.info | {"files": files, "recipe_only": True}
        (new / INFO).write_text(dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (new / "README.md").write_text(_card(dataset, repo_id, splits), encoding="utf-8")
        yield new


def _card(dataset: BuiltDataset, repo_id: str, splits: list[dict]) -> str:
    path = dataset.folder / "README.md"
    try:
        card = DatasetCard(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path}: no card that can be read ({error}); build the dataset anew") from error
    card.data.configs = [{"config_name": KEYS, "data_files": splits}]
    card.data.dataset_info = None
    command = dataset.build_command or "# the builder in data_builders/ that fits, with the settings below"
    note = NOTE.format(keys=KEYS, command=command, repo_id=repo_id)
    title = TITLE.search(card.text)
    at = title.end() if title else 0
    card.text = f"{card.text[:at]}\n\n{note}{card.text[at:]}"
    return str(card)

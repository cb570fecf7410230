"""What the page needs of a run, looked for before any model is loaded."""

from pathlib import Path

from tastetune.artifacts.dataset import BuiltDataset, open_titled
from tastetune.config.arguments import DataArguments
from tastetune.errors import InputError
from tastetune.person.matching import TitleMatcher
from tastetune.person.person import matcher_of
from tastetune.tasks import label_task_of
from tastetune.tasks.labels import LabelTask


def find_catalogue(data: DataArguments) -> tuple[BuiltDataset, LabelTask, TitleMatcher]:
    """A recipe's dataset, what its rows are asked, and what finds its titles.

    Raises:
        InputError: no dataset, one of lists, or one without titles that a person knows.
    """
    data.refuse_unbuilt()
    dataset = open_titled(data.dataset, data.dataset_revision)
    return dataset, label_task_of(dataset, data.dataset_config), matcher_of(dataset)


def run_adapter(folder: Path) -> str:
    """The adapter in a run's folder.

    Raises:
        InputError: none lies there.
    """
    if not (folder / "adapter_config.json").is_file():
        raise InputError(
            f"{folder}: no adapter lies there, and the page asks a fine-tuned model; train one first with "
            "accelerate launch scripts/sft.py and the recipe, or name one with --adapter"
        )
    return str(folder)

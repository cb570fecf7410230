"""One file a task: what is asked, how it is written, how an answer is read, what is measured. Imports no torch."""

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError
from tastetune.tasks.labels import LabelTask
from tastetune.tasks.lists import ListTask
from tastetune.tasks.rating import RatingTask
from tastetune.tasks.stream import StreamRatingTask, StreamTask
from tastetune.tasks.streams.lists import StreamListTask
from tastetune.tasks.task import Measured, Rows, Task

__all__ = ["TASKS", "Measured", "Rows", "Task", "label_task_of", "task_of"]

TASKS: dict[str, Task] = {
    task.config: task
    for task in (LabelTask(), RatingTask(), StreamTask(), StreamRatingTask(), ListTask(), StreamListTask())
}
"""Every task by its name, which a recipe's `dataset_config` gives."""


def task_of(dataset: BuiltDataset, config: str | None = None) -> Task:
    """The task named `config`, or the one that the dataset's rows were made for.

    Raises:
        InputError: there is no such task, or the dataset has no rows for it.
    """
    name = config or dataset.task
    if name not in TASKS:
        raise InputError(f"dataset_config is {name!r}; expected one of {', '.join(TASKS)}")
    task = TASKS[name]
    if task.rows_config != dataset.task:
        fitting = ", ".join(other.config for other in TASKS.values() if other.rows_config == dataset.task)
        raise InputError(
            f"dataset_config is {name!r}, which asks rows of {task.rows_config!r}, and {dataset.source} has those of "
            f"{dataset.task!r}; name one of {fitting or 'no task'}, or another dataset"
        )
    return task


def label_task_of(dataset: BuiltDataset, config: str | None = None) -> LabelTask:
    """As `task_of`, for what asks about one item at a time.

    Raises:
        InputError: also where the rows ask for lists.
    """
    task = task_of(dataset, config)
    if not isinstance(task, LabelTask):
        raise InputError(
            f"{dataset.source}: its rows ask for lists, and here single items are asked about; name a recipe of likes, "
            "such as recipes/ml1m.yaml"
        )
    return task

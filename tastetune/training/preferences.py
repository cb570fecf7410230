"""Preference pairs from real likes and dislikes: with what one prompt should rather, and rather not, go on.

For direct preference optimisation (Rafailov et al., NeurIPS 2023, https://arxiv.org/abs/2305.18290).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from datasets import Dataset

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError
from tastetune.language_models.chat import TEMPLATE_VALUES
from tastetune.tasks import task_of
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.order import order_of
from tastetune.tasks.prompts import read_rows
from tastetune.tasks.top_n import TopN

COUNTS = ("pairs", "left_out")
"""Pairs made, and rows (of lists: users) that no pair could be made of."""


def read_pairs(dataset: BuiltDataset, config: str | None, split: str) -> tuple[Dataset, dict[str, int]]:
    """Rows of `prompt`, `chosen` and `rejected` for TRL's `DPOTrainer`, and `COUNTS`.

    `like_dislike`: each liked row of a user with the next disliked one (see `candidate_pairs`). `top_n`: the ten films
    of the gold list against the same list with every other line spoilt (see `list_pair`).

    Raises:
        InputError: a config of neither kind, or no pair can be made.
    """
    pairings = {"like_dislike": _candidate_pairs, "top_n": _list_pairs}
    task = task_of(dataset, config).config
    if task not in pairings:
        raise InputError(f"dataset_config {task!r}: pairs are made of {' or '.join(pairings)}")
    pairs, left_out = pairings[task](dataset, split)
    if not pairs:
        raise InputError(f"{dataset.source}: no pair can be made of split {split!r}; build it from a longer log")
    return Dataset.from_list(pairs), dict(zip(COUNTS, (len(pairs), left_out), strict=True))


def _candidate_pairs(dataset: BuiltDataset, split: str) -> tuple[list[dict], int]:
    task = dataset.worded(LikeDislike)
    columns = ["user_id", "item_id", "label", "timestamp", "prompt"]
    rows = order_of(dataset).sorted(read_rows(dataset, "like_dislike", split, columns)).to_pylist()
    pairs = [
        pair for _, mine in groupby(rows, key=lambda row: row["user_id"]) for pair in candidate_pairs(list(mine), task)
    ]
    return pairs, len(rows) - 2 * len(pairs)


def candidate_pairs(rows: Sequence[Mapping], task: LikeDislike) -> Iterator[dict[str, str]]:
    """Pairs of one user: after the same history, "this liked film: Yes" rather than "this disliked film: Yes".

    The first like and the first dislike make a pair, the second ones the next, and so on. The history is the earlier
    row's, so that neither film is in it.

    Args:
        rows: one user's, in order, with `label` and `prompt`.
    """
    places = range(len(rows))
    likes, dislikes = ([place for place in places if rows[place]["label"] == label] for label in (1, 0))
    for pair in zip(likes, dislikes, strict=False):
        before, _ = task.parted(rows[min(pair)]["prompt"])
        chosen, rejected = (task.parted(rows[place]["prompt"])[1] + task.completion(1) for place in pair)
        yield {"prompt": before, "chosen": chosen, "rejected": rejected}


def _list_pairs(dataset: BuiltDataset, split: str) -> tuple[list[dict], int]:
    task = dataset.worded(TopN)
    items = dataset.read("items", "train", ["item_id", "title"])
    titles = dict(zip(*(items[name].to_pylist() for name in ("item_id", "title")), strict=True))
    counts = dataset.item_counts("train")
    popular = sorted(counts, key=lambda item: (-counts[item], item))
    rows = dataset.read(dataset.task, split, [dataset.seen, "gold", "prompt"]).to_pylist()
    lists = [list_pair(row[dataset.seen], row["gold"], popular, task.n) for row in rows]
    pairs = [
        {
            "prompt": row["prompt"],
            "chosen": task.completion([titles[item] for item in pair[0]]),
            "rejected": task.completion([titles[item] for item in pair[1]]),
            "chat_template_kwargs": TEMPLATE_VALUES,
        }
        for row, pair in zip(rows, lists, strict=True)
        if pair
    ]
    return pairs, len(rows) - len(pairs)


def list_pair(
    seen: Sequence[str], gold: Sequence[str], popular: Sequence[str], n: int
) -> tuple[list[str], list[str]] | None:
    """The first `n` of the gold list, and the same list with less of the gold; None if nothing else is there to name.

    In the second every other line, from the first on, names the next most popular item that is neither gold nor the
    user's own. The lists differ in nothing else: against the most popular items as such, whose gold ones would be
    rejected too, the model would learn to avoid what is popular.

    Args:
        seen: item ids of what the user knows.
        gold: item ids, best first.
        popular: item ids, most popular first.
    """
    chosen, own = list(gold[:n]), {*seen, *gold}
    others = [item for item in popular if item not in own]
    if len(others) < (len(chosen) + 1) // 2:
        return None
    rejected = [others[place // 2] if place % 2 == 0 else item for place, item in enumerate(chosen)]
    return chosen, rejected

"""A small made dataset of lists, laid out as a built one."""

import json
from collections import Counter
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from made import digests, make_dataset
from made_log import items_table, log_table

from tastetune.artifacts.dataset import open_dataset
from tastetune.data.card import Source
from tastetune.data.lists.rows import SCHEMA, fingerprint, render
from tastetune.data.splits import SPLITS
from tastetune.data.top_n import ListArguments, build_lists
from tastetune.tasks.top_n import TopN

_SOURCE = Source("made", "A made log", "Made up.", "Titles as made.", "Do as you like.", redistribution=True)


def make_lists(folder: str | Path, n_users: int = 30, n_items: int = 40, task: TopN | None = None) -> Path:
    """Write lists of `n_users` into `folder` and return it.

    The favourites are a user's ten best rated films; the gold list is, of the other films that the user rated, those
    that most users rated, twelve at most. Seven tenths of the users are train, two validation, one test, each with
    the interactions of its own users.
    """
    folder, task = Path(folder), task or TopN()
    dataset = open_dataset(make_dataset(folder / "ratings", n_users, n_items))
    log = dataset.read("interactions", "train+validation+test").to_pylist()
    watched = Counter(row["item_id"] for row in log)
    lists = []
    for user, rows in groupby(sorted(log, key=lambda row: row["user_id"]), key=lambda row: row["user_id"]):
        best = [row["item_id"] for row in sorted(rows, key=lambda row: (-row["rating"], row["item_id"]))]
        gold = sorted(best[10:], key=lambda item: (-watched[item], item))[:12]
        lists.append({"user_id": user, "liked": best[:10], "gold": gold})
    items = dataset.read("items", "train").to_pylist()
    titles = {item["item_id"]: item["title"] for item in items}
    cuts = [0, 7 * len(lists) // 10, 9 * len(lists) // 10, len(lists)]
    rendered = {}
    for split, start, stop in zip(SPLITS, cuts, cuts[1:], strict=False):
        part, users = lists[start:stop], {row["user_id"] for row in lists[start:stop]}
        rendered[split] = render(pa.Table.from_pylist(part), task, titles)
        _write(folder / "top_n" / f"{split}.parquet", rendered[split].cast(SCHEMA))
        rows = [row for row in log if row["user_id"] in users]
        _write(folder / "interactions" / f"{split}.parquet", pa.Table.from_pylist(rows))
    _write(folder / "items" / "train.parquet", pa.Table.from_pylist(items))
    settings = {"task": {"n": task.n}, "redistribution": True}
    counts = {"rows": {split: len(table) for split, table in rendered.items()}}
    info = {"name": "made-lists", "fingerprint": fingerprint(rendered.values()), "settings": settings, "counts": counts}
    info["files"] = digests(folder)
    (folder / "tastetune.json").write_text(json.dumps(info), encoding="utf-8")
    (folder / "README.md").write_text("---\npretty_name: made lists\n---\n", encoding="utf-8")
    return folder


def make_futures(folder: str | Path, n_users: int = 20) -> Path:
    """Write lists of `n_users` into `folder` and return it: each rates 12 of 20 items, a second apart."""
    log = [
        (f"u{user:02}", str((7 * user + 3 * place) % 20 + 1), float((user * place) % 5 + 1), 100 * user + place)
        for user in range(1, n_users + 1)
        for place in range(12)
    ]
    few = {"liked": 3, "favourites_over": 0, "favourite": 4.0, "train_share": 0.5, "validation_share": 0.2}
    build_lists(log_table(log), items_table(), _SOURCE, ListArguments(output_dir=str(folder), gold="future", **few))
    return Path(folder)


def _write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)

"""A small made dataset with the exact layout of a built one, and a taste that can be learnt."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tastetune.artifacts.dataset import INFO, LIKE_FROM
from tastetune.artifacts.digests import digest_of_file
from tastetune.tasks.like_dislike import Item, LikeDislike

HISTORY_LENGTH = 10
GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance")
FIRST = ("Silent", "Golden", "Broken", "Hidden", "Distant", "Electric", "Paper", "Midnight", "Crimson", "Last")
SECOND = ("River", "Garden", "Engine", "Letter", "Harbour", "Winter", "Mirror", "Station", "Voyage", "Lantern")

INTERACTIONS = pa.schema(
    [("user_id", pa.string()), ("item_id", pa.string()), ("rating", pa.float64()), ("timestamp", pa.int64())]
)
ITEMS = pa.schema([("item_id", pa.string()), ("title", pa.string()), ("genres", pa.list_(pa.string()))])
LIKE_DISLIKE = pa.schema(
    [
        ("example_id", pa.string()),
        ("user_id", pa.string()),
        ("item_id", pa.string()),
        ("label", pa.int64()),
        ("rating", pa.float64()),
        ("timestamp", pa.int64()),
        ("history", pa.list_(pa.string())),
        ("history_ratings", pa.list_(pa.float64())),
        ("prompt", pa.string()),
        ("completion", pa.string()),
    ]
)


def make_dataset(folder: str | Path, n_users: int = 60, n_items: int = 40, seed: int = 0) -> Path:
    """Write a made dataset of `n_users` x `n_items` into `folder` and return it.

    Stars are 3.6 + a user's generosity + an item's quality + the product of two-dimensional tastes + noise,
    rounded into 1..5. Each user rates between a third and two thirds of the items, several at one moment.
    Of a user's n ratings in the order (timestamp, item_id) the first 81% are train, then validation up to 90%, then
    test. A history holds the last ten before the target.
    """
    folder = Path(folder)
    rng = np.random.default_rng(seed)
    items = _items(n_items)
    task = LikeDislike()
    interactions, rows = _empty(), _empty()
    for ratings in _ratings(n_users, n_items, rng):
        for place, rating in enumerate(ratings):
            split = _split(place, len(ratings))
            interactions[split].append(rating)
            rows[split].append(_row(rating, ratings[max(0, place - HISTORY_LENGTH) : place], items, task))
    rows["test_sample"] = [rows["test"][i] for i in sorted(rng.permutation(len(rows["test"]))[:20])]
    for split in ("train", "validation", "test"):
        _write(folder / "interactions" / f"{split}.parquet", interactions[split], INTERACTIONS)
    for split, part in rows.items():
        _write(folder / "like_dislike" / f"{split}.parquet", part, LIKE_DISLIKE)
    _write(folder / "items" / "train.parquet", list(items.values()), ITEMS)
    _write_info(
        folder, rows, {"seed": seed, "history_length": HISTORY_LENGTH, "task": asdict(task), "redistribution": True}
    )
    return folder


def _empty() -> dict[str, list]:
    return {"train": [], "validation": [], "test": []}


def _items(n_items: int) -> dict[str, dict]:
    made = {}
    for i in range(n_items):
        title = f"{FIRST[i % 10]} {SECOND[i // 10 % 10]} {i // 100 or ''}".strip() + f" ({1950 + i % 50})"
        made[f"i{i}"] = {"item_id": f"i{i}", "title": title, "genres": [GENRES[i % 5], GENRES[(i // 5 + 2) % 5]]}
    return made


def _ratings(n_users: int, n_items: int, rng: np.random.Generator):
    """One user's ratings at a time, in the order (timestamp, item_id)."""
    quality, tastes = rng.normal(0, 0.7, n_items), rng.normal(0, 0.8, (n_items, 2))
    for user in range(n_users):
        generosity, taste = rng.normal(0, 0.4), rng.normal(0, 0.8, 2)
        seen = rng.permutation(n_items)[: rng.integers(n_items // 3, 2 * n_items // 3 + 1)]
        stars = 3.6 + generosity + quality[seen] + tastes[seen] @ taste + rng.normal(0, 0.3, len(seen))
        times = 1_000_000_000 + 1000 * user + rng.integers(0, len(seen), len(seen))
        found = [
            {"user_id": f"u{user}", "item_id": f"i{i}", "rating": float(r), "timestamp": int(t)}
            for i, r, t in zip(seen, np.clip(np.round(stars), 1, 5), times, strict=True)
        ]
        yield sorted(found, key=lambda row: (row["timestamp"], row["item_id"]))


def _split(place: int, n: int) -> str:
    if place < int(0.81 * n):
        return "train"
    return "validation" if place < int(0.9 * n) else "test"


def _row(rating: dict, history: list[dict], items: dict[str, dict], task: LikeDislike) -> dict:
    label = int(rating["rating"] >= LIKE_FROM)
    named = [Item(items[past["item_id"]]["title"], items[past["item_id"]]["genres"]) for past in history]
    target = Item(items[rating["item_id"]]["title"], items[rating["item_id"]]["genres"])
    stars = [past["rating"] for past in history]
    return rating | {
        "example_id": f"{rating['user_id']}:{rating['item_id']}",
        "label": label,
        "history": [past["item_id"] for past in history],
        "history_ratings": stars,
        "prompt": task.prompt(named, stars, target),
        "completion": task.completion(label),
    }


def _write(path: Path, rows: list[dict], schema: pa.Schema) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), path)


def _write_info(folder: Path, rows: dict[str, list], settings: dict) -> None:
    digest = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    counts = {split: len(part) for split, part in rows.items()}
    info = {"name": "made", "fingerprint": digest[:16], "settings": settings, "counts": counts}
    info["files"] = digests(folder)
    (folder / INFO).write_text(json.dumps(info, indent=2), encoding="utf-8")
    (folder / "README.md").write_text("---\npretty_name: made\n---\n\n# A made dataset\n", encoding="utf-8")


def digests(folder: Path) -> dict[str, str]:
    """The digest of each parquet file, as a builder writes it into `tastetune.json`."""
    return {path.relative_to(folder).as_posix(): digest_of_file(path) for path in folder.glob("*/*.parquet")}


def sealed(folder: Path) -> Path:
    """The dataset in `folder` with the digests of its files as they are now: one that was built like this."""
    info = json.loads((folder / INFO).read_text(encoding="utf-8"))
    (folder / INFO).write_text(json.dumps(info | {"files": digests(folder)}), encoding="utf-8")
    return folder


def rewritten(table: pa.Table, path: Path) -> None:
    """Write `table` in place of a dataset's file, as if the dataset had been built with it."""
    pq.write_table(table, path)
    sealed(path.parents[1])

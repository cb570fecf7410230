"""How time and memory grow with a log: made ratings through the builder, the trivial models and the scorer.

    python benchmarks/scale.py                                      # 100,000 and 1 million ratings
    python benchmarks/scale.py --ratings 10_000_000 --keep_dir outputs/scale
    python benchmarks/scale.py --ratings 100_000_000 --keep_dir outputs/scale --only built
    python benchmarks/readme_table.py results/scale docs/scale.md

Each stage is a process of its own; its seconds and its peak memory are the system's. What was measured is written into
results/scale/ as soon as a stage ends, one file a size, from which the tables of docs/scale.md are made. The bounds at
100 million ratings are 30 minutes and 24 GiB for the builder, on two cores. With --keep_dir the made log and what is
built of it are left there, and a log that is there is taken; --only names the stages to run, each of which needs what
those before it left.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from tastetune.errors import run
from tastetune.files import replacing
from tastetune.growth import measured, write_stage

RATINGS_A_USER, ITEMS, CHUNK = 100, 20_000, 1 << 22
USERS_AT_ONCE = 100_000
STAGES = {"built": "Dataset built", "trivial": "Trivial models", "scores": "Scores"}
RESAMPLES = 100
FIRST_MOMENT, SECONDS = 1_000_000_000, 10 * 365 * 86_400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of the logs")
    parser.add_argument("--keep_dir", type=Path, help="folder for the logs and datasets (default: none is kept)")
    parser.add_argument("--only", nargs="+", choices=STAGES, default=list(STAGES), help="stages (default: all)")
    args = parser.parse_args()
    for ratings in args.ratings:
        with tempfile.TemporaryDirectory() as scratch:
            folder = (args.keep_dir or Path(scratch)) / str(ratings)
            if not (folder / "ratings.csv").is_file():
                write_log(folder, ratings)
            for stage in args.only:
                write_stage(ratings, STAGES[stage], measured(command(stage, folder)))


def command(stage: str, folder: Path) -> list[str]:
    """What a stage runs."""
    log = ["--log", str(folder / "ratings.csv"), "--items", str(folder / "items.csv")]
    run = ["--run_dir", str(folder / "run")]
    built = [*log, "--output_dir", str(folder / "run" / "data"), "--store", "parts"]
    return {
        "built": ["data_builders/csv_log.py", *built],
        "trivial": ["scripts/baseline.py", *run],
        "scores": ["scripts/score.py", *run, "--resamples", str(RESAMPLES)],
    }[stage]


def write_log(folder: Path, ratings: int) -> None:
    """`ratings.csv` and `items.csv`: users of unlike activity, items of unlike popularity, and who likes what."""
    folder.mkdir(parents=True, exist_ok=True)
    items = min(ITEMS, ratings // 50)
    names = ["user_id", "item_id", "rating", "timestamp"]
    schema = pa.schema([(name, pa.int64()) for name in names])
    with replacing(folder / "ratings.csv") as path, csv.CSVWriter(path, schema) as file:
        for columns in made(np.random.default_rng(0), ratings // RATINGS_A_USER, items, ratings):
            file.write_table(pa.table(dict(zip(names, columns, strict=True)), schema=schema))
    titles = [f"Title {number}" for number in range(items)]
    csv.write_csv(pa.table({"item_id": pa.array(range(items)), "title": titles}), folder / "items.csv")


def made(rng: np.random.Generator, users: int, items: int, ratings: int) -> Iterator[list[np.ndarray]]:
    """Users, items, stars and times, by user, some at a time."""
    quality = None
    for first in range(0, users, USERS_AT_ONCE):
        block = min(USERS_AT_ONCE, users - first)
        keys = pairs(rng, block, items, ratings * (first + block) // users - ratings * first // users)
        generosity = rng.normal(0, 0.5, block)
        quality = rng.normal(0, 0.5, items) if quality is None else quality
        for start in range(0, len(keys), CHUNK):
            user, item = np.divmod(keys[start : start + CHUNK], items)
            stars = 3.6 + generosity[user] + quality[item] + rng.normal(0, 1, len(user))
            time = FIRST_MOMENT + rng.integers(0, SECONDS, len(user))
            yield [first + user, item, np.clip(np.rint(stars), 1, 5).astype(np.int64), time]


def pairs(rng: np.random.Generator, users: int, items: int, n: int) -> np.ndarray:
    """`n` distinct pairs as user * items + item, ascending; int64."""
    activity = np.cumsum(rng.lognormal(0, 1, users))
    popularity = np.cumsum(1 / (np.arange(items) + 10.0))
    keys = np.empty(0, np.int64)
    while len(keys) < n:
        keys = np.unique(np.concatenate([keys, *drawn(rng, activity, popularity, 5 * (n - len(keys)) // 4 + 100)]))
    return np.delete(keys, rng.choice(len(keys), len(keys) - n, replace=False))


def drawn(rng: np.random.Generator, activity: np.ndarray, popularity: np.ndarray, n: int) -> Iterator[np.ndarray]:
    for size in (min(CHUNK, n - start) for start in range(0, n, CHUNK)):
        user, item = (
            np.searchsorted(edges, rng.random(size) * edges[-1], side="right") for edges in (activity, popularity)
        )
        yield user * len(popularity) + item


if __name__ == "__main__":
    run(main)

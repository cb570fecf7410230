"""Make a lending library's log: readers, books and stars, with a taste in it that can be learnt.

    python benchmarks/made_books.py --output_dir outputs/library

Writes loans.csv (reader, book, stars, date) and books.csv (book, name, shelf). Nobody's data: all is drawn by seed.
"""

import argparse
import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from tastetune.files import replacing

SHELVES = ("Crime", "Poetry", "Travel", "History")
FIRST = ("The Quiet", "A Distant", "The Last", "Our Broken", "Another", "The Glass", "My Northern", "The Second")
SECOND = ("Orchard", "Winter", "Letter", "Harbour", "Daughter", "Map", "Garden", "Kingdom", "Silence", "Crossing")
OPENING = datetime(2020, 1, 6, 9, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output_dir", type=Path, required=True, help="folder for the two files")
    parser.add_argument("--readers", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    names = [f"{first} {second}" for second in SECOND for first in FIRST]
    rng = np.random.default_rng(args.seed)
    quality, shelf = rng.normal(0, 0.6, len(names)), rng.integers(0, len(SHELVES), len(names))
    with replacing(args.output_dir / "books.csv") as path, path.open("w", newline="", encoding="utf-8") as file:
        rows = ((f"b{book:03}", name, SHELVES[shelf[book]]) for book, name in enumerate(names))
        csv.writer(file).writerows([("book", "name", "shelf"), *rows])
    with replacing(args.output_dir / "loans.csv") as path, path.open("w", newline="", encoding="utf-8") as file:
        log = csv.writer(file)
        log.writerow(("reader", "book", "stars", "date"))
        for reader in range(args.readers):
            generosity, favours = rng.normal(0, 0.5), rng.normal(0, 0.8, len(SHELVES))
            read = rng.permutation(len(names))[: rng.integers(15, 40)]
            stars = 3.6 + generosity + quality[read] + favours[shelf[read]] + rng.normal(0, 0.5, len(read))
            days = np.sort(rng.integers(0, 700, len(read)))
            for book, rating, day in zip(read, np.clip(stars.round(), 1, 5), days, strict=True):
                date = (OPENING + timedelta(days=int(day))).isoformat()
                log.writerow((f"r{reader:04}", f"b{book:03}", int(rating), date))
    print(f"log: {args.output_dir / 'loans.csv'}, catalogue: {args.output_dir / 'books.csv'}")


if __name__ == "__main__":
    main()

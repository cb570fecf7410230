"""A made library: books, and readers who loan them."""

import csv
from pathlib import Path

BOOKS = 12


def write_books(folder: Path, titles: dict[int, str] | None = None) -> Path:
    """A catalogue of books with ids 001 to 012, titles and categories."""
    rows = [
        [f"{n:03}", (titles or {}).get(n, f"Book {n}"), "prose; verse" if n % 2 else "prose"]
        for n in range(1, BOOKS + 1)
    ]
    return write_csv(folder / "books.csv", ["isbn", "name", "shelves"], rows)


def write_csv(path: Path, header: list[str], rows: list[list]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def loans() -> list[list]:
    """Six readers, ten loans each: reader, isbn, stars, date."""
    return [
        [f"r{reader}", f"{(reader + loan) % BOOKS + 1:03}", (reader * loan) % 5 + 1, f"2024-01-{loan + 1:02}T12:00:00Z"]
        for reader in range(6)
        for loan in range(10)
    ]


def write_loans(folder: Path, rows: list[list] | None = None) -> Path:
    return write_csv(folder / "loans.csv", ["reader", "isbn", "stars", "when"], rows or loans())


LOG = ("--user_column", "reader", "--item_column", "isbn", "--id_column", "isbn", "--title_column", "name")
STARS = (*LOG, "--rating_column", "stars", "--time_column", "when")
WORDS = ("--item_word", "book", "--items_word", "books", "--user_word", "reader", "--verb", "enjoy")


def write_three_files(folder: Path) -> tuple[dict[str, list], list]:
    """A split of the loans' own, likes of 0 and 1 alone: its rows, and the flags that name its files."""
    parts = {"train": loans()[::2], "validation": loans()[1::4], "test": loans()[3::4]}
    flags = []
    for name, rows in parts.items():
        liked = [[reader, book, int(stars >= 4)] for reader, book, stars, _ in rows]
        flags += [f"--{name}_log", write_csv(folder / f"{name}.csv", ["reader", "isbn", "liked"], liked)]
    return parts, [*flags, "--items", write_books(folder), *LOG, "--like_column", "liked"]

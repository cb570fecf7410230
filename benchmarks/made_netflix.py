"""Make a log in the Netflix Prize's format, with the Prize's size and skew, so that reading and mining can be timed.

    python benchmarks/made_netflix.py --output_dir outputs/made-netflix
    python benchmarks/made_netflix.py --output_dir outputs/made-netflix --scale 0.01

Films' and users' numbers of ratings follow the Prize's published quartiles and extremes; who watches and likes what
follows a handful of made tastes, so that neighbours exist. Nothing of the Prize's data is used.
"""

import argparse
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv
from tqdm import tqdm

RATINGS, USERS, FILMS = 100_480_507, 480_189, 17_770
FILES, TASTES, CUSTOMER_IDS = 4, 8, 2_649_429
FIRST_DAY, LAST_DAY = np.datetime64("1999-11-11"), np.datetime64("2005-12-31")
# (share of films or users, number of ratings at most): the Prize's quartiles and extremes, with points in the upper
# tail chosen so that the means come out right.
FILM_COUNTS = (0, 0.25, 0.5, 0.75, 0.95, 0.99, 1), (3, 192, 561, 2_668, 24_000, 83_000, 232_944)
USER_COUNTS = (0, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1), (1, 39, 96, 259, 690, 1_300, 2_600, 17_653)


def counts(quantiles: tuple, n: int) -> np.ndarray:
    """`n` numbers of ratings, ascending along a log-linear quantile curve; float64."""
    return np.exp(np.interp((np.arange(n) + 0.5) / n, quantiles[0], np.log(quantiles[1])))


def film_counts(films: int, users: int, total: int) -> np.ndarray:
    """How many users rate each film, ascending: at least 3, at most half of them, `total` in all."""
    along = counts(FILM_COUNTS, films)
    whole = np.clip(np.rint(along * (total / along.sum())), 3, users // 2).astype(int)
    middle = slice(films // 4, -films // 10)
    share, rest = divmod(total - whole.sum(), len(whole[middle]))
    whole[middle] += share
    whole[middle][:rest] += 1
    return whole


def draw_users(rng: np.random.Generator, weights: np.ndarray, n: int, sure: np.ndarray) -> np.ndarray:
    """`n` distinct users in random order: those `sure`, others by weight.

    Few are drawn again and again until there are enough, many by an exponential race.
    """
    if n < len(weights) // 200:
        edges = np.cumsum(weights)
        drawn = np.empty(0, dtype=np.int64)
        while len(drawn) < n:
            more = np.searchsorted(edges, rng.random(2 * n) * edges[-1], side="right")
            drawn = np.unique(np.concatenate([drawn, more]))
    else:
        drawn = np.argpartition(rng.standard_exponential(len(weights), dtype=np.float32) / weights, n - 1)[:n]
    return rng.permutation(np.append(sure, rng.permutation(np.setdiff1d(drawn, sure))[: n - len(sure)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output_dir", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the Prize's users and of its films")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    rng = np.random.default_rng(args.seed)
    users, films = max(50, round(USERS * args.scale)), max(50, round(FILMS * args.scale))
    total = round(RATINGS * (users / USERS) * (films / FILMS))

    customers = np.sort(rng.choice(np.arange(1, CUSTOMER_IDS + 1, dtype=np.int32), users, replace=False))
    activity = rng.permutation(counts(USER_COUNTS, users)).astype(np.float32)
    user_taste, user_bias = rng.integers(TASTES, size=users), rng.normal(0, 0.4, users).astype(np.float32)
    weights = [activity * np.where(user_taste == taste, 3.0, 1.0).astype(np.float32) for taste in range(TASTES)]

    popularity = rng.permutation(film_counts(films, users, total))
    # One film is sure for each user, so that nobody is left without a rating.
    sure = rng.choice(films, users, p=popularity / total)
    sure_users, sure_ends = np.argsort(sure, kind="stable"), np.searchsorted(np.sort(sure), np.arange(films + 1))
    film_taste, quality = rng.integers(TASTES, size=films), rng.normal(3.5, 0.5, films)

    args.output_dir.mkdir(parents=True, exist_ok=True)
    with tqdm(total=total, unit=" ratings", unit_scale=True) as progress:
        for part, block in enumerate(np.array_split(np.arange(films), FILES), start=1):
            with (args.output_dir / f"combined_data_{part}.txt").open("wb") as file:
                for film in block:
                    named = sure_users[sure_ends[film] : sure_ends[film + 1]][: popularity[film]]
                    chosen = draw_users(rng, weights[film_taste[film]], popularity[film], named)
                    liking = quality[film] + user_bias[chosen] + 0.6 * (user_taste[chosen] == film_taste[film])
                    stars = np.clip(np.rint(liking + rng.normal(0, 0.8, len(chosen))), 1, 5).astype(np.int8)
                    days = (rng.random(len(chosen)) ** 2 * (LAST_DAY - FIRST_DAY).astype(int)).astype(int)
                    table = pa.table(
                        [customers[chosen], stars, pa.array(LAST_DAY - days)], ["customer", "stars", "date"]
                    )
                    section = io.BytesIO()
                    csv.write_csv(table, section, csv.WriteOptions(include_header=False, quoting_style="none"))
                    file.write(b"%d:\n" % (film + 1) + section.getvalue())
                    progress.update(len(chosen))
    titles = [f"{film + 1},{1920 + film % 86},Made Film, No. {film + 1}" for film in range(films)]
    (args.output_dir / "movie_titles.csv").write_text("\n".join(titles) + "\n", encoding="iso-8859-1")
    print(f"{args.output_dir}: {total:,} ratings by {users:,} customers of {films:,} films")


if __name__ == "__main__":
    main()

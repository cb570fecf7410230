"""Time of the bootstrap: every metric's interval of many models on many rows, and the paired differences.

    python benchmarks/bootstrap.py
    python benchmarks/bootstrap.py --rows 50000 --models 20 --resamples 1000

The rows are made: users with unequal numbers of rows, half of the models giving probabilities, half stars.
"""

import argparse
import resource
import time

import numpy as np
from tqdm import tqdm

from tastetune.evaluation.bootstrap import draws, interval, p_value
from tastetune.metrics.labelled import PROBABILITY, STARS, ScoredRows, label_metrics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--users", type=int, default=3_000)
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--resamples", type=int, default=1_000)
    args = parser.parse_args()

    models = [made(args.rows, args.users, seed) for seed in range(args.models)]
    start, start_cpu = time.perf_counter(), time.process_time()
    drawn = draws(args.users, args.resamples, seed=0)
    reference, count = None, 0
    for model in tqdm(models, desc="models"):
        found = label_metrics(model, drawn)
        reference = reference or found
        for name, values in found.items():
            interval(values)
            p_value(values - reference[name])
            count += not np.isnan(values[0])
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{args.rows} rows x {args.models} models x {args.resamples} resamples, {count} intervals: "
        f"{seconds:.1f} s ({cpu_seconds:.1f} s of CPU), peak {peak:.2f} GiB"
    )


def made(rows: int, n_users: int, seed: int) -> ScoredRows:
    rng = np.random.default_rng(seed)
    shared = np.random.default_rng(0)
    users = np.minimum(shared.exponential(n_users / 4, rows).astype(int), n_users - 1)
    ratings = shared.integers(1, 6, rows).astype(float)
    scores = ratings + rng.normal(0, 1.5, rows)
    scale = PROBABILITY if seed % 2 else STARS
    scores = 1 / (1 + np.exp(3.5 - scores)) if scale == PROBABILITY else np.clip(scores, 1, 5)
    yes = (scores >= (0.5 if scale == PROBABILITY else 4)).astype(int)
    return ScoredRows((ratings >= 4).astype(int), users, n_users, ratings, scores, yes, scale)


if __name__ == "__main__":
    main()

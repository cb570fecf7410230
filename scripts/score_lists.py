"""Score recommended lists: one table for every model that answered the same users.

    python scripts/score_lists.py --dataset outputs/netflix50/data --predictions outputs/netflix50/predictions \\
        --output_dir outputs/netflix50
    python scripts/score_lists.py --from_scores outputs/netflix50/scores.json --output_dir outputs/netflix50

Writes into the output folder scores.json, and what is rendered from it: leaderboard.md and leaderboard.png.
--from_scores renders again without scoring.
"""

import argparse
import json
from pathlib import Path

from tastetune import cards, plots
from tastetune.answers import find_predictions
from tastetune.dataset import open_dataset
from tastetune.errors import InputError, run
from tastetune.evaluate import read_scores
from tastetune.files import write_all
from tastetune.list_evaluate import MAIN, score_lists
from tastetune.list_predictions import read_lists
from tastetune.list_rows import read_list_rows


def main() -> None:
    args = parse()
    output = Path(args.output_dir)

    # 1. Scores
    if args.from_scores:
        scores = read_scores(args.from_scores)
    else:
        scores = score_lists(
            read_list_rows(open_dataset(args.dataset), args.split),
            [read_lists(path) for path in find_predictions(args.predictions)],
            reference=args.reference,
            resamples=args.resamples,
            seed=args.seed,
            home=output,
        )

    # 2. What is shown, all of it rendered before anything is written: a fault leaves every file as it was
    files = {
        output / "scores.json": json.dumps(scores, indent=1, allow_nan=False, ensure_ascii=False) + "\n",
        output / "leaderboard.md": cards.list_leaderboard(scores),
        output / "leaderboard.png": plots.leaderboard(scores, MAIN),
    }

    # 3. Files
    write_all(files)
    print(f"scores: {len(scores['models'])} models on {scores['dataset']['n']} users, in {output}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", help="built dataset of lists: its folder or Hub id")
    parser.add_argument("--split", default="test", help="the split to score (default: test)")
    parser.add_argument("--predictions", nargs="+", help="prediction files, or folders of them")
    parser.add_argument("--output_dir", required=True, help="folder to write to")
    parser.add_argument("--reference", help="model to compare the others with (default: most_cowatched, if there)")
    parser.add_argument("--resamples", type=int, default=1000, help="bootstrap resamples of the users (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the resamples (default: 0)")
    parser.add_argument("--from_scores", help="a scores.json to render again, in place of --dataset and --predictions")
    args = parser.parse_args()
    if not args.from_scores and not (args.dataset and args.predictions):
        raise InputError("--dataset and --predictions say what to score; give both, or --from_scores")
    if args.resamples < 1:
        raise InputError(f"--resamples is {args.resamples}; give at least 1, a thousand by custom")
    return args


if __name__ == "__main__":
    run(main)

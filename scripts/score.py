"""Score predictions: one table for every model that answered the same rows.

    python scripts/score.py --dataset outputs/ml1m/data --split test \\
        --predictions outputs/ml1m/predictions --output_dir outputs/ml1m
    python scripts/score.py --dataset outputs/ml1m/data --predictions svd.parquet sft-500.parquet --output_dir scores \\
        --adapter outputs/ml1m/adapter --reference svd
    python scripts/score.py --from_scores outputs/ml1m/scores.json --output_dir outputs/ml1m

Writes into the output folder scores.json, and what is rendered from it: leaderboard.md, leaderboard.png,
roc.png and report.html, a page to open in a browser; with --adapter also the adapter's model card, as README.md in its
folder. --from_scores renders again without scoring.

scores.json and the report hold a few rows to look at. Where the licence of the ratings forbids passing them on, their
prompts and ids are left out, unless --with_rows asks for them: then keep both files to yourself.

Predictions on the validation split, found in a folder `validation` beside the others, serve to choose a threshold.
"""

import argparse
import json
from pathlib import Path

from tastetune import cards, plots
from tastetune.answers import find_predictions, find_validation, read_rows
from tastetune.curves import read_learning_curve
from tastetune.dataset import open_dataset
from tastetune.errors import InputError, run
from tastetune.evaluate import read_scores, score
from tastetune.files import write_all
from tastetune.predictions import read_predictions
from tastetune.report import report


def main() -> None:
    args = parse()
    output = Path(args.output_dir)
    home = Path(args.from_scores).parent if args.from_scores else output

    # 1. Scores
    if args.from_scores:
        scores = read_scores(args.from_scores)
    else:
        paths = find_predictions(args.predictions)
        scores = score(
            read_rows(open_dataset(args.dataset), args.split),
            [read_predictions(path) for path in paths],
            validation=[read_predictions(path) for path in find_validation(paths)],
            reference=args.reference,
            resamples=args.resamples,
            seed=args.seed,
            with_text=True if args.with_rows else None,
            home=home,
        )
    if args.learning_curve:
        scores["learning_curve"] = read_learning_curve(args.learning_curve, scores)

    # 2. What is shown, all of it rendered before anything is written: a fault leaves every file as it was
    files = {
        output / "scores.json": json.dumps(scores, indent=1, allow_nan=False, ensure_ascii=False) + "\n",
        output / "leaderboard.md": cards.leaderboard(scores),
        output / "leaderboard.png": plots.leaderboard(scores),
        output / "roc.png": plots.roc_and_reliability(scores),
        output / "report.html": report(scores),
    }
    if args.adapter:
        adapter = Path(args.adapter)
        files[adapter / "README.md"] = cards.model_card(scores, adapter, home)
        files[adapter / "leaderboard.png"] = files[output / "leaderboard.png"]

    # 3. Files
    write_all(files)
    print(f"scores: {len(scores['models'])} models on {scores['dataset']['n']} rows, in {output}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", help="built dataset: its folder or Hub id")
    parser.add_argument("--split", default="test", help="the split to score (default: test)")
    parser.add_argument("--predictions", nargs="+", help="prediction files, or folders of them")
    parser.add_argument("--output_dir", required=True, help="folder to write to")
    parser.add_argument("--adapter", help="adapter folder to write a model card into")
    parser.add_argument("--reference", help="model to compare the others with (default: user_item_mean, if there)")
    parser.add_argument("--resamples", type=int, default=1000, help="bootstrap resamples of the users (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the resamples (default: 0)")
    parser.add_argument("--with_rows", action="store_true", help="show prompts and ids whatever the licence says")
    parser.add_argument("--learning_curve", help="a learning_curve.json of the same rows, for the report")
    parser.add_argument("--from_scores", help="a scores.json to render again, in place of --dataset and --predictions")
    args = parser.parse_args()
    if not args.from_scores and not (args.dataset and args.predictions):
        raise InputError("--dataset and --predictions say what to score; give both, or --from_scores")
    if args.resamples < 1:
        raise InputError(f"--resamples is {args.resamples}; give at least 1, a thousand by custom")
    if args.adapter and not Path(args.adapter).is_dir():
        raise InputError(f"--adapter {args.adapter}: no such folder; name the one that scripts/sft.py wrote")
    return args


if __name__ == "__main__":
    run(main)

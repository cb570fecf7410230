"""Score predictions: one table for every model that answered the same rows.

    python scripts/score.py --dataset outputs/ml1m/data --split test \\
        --predictions outputs/ml1m/predictions --output_dir outputs/ml1m
    python scripts/score.py --dataset outputs/ml1m/data --predictions svd.parquet sft-500.parquet --output_dir scores \\
        --adapter outputs/ml1m/adapter --reference svd
    python scripts/score.py --from_scores outputs/ml1m/scores.json --output_dir outputs/ml1m \\
        --probe outputs/ml1m/probe/zero-shot.json outputs/ml1m/probe/sft-500.json

Writes into the output folder scores.json, and what is rendered from it: leaderboard.md, leaderboard.png,
roc.png and report.html, a page to open in a browser; with --adapter also the adapter's model card, as README.md in its
folder. --from_scores renders again without scoring; --probe adds what the model knew of the catalogue before training.

scores.json and the report hold a few rows to look at. Where the licence of the ratings forbids passing them on, their
prompts and ids are left out, unless --with_rows asks for them: then keep both files to yourself.

Predictions on the validation split, found in a folder `validation` beside the others, serve to choose a threshold.
"""

import argparse
from pathlib import Path

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.errors import run
from tastetune.evaluation.learning_curve import read_learning_curve
from tastetune.evaluation.score_arguments import parse_scoring, scoring_parser
from tastetune.evaluation.scoring import read_scores, score
from tastetune.files import write_all
from tastetune.probe.probe import read_probes
from tastetune.reporting.files import rendered
from tastetune.tasks.answers import find_predictions, find_validation, read_rows


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
    if args.probe:
        scores["probes"] = read_probes(args.probe, scores)

    # 2. Files
    write_all(rendered(scores, output, args.adapter, home))
    print(f"scores: {len(scores['models'])} models on {scores['dataset']['n']} rows, in {output}")


def parse() -> argparse.Namespace:
    parser = scoring_parser(__doc__, dataset="", reference="user_item_mean")
    parser.add_argument("--learning_curve", help="a learning_curve.json of the same rows, for the report")
    return parse_scoring(parser)


if __name__ == "__main__":
    run(main)

"""Draw ROC-AUC against what training had cost, for a model's checkpoints and others' epochs on the same rows.

    python scripts/learning_curve.py --dataset outputs/ml1m/data --output_dir outputs/ml1m \\
        --predictions outputs/ml1m/curve outputs/ml1m/predictions/user_item_mean.parquet

Each checkpoint is a predictions file: scripts/predict.py --adapter outputs/ml1m/adapter/checkpoint-100 writes one,
scripts/baseline.py --each_epoch one an epoch. sft-100 and sft-500, or sasrec-epoch-1 and sasrec, are one curve.

Writes learning_curve.json and learning_curve.png; scripts/score.py --learning_curve puts the curve into the report.
"""

import argparse
import json
from pathlib import Path

from tastetune import plots
from tastetune.answers import find_predictions, read_rows
from tastetune.curves import learning_curve
from tastetune.dataset import open_dataset
from tastetune.errors import InputError, run
from tastetune.files import write_all
from tastetune.predictions import read_predictions


def main() -> None:
    args = parse()
    rows = read_rows(open_dataset(args.dataset), args.split)
    predictions = [read_predictions(path) for path in find_predictions(args.predictions)]
    curve = learning_curve(rows, predictions, args.resamples, args.seed)
    output = Path(args.output_dir)
    write_all(
        {
            output / "learning_curve.json": json.dumps(curve, indent=1, allow_nan=False, ensure_ascii=False) + "\n",
            output / "learning_curve.png": plots.learning_curve(curve),
        }
    )
    points = sum(len(found["points"]) for found in curve["curves"])
    print(f"learning curve: {len(curve['curves'])} models, {points} points, in {output}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", required=True, help="built dataset: its folder or Hub id")
    parser.add_argument("--split", default="test", help="the split to score (default: test)")
    parser.add_argument("--predictions", required=True, nargs="+", help="prediction files, or folders of them")
    parser.add_argument("--output_dir", required=True, help="folder to write to")
    parser.add_argument("--resamples", type=int, default=1000, help="bootstrap resamples of the users (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the resamples (default: 0)")
    args = parser.parse_args()
    if args.resamples < 1:
        raise InputError(f"--resamples is {args.resamples}; give at least 1, a thousand by custom")
    return args


if __name__ == "__main__":
    run(main)

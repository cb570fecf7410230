"""Draw ROC-AUC against what training had cost, for an adapter's checkpoints and baselines' epochs on the same rows.

    python scripts/learning_curve.py recipes/ml1m.yaml --adapter outputs/ml1m/adapter \\
        --baselines recbole_configs/sasrec.yaml recbole_configs/svd.yaml \\
        --predictions outputs/ml1m/predictions/user_item_mean.parquet --output_dir outputs/ml1m
    python scripts/learning_curve.py --dataset outputs/ml1m/data --predictions outputs/ml1m/curve --output_dir other

With a recipe, the one the adapter was trained with, its checkpoints answer the split, and so does the base model, the
point at no examples at all; other flags override the recipe's keys. `accelerate launch` in place of `python` spreads
the rows over several GPUs. Baselines are fitted and answer after every epoch. All answers are kept in OUTPUT_DIR/curve,
and one that is there of the same rows, model and settings is not made again: a command that was interrupted goes on.

--predictions adds what is answered already: sft-100 and sft-500, or sasrec-epoch-1 and sasrec, are one curve.

Writes learning_curve.json and learning_curve.png; scripts/score.py --learning_curve puts the curve into the report.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from tastetune.artifacts.dataset import BuiltDataset, open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.baselines import wait_passively
from tastetune.errors import InputError, run
from tastetune.evaluation.learning_curve import learning_curve, passing_lines
from tastetune.files import write_all
from tastetune.reporting import plots
from tastetune.tasks.answers import find_predictions, read_rows


def main() -> None:
    args, recipe = parse()
    wait_passively()
    output = Path(args.output_dir)

    # 1. Answers: those given, and those that are made here or were kept
    given = [read_predictions(path) for path in find_predictions(args.predictions)]
    dataset, made = answer(args, recipe, [prediction.meta.model for prediction in given])

    # 2. The curve
    predictions = [*map(read_predictions, made), *given]
    curve = learning_curve(read_rows(dataset, args.split), predictions, args.resamples, args.seed)

    # 3. Files
    write_all(
        {
            output / "learning_curve.json": json.dumps(curve, indent=1, allow_nan=False, ensure_ascii=False) + "\n",
            output / "learning_curve.png": plots.learning_curve(curve),
        }
    )
    points = sum(len(found["points"]) for found in curve["curves"])
    print(
        *passing_lines(curve), f"learning curve: {len(curve['curves'])} models, {points} points, in {output}", sep="\n"
    )


def answer(args: argparse.Namespace, recipe: list[str], taken: list[str]) -> tuple[BuiltDataset, list[Path]]:
    """The dataset, and the predictions files of checkpoints and epochs; models of the names `taken` are refused."""
    if not (args.adapter or args.baselines):
        return open_dataset(args.dataset), []
    from tastetune.training.data import checkpoints  # training's libraries take their time to load

    folder = Path(args.output_dir) / "curve"
    baselines = checkpoints.read_baselines(args.baselines, args.split)
    run = checkpoints.read_run(__doc__, recipe, args.adapter, args.split, args.name) if args.adapter else None
    checkpoints.refuse_doubles([*taken, *(run.models if run else ()), *(config.name for config in baselines)])
    made = run.answer(folder, args.max_batch_tokens) if run else []
    if int(os.environ.get("RANK", "0")):
        raise SystemExit(0)  # one of several processes, which has answered its part; the rest is for the first
    dataset = run.questions.dataset if run else open_dataset(args.dataset)
    for config in baselines:
        made += checkpoints.answer_epochs(config, dataset, args.split, folder)
    return dataset, made


def parse() -> tuple[argparse.Namespace, list[str]]:
    """The command line, and apart from it the recipe and what overrides that."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--adapter", help="a run's folder with checkpoints, which scripts/sft.py wrote; needs a recipe")
    parser.add_argument("--name", help="what its curve is called (default: the folder's name)")
    parser.add_argument("--baselines", nargs="+", default=[], metavar="CONFIG", help="files of recbole_configs/ to fit")
    parser.add_argument("--predictions", nargs="+", default=[], help="prediction files, or folders of them")
    parser.add_argument("--dataset", help="built dataset: its folder or Hub id (default: the recipe's)")
    parser.add_argument("--split", default="test", help="the split to answer and score (default: test)")
    parser.add_argument("--output_dir", required=True, help="folder to write to")
    parser.add_argument("--max_batch_tokens", type=int, default=16384, help="padded tokens a batch (default: 16384)")
    parser.add_argument("--resamples", type=int, default=1000, help="bootstrap resamples of the users (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the resamples (default: 0)")
    given = sys.argv[1:]
    recipe = given.pop(0) if given and not given[0].startswith("-") else None
    args, rest = parser.parse_known_args(given)
    if not (args.adapter or args.baselines or args.predictions):
        raise InputError("nothing to draw; give a recipe and --adapter, --baselines or --predictions, or several")
    if bool(recipe) != bool(args.adapter):
        raise InputError(
            f"got recipe {recipe!r}, before all flags, and --adapter {args.adapter!r}; give both or neither"
        )
    if not recipe and (rest or not args.dataset):
        raise InputError(f"unknown arguments {' '.join(rest)}" if rest else "give --dataset, whose rows are scored")
    if not args.output_dir.strip():
        raise InputError("--output_dir is empty; name the folder to write to")
    for name in ("resamples", "max_batch_tokens"):
        if getattr(args, name) < 1:
            raise InputError(f"--{name} is {getattr(args, name)}; give at least 1")
    return args, [recipe, *(["--dataset_name", args.dataset] if args.dataset else []), *rest]


if __name__ == "__main__":
    run(main)

"""Fit a baseline of the recommend-ten task and answer the users of a split.

python scripts/list_baseline.py trivial --dataset outputs/netflix50/data --output_dir outputs/netflix50/predictions
python scripts/list_baseline.py recbole_configs/ease.yaml --dataset outputs/netflix50/data \\
    --output outputs/netflix50/predictions/ease.parquet
"""

import argparse
import time
from pathlib import Path

from tastetune.baselines import wait_passively
from tastetune.dataset import open_dataset
from tastetune.errors import InputError, run
from tastetune.list_baselines import write_list_baselines
from tastetune.list_rows import KNOWN


def parse() -> argparse.Namespace:
    summary, _, usage = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=summary, usage=usage)
    parser.add_argument("config", help="a file of recbole_configs/, or 'trivial' for all models without learning")
    parser.add_argument("--dataset", required=True, help="folder of lists that a builder wrote, or a Hub id")
    parser.add_argument("--split", default="test", choices=list(KNOWN), help="the users to answer")
    parser.add_argument("--output", type=Path, help="predictions file of one model; its stem is the model's name")
    parser.add_argument("--output_dir", type=Path, help="folder for the predictions files of the trivial models")
    parser.add_argument("--seed", type=int, help="in place of the config's seed")
    return parser.parse_args()


def main() -> None:
    args, began = parse(), time.perf_counter()
    dataset = open_dataset(args.dataset)
    if args.config == "trivial":
        if args.output_dir is None:
            raise InputError("trivial models are several: give --output_dir, a folder for their predictions files")
        written = write_list_baselines(dataset, args.split, args.output_dir)
    else:
        wait_passively()
        from tastetune.baselines.lists import read_list_config, write_list_baseline

        if args.output is None:
            raise InputError("give --output, the predictions file to write")
        config = read_list_config(args.config, {} if args.seed is None else {"seed": args.seed})
        written = [write_list_baseline(config, dataset, args.split, args.output)]
    print(f"Answered {args.split} of {dataset.name} in {time.perf_counter() - began:.0f} s:", *written, sep="\n  ")


if __name__ == "__main__":
    run(main)

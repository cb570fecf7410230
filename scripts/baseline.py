"""Fit a baseline and answer the rows of a split.

python scripts/baseline.py trivial --dataset outputs/ml100k --output_dir outputs/predictions
python scripts/baseline.py recbole_configs/svd.yaml --dataset outputs/ml100k --output outputs/predictions/svd.parquet
python scripts/baseline.py text --encoder sentence-transformers/all-MiniLM-L6-v2 --dataset outputs/ml100k \\
    --output outputs/predictions/text.parquet
"""

import argparse
import time
from pathlib import Path

from tastetune.baselines import FIT_ON, wait_passively
from tastetune.dataset import open_dataset
from tastetune.errors import InputError, run


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "config", help="a file of recbole_configs/; `trivial` for all models without learning; or `text`"
    )
    parser.add_argument("--dataset", required=True, help="built dataset: its folder or Hub id")
    parser.add_argument("--split", default="test", choices=list(FIT_ON), help="the rows to answer (default: test)")
    parser.add_argument("--output", type=Path, help="predictions file of one model; its stem is the model's name")
    parser.add_argument("--output_dir", type=Path, help="folder for the predictions files of the trivial models")
    parser.add_argument("--encoder", help="the text baseline's sentence-embedding model: its folder or Hub id")
    parser.add_argument("--seed", type=int, help="in place of the config's seed")
    parser.add_argument("--tune", type=int, default=0, metavar="N", help="first choose settings by N validation trials")
    parser.add_argument("--each_epoch", action="store_true", help="also write the predictions after every epoch")
    args = parser.parse_args()
    if args.config == "trivial" and args.output_dir is None:
        raise InputError("trivial models are several: give --output_dir, a folder for their predictions files")
    if args.config != "trivial" and args.output is None:
        raise InputError("give --output, the predictions file to write")
    if args.config == "text" and args.encoder is None:
        raise InputError("the text baseline needs --encoder: the folder or Hub id of a sentence-embedding model")
    if args.tune < 0:
        raise InputError(f"--tune is {args.tune}; give the number of trials")
    return args


def main() -> None:
    args, began = parse(), time.perf_counter()
    dataset = open_dataset(args.dataset)
    wait_passively()
    if args.config == "trivial":
        from tastetune.baselines.trivial import write_trivial

        written = write_trivial(dataset, args.split, args.output_dir)
    elif args.config == "text":
        from tastetune.baselines.text import write_text_baseline

        written = [write_text_baseline(args.encoder, dataset, args.split, args.output)]
    else:
        from tastetune.baselines.configs import read_config
        from tastetune.baselines.runner import write_baseline

        config = read_config(args.config, {} if args.seed is None else {"seed": args.seed})
        written = write_baseline(config, dataset, args.split, args.output, trials=args.tune, each_epoch=args.each_epoch)
    print(f"Answered {args.split} of {dataset.name} in {time.perf_counter() - began:.0f} s:", *written, sep="\n  ")


if __name__ == "__main__":
    run(main)

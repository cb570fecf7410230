"""Fit baselines and answer the rows of a split: one predictions file a model.

python scripts/baseline.py trivial recbole_configs --dataset outputs/ml100k --output_dir outputs/predictions
python scripts/baseline.py recbole_configs/svd.yaml --dataset outputs/ml100k --output outputs/predictions/svd.parquet
python scripts/baseline.py text --encoder sentence-transformers/all-MiniLM-L6-v2 --dataset outputs/ml100k \\
    --output outputs/predictions/text.parquet
"""

import argparse
import time
from functools import partial

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines import FIT_ON, wait_passively
from tastetune.baselines.outputs import TRIVIAL, baseline_parser, output_file, parse_baselines
from tastetune.errors import InputError, run

TEXT = "text"


def parse() -> argparse.Namespace:
    parser = baseline_parser(__doc__, FIT_ON, also="; `text`")
    parser.add_argument("--encoder", help="the text baseline's sentence-embedding model: its folder or Hub id")
    parser.add_argument("--each_epoch", action="store_true", help="also write the predictions after every epoch")
    args = parse_baselines(parser)
    if TEXT in args.models and args.encoder is None:
        raise InputError("the text baseline needs --encoder: the folder or Hub id of a sentence-embedding model")
    return args


def main() -> None:
    args, began = parse(), time.perf_counter()
    dataset = open_dataset(args.dataset)
    wait_passively()
    output, written = partial(output_file, output=args.output, output_dir=args.output_dir), []

    # 1. The configs, all read before anything is fitted
    configs, paths = [], [name for name in args.models if name not in (TRIVIAL, TEXT)]
    if paths:
        from tastetune.baselines.recbole.choice import chosen_configs
        from tastetune.baselines.recbole.configs import read_config

        overrides = {} if args.seed is None else {"seed": args.seed}
        configs = chosen_configs(paths, partial(read_config, overrides=overrides), tune=args.tune > 0)

    # 2. The models, the quickest first
    if TRIVIAL in args.models:
        from tastetune.baselines.trivial.likes import write_trivial

        written += write_trivial(dataset, args.split, args.output_dir)
    if TEXT in args.models:
        from tastetune.baselines.text import write_text_baseline

        written.append(write_text_baseline(args.encoder, dataset, args.split, output(TEXT)))
    for config in configs:
        from tastetune.baselines.recbole.likes import write_baseline

        settings = {"trials": args.tune, "each_epoch": args.each_epoch}
        written += write_baseline(config, dataset, args.split, output(config.name), **settings)
    print(f"Answered {args.split} of {dataset.name} in {time.perf_counter() - began:.0f} s:", *written, sep="\n  ")


if __name__ == "__main__":
    run(main)

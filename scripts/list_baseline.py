"""Fit baselines of the recommend-ten task and answer the users of a split: one predictions file a model.

python scripts/list_baseline.py trivial recbole_configs --dataset outputs/netflix50/data \\
    --output_dir outputs/netflix50/predictions
python scripts/list_baseline.py recbole_configs/ease.yaml --dataset outputs/netflix50/data \\
    --output outputs/netflix50/predictions/ease.parquet --tune 10
"""

import time
from functools import partial

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines import wait_passively
from tastetune.baselines.outputs import TRIVIAL, baseline_parser, output_file, parse_baselines
from tastetune.baselines.trivial.lists import write_list_baselines
from tastetune.errors import run
from tastetune.tasks.list_rows import KNOWN


def main() -> None:
    args, began = parse_baselines(baseline_parser(__doc__, KNOWN)), time.perf_counter()
    dataset = open_dataset(args.dataset)
    wait_passively()
    written, configs = [], []
    paths = [name for name in args.models if name != TRIVIAL]
    if paths:
        from tastetune.baselines.recbole.choice import chosen_configs
        from tastetune.baselines.recbole.lists import read_list_config, write_list_baseline

        overrides = {} if args.seed is None else {"seed": args.seed}
        configs = chosen_configs(paths, partial(read_list_config, overrides=overrides), tune=args.tune > 0)
    if TRIVIAL in args.models:
        written += write_list_baselines(dataset, args.split, args.output_dir)
    for config in configs:
        output = output_file(config.name, args.output, args.output_dir)
        written += write_list_baseline(config, dataset, args.split, output, trials=args.tune)
    print(f"Answered {args.split} of {dataset.name} in {time.perf_counter() - began:.0f} s:", *written, sep="\n  ")


if __name__ == "__main__":
    run(main)

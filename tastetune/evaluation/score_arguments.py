"""The command line that the scripts which score share."""

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from tastetune.errors import InputError


def scoring_parser(description: str, dataset: str, reference: str) -> ArgumentParser:
    """The flags of every script that scores; `parse_scoring` reads them.

    Args:
        description: heads `--help`.
        dataset: what the dataset holds.
        reference: the model that the others are compared with if none is named.
    """
    parser = ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", help=f"built dataset{dataset}: its folder or Hub id")
    parser.add_argument("--split", default="test", help="the split to score (default: test)")
    parser.add_argument("--predictions", nargs="+", help="prediction files, or folders of them")
    parser.add_argument("--output_dir", required=True, help="folder to write to")
    parser.add_argument("--adapter", help="adapter folder to write a model card into")
    parser.add_argument("--reference", help=f"model to compare the others with (default: {reference}, if there)")
    parser.add_argument("--resamples", type=int, default=1000, help="bootstrap resamples of the users (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the resamples (default: 0)")
    parser.add_argument("--with_rows", action="store_true", help="show single rows whatever the licence says")
    parser.add_argument("--probe", nargs="+", help="files of scripts/probe.py, for the report and the card")
    parser.add_argument("--from_scores", help="a scores.json to render again, in place of --dataset and --predictions")
    return parser


def parse_scoring(parser: ArgumentParser) -> Namespace:
    """The command line, its values checked.

    Raises:
        InputError: nothing to score, or values that cannot be.
    """
    args = parser.parse_args()
    if not args.from_scores and not (args.dataset and args.predictions):
        raise InputError("--dataset and --predictions say what to score; give both, or --from_scores")
    if args.resamples < 1:
        raise InputError(f"--resamples is {args.resamples}; give at least 1, a thousand by custom")
    if args.adapter and not Path(args.adapter).is_dir():
        raise InputError(f"--adapter {args.adapter}: no such folder; name the one that scripts/sft.py wrote")
    return args

"""Push a built dataset, an adapter, a model or predictions to the Hub, private unless told otherwise.

    python scripts/push.py outputs/ml1m/data my-org/ml1m-like-dislike
    python scripts/push.py outputs/ml1m/adapter my-org/Llama-ml1m-adapter --public
    python scripts/push.py outputs/ml1m/adapter/checkpoint-100 my-org/Llama-ml1m-adapter --revision step-100
    python scripts/push.py outputs/ml1m/adapter my-org/Llama-ml1m-adapter --base_model meta-llama/Llama-3.2-1B
    python scripts/push.py outputs/ml1m/adapter my-org/Llama-ml1m-adapter --dataset my-org/ml1m-like-dislike
    python scripts/push.py outputs/ml1m/predictions my-org/ml1m-predictions
    python scripts/push.py outputs/ml1m/data my-org/ml1m-recipe --recipe_only --public
    python scripts/push.py outputs/ml1m/data my-org/ml1m-like-dislike --dry_run

Log in first with `hf auth login` or set HF_TOKEN. Training states, caches and run logs stay here; a file that holds
a token is refused, and so is what a licence forbids. Says the commit that a recipe's dataset_revision should pin.
Predictions go as a dataset that scripts/score.py --predictions ORG/NAME scores, their ids hashed where the licence of
the ratings forbids passing these on.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from contextlib import ExitStack
from pathlib import Path

from tastetune.artifacts.hub_predictions import holds_run_predictions
from tastetune.errors import run
from tastetune.hub.plan import plan_push
from tastetune.hub.push import push_folder
from tastetune.hub.recipe import recipe_folder
from tastetune.hub.screening import guess_type
from tastetune.reporting.exports.repository import predictions_repository


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what a builder, scripts/sft.py or scripts/predict.py wrote")
    parser.add_argument("repo_id", help="org/name, or name for your own account")
    parser.add_argument("--type", choices=("dataset", "model", "space"), help="guessed from the files when left away")
    parser.add_argument("--public", action="store_true", help="let everybody see it")
    parser.add_argument("--revision", help="the branch to push to, made if missing (default: main)")
    parser.add_argument("--message", help="the commit's message")
    parser.add_argument("--ignore", nargs="+", default=[], metavar="PATTERN", help="further names to leave out")
    parser.add_argument("--checkpoints", action="store_true", help="push checkpoint-* folders too")
    parser.add_argument(
        "--base_model", metavar="ORG/NAME", help="an adapter's base model, where that was a folder here"
    )
    parser.add_argument(
        "--i_have_permission", metavar='"BY WHOM"', help="who permits a public push of rows whose licence forbids it"
    )
    parser.add_argument(
        "--dataset",
        metavar="ORG/NAME",
        help="the dataset that an adapter was scored on, where that was a folder here, or that predictions answer",
    )
    parser.add_argument(
        "--recipe_only", action="store_true", help="of a dataset all but its rows: card, build command, hashes"
    )
    parser.add_argument("--dry_run", action="store_true", help="list what would go and what would stay")
    args = parser.parse_args()

    choice = {"private": not args.public, "ignore": args.ignore, "checkpoints": args.checkpoints}
    choice |= {"base_model": args.base_model, "permission": args.i_have_permission}
    with ExitStack() as made:
        if args.recipe_only:
            folder = made.enter_context(recipe_folder(args.folder, args.repo_id))
        elif holds_run_predictions(args.folder):
            folder = made.enter_context(predictions_repository(args.folder, args.repo_id, args.dataset))
        else:
            folder, choice = args.folder, choice | {"dataset": args.dataset}
        repo_type = args.type or guess_type(folder)

        plan = plan_push(folder, args.repo_id, repo_type, **choice)
        for name in plan.contents:
            print(f"goes   {plan.size(name):>12,} bytes  {name}")
        if plan.licence_of:
            print(f"goes, as {plan.licence_of} has it on the Hub: LICENSE")
        for name in plan.left_out:
            print(f"stays  {(folder / name).stat().st_size:>12,} bytes  {name}")
        if args.dry_run:
            return
        url = push_folder(folder, args.repo_id, repo_type, revision=args.revision, message=args.message, **choice)
    print(f"{len(plan.contents)} files are at {url}; pin revision {url.rpartition('/')[2]}")


if __name__ == "__main__":
    run(main)

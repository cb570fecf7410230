"""Score recommended lists: one table for every model that answered the same users.

    python scripts/score_lists.py --dataset outputs/netflix50/data --predictions outputs/netflix50/predictions \\
        --output_dir outputs/netflix50 --adapter outputs/netflix50/adapter
    python scripts/score_lists.py --from_scores outputs/netflix50/scores.json --output_dir outputs/netflix50

Writes into the output folder scores.json, and what is rendered from it: leaderboard.md, leaderboard.png and
report.html, a page to open in a browser; with --adapter also the adapter's model card, as README.md in its folder.
--from_scores renders again without scoring; --probe adds what the model knew of the catalogue before training.

scores.json and the report hold a few users to look at. Where the licence of the ratings forbids passing them on, their
ids, favourites, gold lists and titles are left out, unless --with_rows asks for them: then keep both files to yourself.
"""

from pathlib import Path

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.list_predictions import read_lists
from tastetune.errors import run
from tastetune.evaluation.list_scoring import score_lists
from tastetune.evaluation.score_arguments import parse_scoring, scoring_parser
from tastetune.evaluation.scoring import read_scores
from tastetune.files import write_all
from tastetune.probe.probe import read_probes
from tastetune.reporting.files import rendered
from tastetune.tasks.answers import find_predictions
from tastetune.tasks.list_rows import read_list_rows


def main() -> None:
    args = parse_scoring(scoring_parser(__doc__, dataset=" of lists", reference="most_cowatched"))
    output = Path(args.output_dir)
    home = Path(args.from_scores).parent if args.from_scores else output

    # 1. Scores
    if args.from_scores:
        scores = read_scores(args.from_scores)
    else:
        scores = score_lists(
            read_list_rows(open_dataset(args.dataset), args.split),
            [read_lists(path) for path in find_predictions(args.predictions)],
            reference=args.reference,
            resamples=args.resamples,
            seed=args.seed,
            with_text=True if args.with_rows else None,
            home=home,
        )

    if args.probe:
        scores["probes"] = read_probes(args.probe, scores)

    # 2. Files
    write_all(rendered(scores, output, args.adapter, home))
    print(f"scores: {len(scores['models'])} models on {scores['dataset']['n']} users, in {output}")


if __name__ == "__main__":
    run(main)

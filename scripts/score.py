"""Score predictions: one table for every model that answered the same rows, likes, stars and lists alike.

    python scripts/score.py recipes/ml1m.yaml
    python scripts/score.py recipes/ml1m.yaml --split test_sample
    python scripts/score.py --dataset_name outputs/books/data --predictions outputs/books/predictions \\
        --scores_dir outputs/books
    python scripts/score.py recipes/ml1m.yaml --predictions outputs/ml1m/predictions their-org/ml1m-predictions
    python scripts/score.py --from_scores outputs/ml1m/scores.json --scores_dir outputs/ml1m

The recipe names the run's folder. From it come the dataset, the predictions, and what else is there: the model card of
each adapter that was scored, learning_curve.json, what probe/ holds of the same dataset, and explanations/ of the same
rows. Every key is a flag too.

    --predictions NAME ...     predictions files, folders of them, or what others published: ORG/NAME on the Hub, with
                               @REVISION if you like (default: the run's)
    --split NAME               the split to score (default test); predictions of another lie in a folder of its name
    --scores_dir FOLDER        folder to write to (default: the run's, of another split than test a folder in it)
    --adapter FOLDER           write the model card of this adapter alone
    --reference MODEL          model to compare the others with (default: the task's own, if it is there)
    --resamples N              bootstrap resamples of the users (default 1000)
    --bootstrap_seed N         seed of the resamples (default 0)
    --with_rows                show single rows whatever the licence says
    --learning_curve FILE      a learning_curve.json of the same rows, for the report
    --probe FILE ...           files of scripts/probe.py, for the report and the card
    --explanations FILE ...    files of scripts/explain.py, for the report
    --from_scores FILE         a scores.json to render again without scoring

Writes scores.json and what is rendered from it: leaderboard.md, leaderboard.png, roc.png where rows bear labels, and
report.html, a page to open in a browser; into an adapter's folder its model card, as README.md, and the Hub's
.eval_results/. In eval/, here and in the adapter's folder: the records of Every Eval Ever, with every row's answer
(where the licence forbids passing ratings on, ids are hashed and texts left out, whatever --with_rows says).

scores.json and the report hold a few rows to look at. Where the licence of the ratings forbids passing them on, their
texts and ids are left out, unless --with_rows asks for them: then keep both files to yourself.

Predictions on the validation split, found in a folder `validation` beside the others, serve to choose a threshold.
"""

from tastetune.config.arguments import AnswerArguments, DataArguments
from tastetune.config.recipe import read_recipe
from tastetune.config.scoring import ScoreArguments
from tastetune.errors import run
from tastetune.locks import held_file
from tastetune.reporting.files import SCORES
from tastetune.reporting.run import adapters, score_run, write_run


def main() -> None:
    args, answers, data = read_recipe(__doc__, (ScoreArguments, AnswerArguments, DataArguments))
    args.check(data)
    folder = args.folder(answers, data)

    with held_file(folder / SCORES):
        # 1. Scores
        scored = score_run(args, answers, data, folder)

        # 2. Files
        write_run(scored, folder, adapters(args, data, scored))
    models, rows = scored.scores["models"], scored.scores["dataset"]["n"]
    print(f"scores: {len(models)} models on {rows:,} rows, in {folder}")


if __name__ == "__main__":
    run(main)

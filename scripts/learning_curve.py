"""Draw what a model is worth against what training had cost, for runs' checkpoints and baselines' epochs.

    python scripts/learning_curve.py recipes/ml1m.yaml
    python scripts/learning_curve.py recipes/smollm2.yaml --runs recipes/smollm2_stream.yaml
    python scripts/learning_curve.py recipes/ml1m.yaml --baselines recbole_configs/svd.yaml --adapter outputs/ml1m/dpo
    python scripts/learning_curve.py --dataset_name outputs/ml1m/data --predictions outputs/ml1m/curve \\
        --curve_dir outputs/other

The base model, the point at no labels at all, every checkpoint of the runs' adapters, and every epoch of the first
recipe's baselines answer the same rows; the task's first two metrics are drawn against labels, tokens, seconds and
FLOPs. `accelerate launch` in place of `python` spreads the rows over several GPUs. All answers are kept in the first
run's curve/, and one that is there of the same rows, model and settings is not made again: a command that was
interrupted goes on.

    --adapter FOLDER           a run's folder with checkpoints (default: the run's own, if it has any)
    --name NAME                what its curve is called (default: sft, or the folder's name)
    --runs RECIPE ...          recipes of further runs on the same dataset, each with checkpoints in its output_dir
    --baselines CONFIG ...     files of recbole_configs/ to fit (default: the recipe's)
    --predictions FILE ...     what is answered already, such as sft-100 and sft-500, or sasrec-epoch-1 and sasrec
    --split NAME               the split to answer and score (default test)
    --curve_dir FOLDER         folder to write to (default: the run's)
    --resamples N              bootstrap resamples of the users (default 1000)
    --bootstrap_seed N         seed of the resamples (default 0)

Writes learning_curve.json, learning_curve.png and the table learning_curve.md; scripts/score.py puts the curve into the
report.
"""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

from tastetune.artifacts.dataset import BuiltDataset, open_dataset
from tastetune.artifacts.predictions import find_predictions, read_predictions
from tastetune.baselines import wait_passively
from tastetune.config.arguments import AnswerArguments, DataArguments
from tastetune.config.recipe import read_recipe
from tastetune.config.scoring import CurveArguments
from tastetune.errors import run
from tastetune.evaluation.learning_curve import learning_curve, passing_lines
from tastetune.files import write_all
from tastetune.locks import held_file
from tastetune.reporting.files import CURVE, curve_files
from tastetune.tasks import task_of

IS_FIRST = os.environ.get("RANK", "0") == "0"
"""Whether this is the only process, or the first of several."""


def main() -> None:
    args, answers, data = read_recipe(__doc__, (CurveArguments, AnswerArguments, DataArguments), other_flags=True)
    folder, adapter = args.check(answers, data)
    if not (adapter or args.runs):
        read_recipe(
            __doc__, (CurveArguments, AnswerArguments, DataArguments)
        )  # no model is loaded that further flags could be for
    wait_passively()
    with held_file(folder / CURVE) if IS_FIRST else nullcontext():
        draw(args, answers, data, folder=folder, adapter=adapter)


def draw(
    args: CurveArguments, answers: AnswerArguments, data: DataArguments, *, folder: Path, adapter: str | None
) -> None:
    # 1. Answers: those that are named, and those that are made here or were kept
    named = [read_predictions(path) for path in find_predictions(args.predictions)]
    dataset = open_dataset(data.dataset, data.dataset_revision)
    taken = [prediction.meta.model for prediction in named]
    made = answer(args, answers, dataset, folder=folder / "curve", adapter=adapter, taken=taken)
    if not IS_FIRST:
        return  # it has answered its part; the rest is for the first

    # 2. The curve
    rows = task_of(dataset).rows(dataset, answers.split)
    curve = learning_curve(rows, [*map(read_predictions, made), *named], args.resamples, args.bootstrap_seed)

    # 3. Files
    write_all(curve_files(curve, folder))
    points = sum(len(line["points"]) for line in curve["curves"])
    print(
        *passing_lines(curve), f"learning curve: {len(curve['curves'])} models, {points} points, in {folder}", sep="\n"
    )


def answer(
    args: CurveArguments,
    answers: AnswerArguments,
    dataset: BuiltDataset,
    *,
    folder: Path,
    adapter: str | None,
    taken: list[str],
) -> list[Path]:
    """The predictions files of checkpoints and epochs; models of the names `taken` are refused."""
    from tastetune.baselines.predictions_files import fit_or_keep
    from tastetune.baselines.selection import baselines_of
    from tastetune.training.checkpoints import read_runs, refuse_doubles  # training's libraries take their time to load

    baselines = baselines_of(dataset, answers.baselines)
    runs = read_runs(__doc__, sys.argv[1:], args, adapter)
    names = [*(name for run in runs for name in run.names), *(baseline.name for baseline in baselines)]
    refuse_doubles([*taken, *names])
    made = [file for run in runs for file in run.answer(folder)]
    if not IS_FIRST:
        return made
    for baseline in baselines:
        files = fit_or_keep(baseline, dataset, answers.split, folder, each_epoch=True)
        made += files[:-2] + files[-1:]  # the last epoch and the final predictions are the same
    return made


if __name__ == "__main__":
    run(main)

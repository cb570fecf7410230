"""What of a run is scored and shown: its predictions, and the curve, probes and adapters that lie beside them."""

from pathlib import Path

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import find_predictions, find_validation, read_predictions
from tastetune.artifacts.redaction import relative_to
from tastetune.artifacts.scores import read_scores
from tastetune.config.arguments import AnswerArguments, DataArguments
from tastetune.config.scoring import ScoreArguments
from tastetune.errors import InputError
from tastetune.evaluation.learning_curve import read_learning_curve
from tastetune.evaluation.scoring import score
from tastetune.probe.probe import read_probes
from tastetune.reporting.files import CURVE
from tastetune.tasks import TASKS, task_of


def score_run(args: ScoreArguments, answers: AnswerArguments, data: DataArguments, folder: Path) -> tuple[dict, Path]:
    """The scores with what is shown beside them, and the folder that their paths are relative to.

    Args:
        folder: where the scores go.

    Raises:
        InputError: predictions, a curve or a probe that cannot be read, or are of other rows.
    """
    if args.from_scores:
        path = Path(args.from_scores)
        scores, home = read_scores(path, {task.rows_config: task for task in TASKS.values()}), path.parent
    else:
        scores, home = _scored(args, answers, data, folder), folder
    if args.learning_curve:
        scores["learning_curve"] = read_learning_curve(args.learning_curve, scores)
    elif not args.from_scores and (folder / CURVE).is_file():
        scores["learning_curve"] = read_learning_curve(folder / CURVE, scores)
    probes = args.probe or (sorted(data.folder.probe.glob("*.json")) if data.run_dir and not args.from_scores else [])
    if probes:
        scores["probes"] = read_probes(probes, scores)
    return scores, home


def _scored(args: ScoreArguments, answers: AnswerArguments, data: DataArguments, folder: Path) -> dict:
    dataset = open_dataset(data.dataset, data.dataset_revision)
    task = task_of(dataset)
    paths = find_predictions(args.predictions or [_predictions(answers, data)])
    return score(
        task.rows(dataset, answers.split),
        [read_predictions(path) for path in paths],
        validation=[read_predictions(path) for path in find_validation(paths)],
        reference=args.reference,
        resamples=args.resamples,
        seed=args.bootstrap_seed,
        with_text=True if args.with_rows else None,
        home=folder,
    )


def _predictions(answers: AnswerArguments, data: DataArguments) -> Path:
    folder = data.folder.predictions / ("" if answers.split == "test" else answers.split)
    if not folder.is_dir():
        raise InputError(f"{folder}: no predictions yet; make them with scripts/predict.py and scripts/baseline.py")
    return folder


def adapters(args: ScoreArguments, data: DataArguments, scores: dict, home: Path) -> list[Path]:
    """The adapters whose model card is written: the one named, or all in the run's folder that were scored."""
    if args.adapter:
        return [Path(args.adapter)]
    if not data.run_dir:
        return []
    scored = [model["adapter"] for model in scores["models"] if model["adapter"]]
    folders = [path.parent for path in sorted(data.folder.root.glob("*/adapter_config.json"))]
    return [folder for folder in folders if any(f"{of}/".startswith(f"{relative_to(folder, home)}/") for of in scored)]

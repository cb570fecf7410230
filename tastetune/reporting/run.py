"""What of a run is scored and shown: its predictions, and the curve, probes and adapters that lie beside them."""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.hub_predictions import VALIDATION, fetch_predictions, is_hub_id, named_apart, split_of
from tastetune.artifacts.predictions import Predictions, find_predictions, find_validation, read_predictions
from tastetune.artifacts.redaction import relative_to
from tastetune.artifacts.scores import read_scores
from tastetune.config.arguments import AnswerArguments, DataArguments
from tastetune.config.scoring import ScoreArguments
from tastetune.errors import InputError
from tastetune.evaluation.learning_curve import read_learning_curve
from tastetune.evaluation.scoring import score
from tastetune.explanations.files import read_faithfulness
from tastetune.files import replacing, write_all
from tastetune.hub.results import PREDICTIONS, RECORDS
from tastetune.probe.probe import read_probes
from tastetune.reporting.exports.every_eval_ever import write_records
from tastetune.reporting.exports.folders import refuse_other_files
from tastetune.reporting.exports.identifiers import Identifiers
from tastetune.reporting.exports.repository import write_predictions_of
from tastetune.reporting.files import CURVE, files_of
from tastetune.reporting.model_card import rows_of
from tastetune.tasks import TASKS, Rows, task_of


@dataclass(frozen=True)
class ScoredRun:
    """What scripts/score.py shows.

    Attributes:
        scores: the content of `scores.json`, with what is shown beside it.
        home: the folder that their paths are relative to.
        rows, predictions: what was scored; None and nothing where scores of before are rendered again.
    """

    scores: dict
    home: Path
    rows: Rows | None = None
    predictions: tuple[Predictions, ...] = ()


def score_run(args: ScoreArguments, answers: AnswerArguments, data: DataArguments, folder: Path) -> ScoredRun:
    """Score a run, or read what was scored, with what is shown beside it.

    Args:
        folder: where the scores go.

    Raises:
        InputError: predictions, a curve, a probe or explanations that cannot be read, or are of other rows.
    """
    if args.from_scores:
        path = Path(args.from_scores)
        run = ScoredRun(read_scores(path, {task.rows_config: task for task in TASKS.values()}), path.parent)
    else:
        run = _scored(args, answers, data, folder)
    scores = run.scores
    if args.learning_curve:
        scores["learning_curve"] = read_learning_curve(args.learning_curve, scores)
    elif not args.from_scores and (folder / CURVE).is_file():
        scores["learning_curve"] = read_learning_curve(folder / CURVE, scores)
    beside = data.run_dir and not args.from_scores
    probes = args.probe or (sorted(data.folder.probe.glob("*.json")) if beside else [])
    if probes:
        scores["probes"] = read_probes(probes, scores)
    explanations = args.explanations or (_explanations(answers, data) if beside else [])
    if explanations:
        scores["explanations"] = read_faithfulness(explanations, scores)
    return run


def _scored(args: ScoreArguments, answers: AnswerArguments, data: DataArguments, folder: Path) -> ScoredRun:
    dataset = open_dataset(data.dataset, data.dataset_revision)
    task = task_of(dataset)
    rows, sources = task.rows(dataset, answers.split), args.predictions or [str(_predictions(answers, data))]
    paths = find_predictions([source for source in sources if not is_hub_id(source)])
    predictions = [read_predictions(path) for path in paths]
    published = _published([source for source in sources if is_hub_id(source)], rows, predictions)
    validation = [read_predictions(path) for path in find_validation(paths)]
    validation += published.pop(VALIDATION, []) if rows.split != VALIDATION else []
    predictions += published.get(rows.split, [])
    scores = score(
        rows,
        predictions,
        validation=validation,
        reference=args.reference,
        resamples=args.resamples,
        seed=args.bootstrap_seed,
        with_text=True if args.with_rows else None,
        home=folder,
    )
    return ScoredRun(scores, folder, rows, tuple(predictions))


def _explanations(answers: AnswerArguments, data: DataArguments) -> list[Path]:
    return sorted(_of_split(data.folder.explanations, answers).glob("*.json"))


def _of_split(folder: Path, answers: AnswerArguments) -> Path:
    """Where what concerns the rows of another split than test lies: in a folder of its name."""
    return folder / ("" if answers.split == "test" else answers.split)


def _published(sources: Sequence[str], rows: Rows, own: Sequence[Predictions]) -> dict[str, list[Predictions]]:
    """What others published of the same rows, and of those of validation, by split, under names of their own."""
    fetched = [of for source in dict.fromkeys(sources) for of in fetch_predictions(source, rows.split)]
    ids, by_split = {rows.split: Identifiers(rows)}, defaultdict(list)
    for of in named_apart(own, fetched):
        split = split_of(of)
        if split not in ids:
            ids[split] = Identifiers(rows.task.rows(rows.dataset, split))
        by_split[split].append(ids[split].read(of))
    return by_split


def _predictions(answers: AnswerArguments, data: DataArguments) -> Path:
    folder = _of_split(data.folder.predictions, answers)
    if not folder.is_dir():
        raise InputError(f"{folder}: no predictions yet; make them with scripts/predict.py and scripts/baseline.py")
    return folder


def adapters(args: ScoreArguments, data: DataArguments, run: ScoredRun) -> list[Path]:
    """The adapters whose model card is written: the one named, or all in the run's folder that were scored."""
    if args.adapter:
        return [Path(args.adapter)]
    if not data.run_dir:
        return []
    scored = [model["adapter"] for model in run.scores["models"] if model["adapter"]]
    folders = [path.parent for path in sorted(data.folder.root.glob("*/adapter_config.json"))]
    roots = {folder: relative_to(folder, run.home) for folder in folders}
    return [folder for folder, root in roots.items() if any(f"{of}/".startswith(f"{root}/") for of in scored)]


def write_run(run: ScoredRun, folder: Path, adapters: Sequence[Path], *, records: bool = False) -> None:
    """Write everything that shows a run, or nothing where something cannot be written.

    Args:
        folder: for the scores, and what is rendered from them.
        adapters: folders of adapters, for their cards and results, and the records and predictions of their own rows.
        records: whether `folder` gets the records of all models' rows too; older ones there are removed if not.

    Raises:
        InputError: none of the scored models is an adapter in one of these folders, or a folder that is to be replaced
            holds anything else.
    """
    files = files_of(run.scores, folder, adapters, run.home)
    if run.rows is not None:
        for replaced in (
            folder / RECORDS,
            *(adapter / name for adapter in adapters for name in (RECORDS, PREDICTIONS)),
        ):
            refuse_other_files(replaced)
    with ExitStack() as folders:
        if run.rows is not None:
            own = {adapter: {row["model"] for row in rows_of(run.scores, adapter, run.home)} for adapter in adapters}
            everything = {folder: {of.meta.model for of in run.predictions}} if records else {}
            for place, models in (everything | own).items():
                predictions = [of for of in run.predictions if of.meta.model in models]
                answers = {of.meta.model: run.rows.task.answers(run.rows, of) for of in predictions}
                write_records(folders.enter_context(replacing(place / RECORDS)), run.scores, run.rows, answers)
                if place in own:
                    write_predictions_of(folders.enter_context(replacing(place / PREDICTIONS)), predictions, run.rows)
        write_all(files)
    if run.rows is not None and not records:
        shutil.rmtree(folder / RECORDS, ignore_errors=True)

"""Which models of a run answer, under which names, and their answers as predictions files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from tastetune.artifacts.predictions import Meta, are_predictions_of, write_predictions
from tastetune.artifacts.run import CHECKPOINT, read_record
from tastetune.artifacts.trained_rows import refuse_trained
from tastetune.config.arguments import AnswerArguments
from tastetune.config.run_folder import RunFolder
from tastetune.errors import InputError
from tastetune.language_models.answerer import Answerer, Asking
from tastetune.language_models.language_model import ModelRecipe
from tastetune.language_models.like_dislike import LikeDislikeAnswerer
from tastetune.language_models.lists.top_n import TopNAnswerer
from tastetune.language_models.rating import RatingAnswerer
from tastetune.language_models.streams.answerer import StreamAnswerer, StreamRatingAnswerer
from tastetune.language_models.streams.lists import StreamListAnswerer
from tastetune.locks import held_file
from tastetune.tasks import Rows, Task

ANSWERERS: dict[str, Answerer] = {
    "like_dislike": LikeDislikeAnswerer(),
    "rating": RatingAnswerer(),
    "stream": StreamAnswerer(),
    "stream_rating": StreamRatingAnswerer(),
    "top_n": TopNAnswerer(),
    "stream_top_n": StreamListAnswerer(),
}
"""How each task's rows are asked, by the task's name."""


@dataclass(frozen=True)
class Candidate:
    """A model that answers.

    Attributes:
        name: its row in tables, and the stem of its predictions file.
        adapter: a folder or Hub id; None for the base model.
    """

    name: str
    adapter: str | None
    asking: Asking


def candidates(
    task: Task,
    args: AnswerArguments,
    asking: Asking,
    *,
    adapter: str | None = None,
    base: bool = True,
    fine_tuned: str | None = None,
) -> list[Candidate]:
    """The models that a recipe asks to look at, each in each of its modes.

    The base model is `zero-shot`, or `3-shot` behind three worked examples; the adapter `sft`, or what its folder is
    called, each of `checkpoints` with its steps. A mode other than the plain one stands behind the name.

    Args:
        asking: what all of them share; its mode and shots are set here.
        adapter: a run's folder, a checkpoint or a Hub id; None for the base model alone.
        base: whether the base model answers as well.
        fine_tuned: the base model's folder or Hub id where it was itself fine-tuned as a whole, and is named after it.

    Raises:
        InputError: something that cannot be asked, or a checkpoint that is not there.
    """
    answerer, chosen = ANSWERERS[task.config], []
    modes = args.modes or ([answerer.plain] if answerer.plain else answerer.modes)
    models = [(_base_name(fine_tuned, shots), None, shots) for shots in args.shots if base]
    models += [(name, folder, 0) for name, folder in _adapters(adapter, args.checkpoints)] if adapter else []
    for name, folder, shots in models:
        for mode in modes:
            how = replace(asking, mode=mode, shots=shots)
            try:
                answerer.check(how)
            except InputError as error:
                if not shots or len(models) == 1:
                    raise
                PartialState().print(f"left out: {name}: {error}")
                continue
            chosen.append(Candidate(name if mode == answerer.plain else f"{name}-{mode}", folder, how))
    return chosen


def _base_name(fine_tuned: str | None, shots: int) -> str:
    if fine_tuned is None:
        return f"{shots}-shot" if shots else "zero-shot"
    return run_name(Path(fine_tuned)) + (f"-{shots}-shot" if shots else "")


def in_folder(chosen: Sequence[Candidate], folder: Path, only: Sequence[str] = ()) -> dict[Path, Candidate]:
    """A predictions file in `folder` for each model, or for those named `only`.

    Raises:
        InputError: a name that no model bears.
    """
    names = [candidate.name for candidate in chosen]
    if unknown := [name for name in only if name not in names]:
        raise InputError(f"--only {unknown[0]}: the recipe's models are {', '.join(names)}")
    return {folder / f"{of.name}.parquet": of for of in chosen if not only or of.name in only}


def in_file(chosen: Sequence[Candidate], output: str) -> dict[Path, Candidate]:
    """The predictions file `output` for the one model chosen, its stem the model's name; `{mode}` in it is the mode.

    Raises:
        InputError: its name does not end in .parquet, or several models would write one file.
    """
    if Path(output).suffix != ".parquet":
        raise InputError(f"--output is {output!r}; name a .parquet file")
    files = {Path(output.replace("{mode}", of.asking.mode)): of for of in chosen}
    if len(files) < len(chosen):
        raise InputError(
            f"--output {output}: {len(chosen)} answers ({', '.join(of.name for of in chosen)}) would go into one file; "
            "say {mode} in its name, or choose one"
        )
    return {path: replace(of, name=path.stem) for path, of in files.items()}


def _adapters(adapter: str, checkpoints: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Name and folder of the checkpoints that are to be looked at, and of the adapter itself."""
    folder, steps = Path(adapter), read_record(adapter).cost.get("steps")
    for step in (step for step in checkpoints if step != steps):  # where the run ended is the adapter itself
        path = folder / f"{CHECKPOINT}-{step}"
        if not path.is_dir():
            there = ", ".join(sorted(p.name for p in folder.glob(f"{CHECKPOINT}-*"))) or "no checkpoint"
            raise InputError(f"{path}: no such checkpoint ({there} there); name others with --checkpoints, or train on")
        yield run_name(path), str(path)
    yield f"{run_name(folder)}-{steps}" if checkpoints and steps else run_name(folder), adapter


def run_name(folder: Path) -> str:
    """What an adapter's folder is called in tables: `sft` for the recipe's own; of a checkpoint with its steps."""
    if folder.name.startswith(f"{CHECKPOINT}-"):
        return f"{run_name(folder.parent)}-{folder.name.removeprefix(f'{CHECKPOINT}-')}"
    return "sft" if folder.name == RunFolder.ADAPTER else folder.resolve().name


def answer(recipe: ModelRecipe, rows: Rows, files: Mapping[Path, Candidate], *, force: bool = False) -> list[Path]:
    """One predictions file a model, made anew only where there is none of the same model and rows.

    The base model is loaded once, and not at all if every file is there. On several processes each answers a part; the
    main one decides and writes.

    Args:
        files: where each model's predictions go.
        force: make all of them anew.

    Raises:
        InputError: the base model or an adapter was trained on these rows, or cannot be loaded; or a file is being
            answered by another process, or cannot be written.
    """
    windows = {of.adapter: recipe.windows_of(of.adapter) for of in files.values()}
    asked = {path: replace(of, asking=replace(of.asking, windows=windows[of.adapter])) for path, of in files.items()}
    with ExitStack() as until_written:
        _answer_missing(recipe, rows, asked, until_written, force=force)
    return list(files)


def _answer_missing(
    recipe: ModelRecipe, rows: Rows, files: Mapping[Path, Candidate], until_written: ExitStack, *, force: bool
) -> None:
    main, missing = PartialState().is_main_process, []
    if main:
        _refuse_trained(recipe, rows, dict.fromkeys(of.adapter for of in files.values() if of.adapter))
    for path, candidate in files.items() if main else ():
        with ExitStack() as holding:
            holding.enter_context(held_file(path))
            if not force and path.is_file() and are_predictions_of(path, _origin(recipe, rows, candidate)):
                print(f"kept: {path} (--force answers anew)")
            else:
                missing.append(path)
                until_written.push(holding.pop_all())
    (missing,) = broadcast_object_list([missing])
    if missing:
        model = recipe.load()
        model.add(*dict.fromkeys(adapter for path in missing if (adapter := files[path].adapter)))
    for path in missing:
        candidate = files[path]
        with model.behind(candidate.adapter) as answering:
            answered = ANSWERERS[rows.task.config].answer(answering, rows, candidate.asking)
        if main:
            origin = _origin(recipe, rows, candidate)
            origin["settings"] |= {**model.remarks, **answered.notes}
            write_predictions(path, Meta(candidate.name, **origin), answered.table)
            told = f", {answered.notes['unparsed']} unparsable" if "unparsed" in answered.notes else ""
            print(f"predictions: {path} ({len(rows.table):,} rows{told})", flush=True)


def _refuse_trained(recipe: ModelRecipe, rows: Rows, adapters: Iterable[str]) -> None:
    records = [read_record(adapter) for adapter in adapters]
    refuse_trained([recipe.base_record, *records], rows.dataset, rows.task.rows_config, rows.split)
    for record in records:
        if not record.settings:
            print(f"{record.source}: no run's record lies beside it, so nobody can say which rows it was trained on")


def _origin(recipe: ModelRecipe, rows: Rows, candidate: Candidate) -> dict:
    """What `Meta` says of a model's answers to these rows, by its field."""
    asking = ANSWERERS[rows.task.config].origin(rows, candidate.asking)
    origin = recipe.origin(rows.dataset, candidate.adapter, **asking.pop("settings"))
    return {"config": rows.task.rows_config, "split": rows.split, "rows_digest": rows.digest, **origin, **asking}

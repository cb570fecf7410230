"""What a learning curve is drawn from: answers of a run's checkpoints and of baselines' epochs, kept for reuse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from accelerate import PartialState
from trl import ModelConfig, SFTConfig

from tastetune.artifacts.run import CHECKPOINT, read_record, whole_checkpoints
from tastetune.artifacts.trained_rows import refuse_trained
from tastetune.config.arguments import AnswerArguments, GenerationArguments, SftArguments
from tastetune.config.recipe import parse_recipe
from tastetune.config.scoring import CurveArguments
from tastetune.errors import InputError
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import Candidate, answer, candidates, run_name
from tastetune.language_models.language_model import ModelRecipe
from tastetune.tasks import Rows, task_of


@dataclass(frozen=True)
class CurveRun:
    """A run whose base model and checkpoints answer the same rows.

    Attributes:
        candidates: the base model, and every checkpoint.
    """

    recipe: ModelRecipe
    rows: Rows
    candidates: list[Candidate]

    @property
    def names(self) -> list[str]:
        return [candidate.name for candidate in self.candidates]

    def answer(self, folder: Path) -> list[Path]:
        """One predictions file a model in `folder`, see `tastetune.language_models.answering.answer`."""
        return answer(self.recipe, self.rows, {folder / f"{of.name}.parquet": of for of in self.candidates})


def read_runs(usage: str, argv: Sequence[str], args: CurveArguments, adapter: str | None) -> list[CurveRun]:
    """The run in folder `adapter`, and those of the recipes that `args` names, whose checkpoints lie in `output_dir`.

    The flags count for every recipe. Where two runs began with one base model that is asked in one way, it answers
    once.

    Args:
        usage, argv: the recipe and flags behind it, as `tastetune.config.recipe.parse_recipe` takes them.
        adapter: None where the recipe in `argv` has no checkpoints.

    Raises:
        InputError: as `read_run`, or the runs are of several datasets.
    """
    flags = argv[1:] if argv and not argv[0].startswith("-") else argv
    runs = [read_run(usage, argv, args, adapter)] if adapter else []
    runs += [read_run(usage, [recipe, *flags], replace(args, name=None)) for recipe in args.runs]
    bases: set[tuple[str, str | None]] = set()
    for number, run in enumerate(runs):
        if run.rows.dataset.fingerprint != runs[0].rows.dataset.fingerprint:
            raise InputError(
                f"{run.rows.dataset.source} and {runs[0].rows.dataset.source} are two datasets, and a curve is of the "
                "same rows; name one for all with --dataset_name, or draw a curve of each"
            )
        base = run.recipe.model.model_name_or_path
        chosen = [of for of in run.candidates if of.adapter or (of.name, base) not in bases]
        runs[number] = replace(run, candidates=chosen)
        bases |= {(of.name, base) for of in chosen if not of.adapter}
    return runs


def read_run(usage: str, argv: Sequence[str], args: CurveArguments, adapter: str | None = None) -> CurveRun:
    """The base model and every checkpoint of the run in folder `adapter`, to be asked the rows of a split.

    Args:
        usage, argv: the recipe and flags behind it, as `tastetune.config.recipe.parse_recipe` takes them.
        args: the curve's own arguments; its `name` is the curve's, whose points are `<name>-<step>`.
        adapter: the recipe's `output_dir` if none.

    Raises:
        InputError: the recipe cannot be used, there are no checkpoints, or the run was trained on another dataset or on
            these rows.
    """
    _, answers, generation, data, training, model = parse_recipe(
        usage, (type(args), AnswerArguments, GenerationArguments, SftArguments, SFTConfig, ModelConfig), argv
    )
    recipe, name, adapter = ModelRecipe(data, training, model), args.name, adapter or training.output_dir
    asking = Asking.of(answers, generation, training.seed)
    checkpoints, dataset, trained = find_checkpoints(adapter), recipe.dataset(), read_record(adapter).settings
    if trained.get("fingerprint", dataset.fingerprint) != dataset.fingerprint:
        raise InputError(
            f"{adapter} was trained on dataset {trained.get('dataset')!r} with fingerprint "
            f"{trained['fingerprint']!r}, but {dataset.source} has {dataset.fingerprint!r}; name its dataset "
            "with --dataset_name, or train it anew"
        )
    task, single = task_of(dataset, recipe.data.dataset_config), replace(answers, shots=[0], checkpoints=[])
    models, own = candidates(task, single, asking), run_name(Path(adapter))
    for path in checkpoints.values():
        for of in candidates(task, single, asking, adapter=str(path), base=False):
            models.append(replace(of, name=(name or own) + of.name.removeprefix(own)))
    refuse_trained([recipe.base_record, read_record(adapter)], dataset, task.rows_config, answers.split)
    return CurveRun(recipe, task.rows(dataset, answers.split), models)


def find_checkpoints(adapter: str | Path) -> dict[int, Path]:
    """The checkpoints in a run's folder, by step from first to last; one that is cut off is passed over, and named.

    Raises:
        InputError: no such folder, or no whole checkpoint inside.
    """
    folder = Path(adapter)
    if not folder.is_dir():
        raise InputError(f"--adapter {adapter}: no such folder; name the one that scripts/sft.py wrote")
    whole = {step: path for step, path in whole_checkpoints(folder).items() if (path / "adapter_config.json").is_file()}
    for path in sorted(set(folder.glob(f"{CHECKPOINT}-*")) - set(whole.values())):
        PartialState().print(f"passed over: {path} is no whole checkpoint")
    if not whole:
        raise InputError(
            f"--adapter {adapter}: no whole {CHECKPOINT}-* inside, so there is no curve to draw; name "
            "a run's folder, trained with save_strategy: steps and save_steps"
        )
    return whole


def refuse_doubles(names: Sequence[str]) -> None:
    """Raise InputError if two models of a curve would bear one name, before either answers."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(
            f"model {twice[0]!r} would stand twice in the curve; leave it out of --predictions, or rename the config, "
            "the file, or with --name the adapter's curve"
        )

"""What a learning curve is drawn from: answers of a run's checkpoints and of baselines' epochs, kept for reuse."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR
from trl import ModelConfig, SFTConfig

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Meta, read_predictions, write_predictions
from tastetune.artifacts.run import read_settings, refuse_seen
from tastetune.baselines import FIT_ON
from tastetune.baselines.recbole.configs import BaselineConfig, read_config
from tastetune.baselines.recbole.likes import write_baseline
from tastetune.config.recipe import SftArguments, parse_recipe
from tastetune.errors import InputError
from tastetune.language_models.language_model import Recipe
from tastetune.language_models.like_dislike import Questions, read_questions, respond
from tastetune.tasks.answers import CONFIG

BASE = "zero-shot"
"""What the base model is called, where an adapter's curve begins."""


@dataclass(frozen=True)
class TrainingRun:
    """A run whose base model and checkpoints answer the same questions.

    Attributes:
        models: by name the adapter; None for the base model.
    """

    recipe: Recipe
    questions: Questions
    models: Mapping[str, str | None]

    def answer(self, folder: Path, max_batch_tokens: int) -> list[Path]:
        """One predictions file a model in `folder`, made anew only where there is none of the same model and rows.

        The base model is loaded once, and not at all if every file is there. On several processes each answers a part;
        the main one decides and writes.

        Raises:
            InputError: the base model or an adapter cannot be loaded.
        """
        main, paths, missing = PartialState().is_main_process, {n: folder / f"{n}.parquet" for n in self.models}, []
        for name in paths if main else ():
            if is_kept(paths[name], self._meta(name)):
                print(f"kept: {paths[name]}")
            else:
                missing.append(name)
        (missing,) = broadcast_object_list([missing])
        if missing:
            base = self.recipe.load()
            base.add(*(self.models[name] for name in missing if self.models[name]))
        for name in missing:
            with base.behind(self.models[name]) as model:
                scores, _ = respond(model, self.questions, max_batch_tokens)
            if main:
                meta = Meta(name, **self._meta(name, stand_in=base.stand_in))
                write_predictions(paths[name], meta, self.questions.example_ids, scores)
                print(f"answered: {paths[name]}", flush=True)
        return list(paths.values())

    def _meta(self, name: str, **settings) -> dict:
        return self.questions.asked | self.recipe.origin(self.questions.dataset, self.models[name], **settings)


def read_run(usage: str, argv: Sequence[str], adapter: str, split: str, name: str | None = None) -> TrainingRun:
    """The base model and the checkpoints of the run in folder `adapter`, to be asked the rows of `split`.

    Args:
        usage, argv: the recipe and flags behind it, as `tastetune.config.recipe.parse_recipe` takes them.
        name: of the curve, whose points are `<name>-<step>`; the folder's name if none.

    Raises:
        InputError: the recipe cannot be used, there are no checkpoints, the run was trained on another dataset or on
            `split` itself, or there is nothing to ask.
    """
    recipe = Recipe(*parse_recipe(usage, (SftArguments, SFTConfig, ModelConfig), argv))
    checkpoints, dataset, trained_on = find_checkpoints(adapter), recipe.dataset(), read_settings(adapter)
    if trained_on.get("fingerprint", dataset.fingerprint) != dataset.fingerprint:
        raise InputError(
            f"{adapter} was trained on dataset {trained_on.get('dataset')!r} with fingerprint "
            f"{trained_on['fingerprint']!r}, but {dataset.source} has {dataset.fingerprint!r}; name its dataset "
            "with --dataset, or train it anew"
        )
    refuse_seen(adapter, split)
    name = name or Path(adapter).resolve().name
    models = {BASE: None} | {f"{name}-{step}": str(path) for step, path in checkpoints.items()}
    return TrainingRun(recipe, read_questions(dataset, recipe.data.dataset_config, split), models)


def find_checkpoints(adapter: str | Path) -> dict[int, Path]:
    """The checkpoints in a run's folder, by step from first to last; one that is cut off is passed over, and named.

    Raises:
        InputError: no such folder, or no whole checkpoint inside.
    """
    folder, found = Path(adapter), {}
    if not folder.is_dir():
        raise InputError(f"--adapter {adapter}: no such folder; name the one that scripts/sft.py wrote")
    for path in sorted(folder.glob(f"{PREFIX_CHECKPOINT_DIR}-*")):
        step = path.name.rpartition("-")[2]
        if step.isdigit() and (path / "adapter_config.json").is_file() and _is_whole(path / "trainer_state.json"):
            found[int(step)] = path
        else:
            print(f"passed over: {path} is no whole checkpoint")
    if not found:
        raise InputError(
            f"--adapter {adapter}: no whole {PREFIX_CHECKPOINT_DIR}-* inside, so there is no curve to draw; name "
            "a run's folder, trained with save_strategy: steps and save_steps"
        )
    return dict(sorted(found.items()))


def _is_whole(state: Path) -> bool:
    """Whether a checkpoint was written to its end: the trainer writes its state last."""
    try:
        json.loads(state.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def read_baselines(paths: Sequence[str], split: str) -> list[BaselineConfig]:
    """The configs of baselines to fit.

    Raises:
        InputError: one is none, see `read_config`, or no baseline answers `split`.
    """
    if paths and split not in FIT_ON:
        raise InputError(f"--split {split}: baselines answer {', '.join(FIT_ON)}; name one of these")
    return [read_config(path) for path in paths]


def answer_epochs(config: BaselineConfig, dataset: BuiltDataset, split: str, folder: Path) -> list[Path]:
    """Predictions of a baseline after each epoch, the last as `<name>.parquet`; fitted anew unless all are in `folder`.

    Raises:
        InputError: see `write_baseline`.
    """
    output = folder / f"{config.name}.parquet"
    wanted = {"kind": "recbole", "config": CONFIG, "split": split, "fingerprint": dataset.fingerprint}
    wanted |= {"settings": {k: v for k, v in config.values.items() if k != "epochs"}}
    wanted["settings"] |= {"epochs_at_most": config.values["epochs"]}
    kept, files = is_kept(output, wanted), [output]
    if kept:
        epochs = range(1, read_predictions(output).meta.settings["epochs"] + 1)
        files = [*(output.with_stem(f"{config.name}-epoch-{epoch}") for epoch in epochs), output]
        kept = all(is_kept(path, wanted) for path in files)
    if not kept:
        files = write_baseline(config, dataset, split, output, each_epoch=True)
    print(f"{'kept' if kept else 'answered'}: {output} and each epoch, {len(files) - 1}")
    return files[:-2] + files[-1:]  # the last epoch and the final predictions are the same


def is_kept(path: Path, wanted: Mapping) -> bool:
    """Whether `path` holds whole predictions of what is `wanted`: fields of `Meta`, of its settings those named."""
    if not path.is_file():
        return False
    try:
        meta = asdict(read_predictions(path).meta)
    except InputError:
        return False
    wanted = json.loads(json.dumps(wanted))
    settings = wanted.pop("settings")
    return wanted.items() <= meta.items() and settings.items() <= meta["settings"].items()


def refuse_doubles(names: Sequence[str]) -> None:
    """Raise InputError if two models of a curve would bear one name, before either answers."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(
            f"model {twice[0]!r} would stand twice in the curve; leave it out of --predictions, or rename the config, "
            "the file, or with --name the adapter's curve"
        )

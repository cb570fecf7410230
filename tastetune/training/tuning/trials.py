"""Trials of a fine-tuning recipe: each trains on the training split and answers rows of the validation split."""

import shutil
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils.memory import clear_device_cache
from transformers import set_seed

from tastetune.artifacts.run import OTHERS, read_record, run_settings, whole_checkpoints
from tastetune.errors import InputError
from tastetune.locks import held_file
from tastetune.search import Study, Trial, search
from tastetune.training.preparation import FineTuning
from tastetune.training.runs import delete_run
from tastetune.training.trainers import fine_tuning_trainer
from tastetune.training.tuning.record import AFRESH, read_trials, record_file, write_record
from tastetune.training.tuning.space import own_values, space_of, with_values
from tastetune.training.validation import Validation, draw_validation

TRAIN = "train"
"""What trials train on, whatever the run trains on in the end."""


def tuned(run: FineTuning, n: int) -> tuple[FineTuning, dict[str, Any]]:
    """The run with the settings that `n` trials chose, and what its record says of them, under the key `tuning`.

    A trial is the run itself with other values, trained on the training split and judged on `eval_rows` rows of
    validation. What was tried is written beside the run's folder after each trial, and not tried again.

    Raises:
        InputError: nothing can be chosen on this dataset, what lies there is of another recipe, or as
            `tastetune.search.search`.
    """
    state, output, space = PartialState(), run.training.output_dir, space_of(run)
    record = record_file(output)
    validation = _validation(first := _on_train(run, {}))
    metric = first.task.headline[0]
    settings = run_settings(first.dataset, first.data, first.training, first.model) | validation.settings
    settings |= settings.pop(OTHERS) | {"tune_space": space}
    with held_file(record) if state.is_main_process else nullcontext():
        if run.data.force and state.is_main_process:
            record.unlink(missing_ok=True)
            delete_run(output)
        state.wait_for_everyone()
        _refuse_other_run(output, n)
        done = read_trials(record, settings, n)
        if done:
            state.print(f"{len(done)} of {n} trials are done already: {record}")

        def after_trial(trials: list[Trial]) -> None:
            state.print(_told(trials, n, metric))
            if state.is_main_process:
                write_record(record, settings, metric, trials)

        study = search(
            output,
            space,
            own_values(run, space),
            lambda values: _run_trial(run, values, metric),
            n=n,
            metric=metric,
            seed=run.training.seed,
            done=done,
            after_trial=after_trial,
        )
    set_seed(run.training.seed)  # as if no trial had come before, whether it ran just before or long ago
    state.print(f"chosen of {n} trials by {metric} on validation, {study.best.score:.4f}: {_values(study.best.values)}")
    return with_values(run, study.best.values), {"tuning": _summary(study)}


def _run_trial(run: FineTuning, values: Mapping, metric: str) -> Trial:
    try:
        return Trial(dict(values), *_scored(_on_train(run, values), metric))
    except (InputError, torch.OutOfMemoryError) as error:
        return Trial(dict(values), error=str(error))
    finally:
        clear_device_cache(garbage_collection=True)  # the next trial's model would not fit beside this one's
        PartialState().wait_for_everyone()
        if PartialState().is_main_process:
            shutil.rmtree(_folder(run), ignore_errors=True)


def _scored(trial: FineTuning, metric: str) -> tuple[float, float, float]:
    """The trial's score, after how many epochs, and the seconds of training."""
    set_seed(trial.training.seed)
    trainer = fine_tuning_trainer(trial, _validation(trial))
    began = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - began
    score = trainer.evaluate()[f"eval_{metric}"]
    return score, round(trainer.state.epoch or 0, 3), round(seconds, 1)


def _on_train(run: FineTuning, values: Mapping) -> FineTuning:
    """A trial's run: it keeps no checkpoint but those among which it chooses the best itself."""
    trial = with_values(run, values)
    trial.data.dataset_train_split = TRAIN
    trial.training.output_dir = _folder(run)
    if not trial.training.load_best_model_at_end:
        trial.training.save_strategy = "no"
    return trial


def _folder(run: FineTuning) -> str:
    output = Path(run.training.output_dir)
    return str(output.with_name(f".{output.name}.trial"))


def _validation(trial: FineTuning) -> Validation:
    validation = draw_validation(trial.dataset, trial.data, trial.training, trial.watch, trial.spelt)
    if validation.questions is None:
        raise InputError(
            f"tune: answers to {trial.task.config!r} are not scored while a model is trained, so nothing can be chosen "
            "by them; leave it out"
        )
    return validation


def _refuse_other_run(output: str, n: int) -> None:
    """Refuse before the trials what would be refused after them: a folder with a run that was not tuned so."""
    if not (whole_checkpoints(output) or (Path(output) / "adapter_config.json").is_file()):
        return
    tuning = read_record(output).settings.get("tuning")
    trials = tuning.get("budget") if isinstance(tuning, dict) else None
    if trials != n:
        before = f"tuned by {trials} trials" if trials else "without tuning"
        raise InputError(f"{output} holds a run {before}, and tune is {n}; {AFRESH}")


def _summary(study: Study) -> dict[str, Any]:
    """What a run's record says of its tuning: the trials themselves lie beside it."""
    record = {key: value for key, value in study.record().items() if key in ("budget", "metric", "space")}
    return record | {"score": study.best.score, "values": study.best.values}


def _told(trials: list[Trial], n: int, metric: str) -> str:
    last = trials[-1]
    ended = f"failed, {last.error}" if last.score is None else f"{metric} {last.score:.4f} in {last.seconds:.0f} s"
    return f"trial {len(trials)} of {n}: {ended}: {_values(last.values)}"


def _values(values: Mapping) -> str:
    return ", ".join(f"{key} {value:.4g}" for key, value in values.items())

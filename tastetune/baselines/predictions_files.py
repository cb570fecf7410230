"""Predictions files of baselines: what is there already of the same rows and settings is not made again."""

import json
from dataclasses import replace
from pathlib import Path

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Predictions, are_predictions_of, read_predictions, write_predictions
from tastetune.baselines import Baseline
from tastetune.files import write_text
from tastetune.locks import held_file


def epoch_file(final: Path, epoch: int) -> Path:
    """Where the answers after `epoch`, counted from 1, lie beside the final ones."""
    return final.with_stem(f"{final.stem}-epoch-{epoch}")


def fit_or_keep(
    baseline: Baseline,
    dataset: BuiltDataset,
    split: str,
    folder: Path,
    *,
    each_epoch: bool = False,
    force: bool = False,
) -> list[Path]:
    """Have `baseline` answer `split` into `<name>.parquet` in `folder`, unless its answers are there.

    What was tried in tuning goes to `<name>.tuning.json` beside it.

    Args:
        each_epoch: also the answers after every epoch, see `epoch_file`.
        force: answer anew in any case.

    Returns:
        The predictions files, those of the epochs in their order, the final one last.

    Raises:
        InputError: see `Baseline.fit_predict`; or an answer is no number, another process makes the same file, or it
            cannot be written.
    """
    final = folder / f"{baseline.name}.parquet"
    with held_file(final):
        kept = [] if force else _kept(final, baseline.origin(dataset, split), each_epoch)
        if kept:
            print(f"kept: {final}" + _and_epochs(kept))
            return kept
        return _fit(baseline, dataset, split, final, each_epoch=each_epoch)


def _fit(baseline: Baseline, dataset: BuiltDataset, split: str, final: Path, *, each_epoch: bool) -> list[Path]:
    written = []

    def write_epoch(epoch: int, predictions: Predictions) -> None:
        written.append(_write(epoch_file(final, epoch), predictions))

    predictions = baseline.fit_predict(dataset, split, after_epoch=write_epoch if each_epoch else None)
    _write_tuning(final, predictions)
    written.append(_write(final, predictions))
    print(f"answered: {final}" + _and_epochs(written), flush=True)
    return written


def _kept(final: Path, origin: dict, each_epoch: bool) -> list[Path]:
    """The files that are wanted, if all of them are there with answers of this `origin`; none otherwise."""
    if not are_predictions_of(final, origin | {"model": final.stem}):
        return []
    epochs = read_predictions(final).meta.settings.get("epochs", 0) if each_epoch else 0
    files = [*(epoch_file(final, epoch) for epoch in range(1, epochs + 1)), final]
    return files if all(are_predictions_of(file, origin | {"model": file.stem}) for file in files) else []


def _and_epochs(files: list[Path]) -> str:
    return f" and each of {len(files) - 1} epochs" if len(files) > 1 else ""


def _write(path: Path, predictions: Predictions) -> Path:
    write_predictions(path, replace(predictions.meta, model=path.stem), predictions.table)
    return path


def _write_tuning(final: Path, predictions: Predictions) -> None:
    """Write what tuning tried beside the predictions file; without tuning no older record is left there."""
    meta, path = predictions.meta, final.with_suffix(".tuning.json")
    if "tuning" not in meta.settings:
        path.unlink(missing_ok=True)
        return
    about = {"model": final.stem, "dataset": meta.dataset, "fingerprint": meta.fingerprint, "seed": meta.seed}
    write_text(path, json.dumps(about | meta.settings["tuning"], indent=2) + "\n")

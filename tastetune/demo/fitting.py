"""The recommenders of a recipe, fitted beside the page in a process of their own."""

import hashlib
import json
import multiprocessing
import os
import zipfile
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Thread

from tastetune.artifacts.dataset import BuiltDataset, open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.baselines.sides import Side
from tastetune.config.run_folder import RunFolder
from tastetune.errors import InputError
from tastetune.files import bundled_file


class Recommenders:
    """What is fitted of the recommenders, and a word on those that are not."""

    def __init__(self, configs: Sequence[str], dataset: BuiltDataset, folder: RunFolder):
        """Begin to fit, unless it was done before; what is fitted is kept in the run's folder.

        Args:
            configs: files of recbole_configs/, as a recipe's `baselines` names them.
        """
        self._fitting: dict[str, Future] = {}
        if not configs:
            return
        pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_stand_back)
        for config in map(bundled_file, configs):
            in_run = folder.predictions / f"{config.stem}.parquet"
            self._fitting[config.stem] = pool.submit(fitted_once, config, dataset.folder, folder.demo, in_run)
        pool.shutdown(wait=False)

    def fitted(self) -> dict[str, Side]:
        """What is fitted by now, by its name."""
        return {name: job.result() for name, job in self._fitting.items() if _succeeded(job)}

    def remarks(self) -> list[str]:
        """A sentence on each model that does not answer, or not yet."""
        sentences = []
        for name, job in self._fitting.items():
            if not job.done():
                sentences.append(f"{name} is being fitted; once it is, the next mark shows its scores too.")
            elif not _succeeded(job):
                sentences.append(f"{name} is left out: {_reason(job)}")
        return sentences


def fitted_once(config: Path, dataset: Path, folder: Path, predictions: Path) -> Side:
    """One model, fitted unless it lies in a file of `folder`, where it is kept.

    Args:
        config: a file of recbole_configs/.
        dataset: its folder.
        predictions: of the same model in the run, which tell how many epochs were best; need not be there.

    Raises:
        InputError: RecBole is not installed, or the model cannot be used.
    """
    try:
        from tastetune.baselines.recbole.configs import read_config
        from tastetune.demo.side_fit import fitted_side, side_of
    except ImportError as error:
        raise InputError(f"it needs RecBole: pip install 'tastetune[baselines]' ({error})") from error
    opened, settings = open_dataset(dataset), read_config(config)
    kind, epochs = side_of(settings), _epochs(predictions, opened, settings.digest(0))
    decisive = json.dumps([opened.fingerprint, settings.digest(0), epochs])
    path = folder / f"{settings.name}-{hashlib.sha256(decisive.encode()).hexdigest()[:12]}.npz"
    if path.is_file():
        with suppress(EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile):  # a damaged one is fitted anew
            return kind.load(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fitted_side(settings, opened, epochs).save(path)
    return kind.load(path)


def _epochs(path: Path, dataset: BuiltDataset, digest: str) -> int | None:
    """As many epochs as a run has fitted the same model for; None where it did not."""
    try:
        meta = read_predictions(path).meta
    except InputError:
        return None
    same = meta.fingerprint == dataset.fingerprint and meta.settings.get("config_digest") == digest
    epochs = meta.settings.get("epochs")
    return epochs if same and isinstance(epochs, int) else None


def _stand_back() -> None:
    """Leave the processor to the page where it is wanted, and one core of it always; end when the page does."""
    os.nice(10)
    os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is imported
    Thread(target=_end_with_the_page, daemon=True).start()


def _end_with_the_page() -> None:
    page = multiprocessing.parent_process()
    if page is not None:
        page.join()
        os._exit(1)


def _succeeded(job: Future) -> bool:
    return job.done() and job.exception() is None


def _reason(job: Future) -> str:
    error = job.exception()
    return str(error) if isinstance(error, InputError) else f"it could not be fitted ({type(error).__name__}: {error})"

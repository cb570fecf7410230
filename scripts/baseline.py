"""Fit baselines and answer the rows of a split: the trivial models, and those that the recipe or --baselines names.

    python scripts/baseline.py recipes/ml1m.yaml
    python scripts/baseline.py recipes/ml1m.yaml --only svd sasrec --tune 20 --split validation
    python scripts/baseline.py --run_dir outputs/books --baselines recbole_configs
    python scripts/baseline.py recipes/ml1m.yaml --baselines text --encoder sentence-transformers/all-MiniLM-L6-v2

The recipe names the run's folder, in which the dataset and the predictions lie: `predictions/NAME.parquet`, those of
another split than test in a folder of its name. What is there already, by the same settings for the same rows, is kept.
A model that fails does not end the others. `stacked` is a logistic regression over the models that answered both this
split and validation, those of predict.py among them; it is fitted last.

    --baselines CONFIG ...     files of recbole_configs/, folders of them, of which those of another task are left out,
                               `text` or `stacked` (default: the recipe's)
    --only NAME ...            these models alone; `trivial` for all models without learning
    --split NAME               split to answer (default test)
    --predictions_dir FOLDER   folder to write to (default: the run's)
    --tune N                   first choose settings by N trials on validation, written beside the predictions
    --config_seed N            in place of the configs' seeds
    --each_epoch               also write the answers after every epoch
    --encoder FOLDER_OR_ID     the text baseline's sentence-embedding model
    --force                    answer anew what is there already
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tastetune.artifacts.dataset import BuiltDataset, open_dataset
from tastetune.baselines import Baseline, fit_on, wait_passively
from tastetune.baselines.predictions_files import fit_or_keep
from tastetune.baselines.selection import TRIVIAL, baselines_of, stacks_of
from tastetune.config.arguments import AnswerArguments, DataArguments
from tastetune.config.recipe import read_recipe
from tastetune.errors import InputError, run
from tastetune.locks import refuse_unwritable


@dataclass
class BaselineArguments:
    only: list[str] = field(default_factory=list, metadata={"help": "These models alone."})
    predictions_dir: str | None = field(default=None, metadata={"help": "Folder to write to."})
    tune: int = field(default=0, metadata={"help": "First choose settings by so many trials on validation."})
    config_seed: int | None = field(default=None, metadata={"help": "In place of the configs' seeds."})
    each_epoch: bool = field(default=False, metadata={"help": "Also write the answers after every epoch."})
    encoder: str | None = field(default=None, metadata={"help": "The text baseline's sentence-embedding model."})

    def __post_init__(self):
        if self.tune < 0:
            raise InputError(f"--tune is {self.tune}; give the number of trials")


def main() -> None:
    args, answers, data = read_recipe(__doc__, (BaselineArguments, AnswerArguments, DataArguments))
    began = time.perf_counter()
    root = Path(args.predictions_dir) if args.predictions_dir else data.folder.predictions
    folder = root if answers.split == "test" else root / answers.split

    # 1. The rows and the models: every config is read before anything is fitted
    data.refuse_unbuilt()
    dataset = open_dataset(data.dataset, data.dataset_revision)
    fit_on(dataset, answers.split)
    refuse_unwritable(folder / "a.parquet")
    wait_passively()
    baselines = baselines_of(
        dataset,
        [TRIVIAL, *answers.baselines],
        only=args.only,
        seed=args.config_seed,
        trials=args.tune,
        encoder=args.encoder,
    )

    # 2. Their answers, and last what a stack makes of all that are there
    fit = partial(fit_all, dataset=dataset, split=answers.split, folder=folder, force=data.force)
    failures = fit(baselines, each_epoch=args.each_epoch)
    stacks = stacks_of(dataset, answers.baselines, only=args.only, folder=folder, validation=root / "validation")
    failures += fit(stacks)
    baselines += stacks
    if failures:
        raise InputError(f"{len(failures)} of {len(baselines)} baselines failed:\n" + "\n".join(by_error(failures)))
    seconds = time.perf_counter() - began
    print(f"Answered {answers.split} of {dataset.name} by {len(baselines)} baselines in {seconds:.0f} s, in {folder}")


def fit_all(
    baselines: list[Baseline],
    dataset: BuiltDataset,
    split: str,
    folder: Path,
    *,
    each_epoch: bool = False,
    force: bool = False,
) -> list[tuple[str, str]]:
    """Have every baseline answer the split; returns the names of those that failed, each with its error."""
    failures = []
    for baseline in baselines:
        try:
            fit_or_keep(baseline, dataset, split, folder, each_epoch=each_epoch, force=force)
        except InputError as error:
            failures.append((baseline.name, str(error)))
            print(f"failed: {baseline.name}", flush=True)
    return failures


def by_error(failures: list[tuple[str, str]]) -> list[str]:
    """A line an error, with the names of all that failed by it: what is wrong with the rows is said once."""
    names = defaultdict(list)
    for name, error in failures:
        names[error].append(name)
    return [f"{', '.join(failed)}: {error}" for error, failed in names.items()]


if __name__ == "__main__":
    run(main)

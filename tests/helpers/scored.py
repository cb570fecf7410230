"""A made dataset with made predictions, and the scripts and builders that work on such, run as a person runs them."""

import runpy
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
from made import make_dataset

from tastetune.artifacts.dataset import BuiltDataset, open_dataset
from tastetune.artifacts.predictions import Meta, write_predictions
from tastetune.artifacts.score_table import score_table

ROOT = Path(__file__).parents[2]
BUILDERS = ROOT / "data_builders"


def write(
    folder: Path, dataset: BuiltDataset, model: str, noise: float, split: str = "test", *, answers=None, **meta
) -> Path:
    """Write predictions of `model`: the true stars plus `noise`, as a probability unless `meta` has a threshold.

    Predictions on validation go where scripts/score.py looks for them.
    """
    rows = dataset.read("like_dislike", split, ["example_id", "rating"])
    rng = np.random.default_rng([len(model), *model.encode()])
    scores = rows["rating"].to_numpy() + rng.normal(0, noise, len(rows))
    if "threshold" not in meta:
        scores = 1 / (1 + np.exp(3.5 - scores))
    path = folder / ("validation" if split == "validation" else "") / f"{model}.parquet"
    known = {
        "model": model,
        "kind": "recbole",
        "dataset": dataset.name,
        "config": "like_dislike",
        "split": split,
        "fingerprint": dataset.fingerprint,
        "command": f"scripts/predict.py --output {model}.parquet",
    }
    write_predictions(path, Meta(**known | meta), score_table(rows["example_id"].to_pylist(), scores, answers))
    return path


def make_scored(folder: Path) -> BuiltDataset:
    """A made dataset in `folder`/data and the predictions of five models in `folder`/predictions."""
    dataset = open_dataset(make_dataset(folder / "data", n_users=40, n_items=40))
    predictions, adapter = folder / "predictions", folder / "adapter"
    (adapter / "checkpoint-100").mkdir(parents=True)
    tuned = {
        "kind": "adapter",
        "base_model": "meta-llama/Llama-3.2-1B-Instruct",
        "settings": {"learning_rate": 5e-5, "hub_token": "hf_" + "x" * 34, "output_dir": str(adapter)},
        "training": {"steps": 500, "examples": 32000, "seconds": 12.5, "flops": 1e12},
        "command": f"{folder}/checkout/scripts/predict.py recipes/ml1m.yaml --adapter {adapter}",
    }
    for split in ("test", "validation"):
        write(predictions, dataset, "user_item_mean", 1.0, split, kind="trivial", threshold=4.0)
        write(predictions, dataset, "sft-500", 0.5, split, adapter=str(adapter), **tuned)
    write(predictions, dataset, "sft-100", 2.0, adapter=str(adapter / "checkpoint-100"), **tuned)
    write(predictions, dataset, "sasrec-seed1", 1.5, seed=1)
    write(predictions, dataset, "sasrec-seed2", 1.5, seed=2)
    return dataset


def run_in(folder: Path, monkeypatch, capsys, script: str, *args) -> tuple[int, str, str]:
    """Run a script of this project inside the test, in `folder`: status, stdout, stderr."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", [script, *map(str, args)])
    capsys.readouterr()
    try:
        runpy.run_path(str(ROOT / "scripts" / script), run_name="__main__")
        status = 0
    except SystemExit as exit:
        status = 0 if exit.code in (None, 0) else 1
        if isinstance(exit.code, str):
            print(exit.code, file=sys.stderr)
    return status, *capsys.readouterr()


def run(script: str, monkeypatch, *args: object) -> None:
    """`python data_builders/<script> args`, inside this process."""
    monkeypatch.setattr(sys, "argv", [script, *map(str, args)])
    runpy.run_path(str(BUILDERS / script), run_name="__main__")


def module(script: str):
    """The script as a module, its functions to be tried one by one."""
    spec = spec_from_file_location(script.removesuffix(".py"), BUILDERS / script)
    loaded = module_from_spec(spec)
    sys.modules[spec.name] = loaded  # dataclasses look their module up there
    spec.loader.exec_module(loaded)
    return loaded

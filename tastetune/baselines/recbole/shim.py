"""RecBole 1.2.1 made to run beside today's numpy, and kept from changing the process around it.

Everything this package uses of RecBole is imported here, once:
- numpy 2 lost the aliases `float_`, `complex_` and `unicode_`, which `Config` wants: they are given back.
- `recbole.quick_start` is never imported: it needs a `ray` that no current Python has.
- Importing any sequential model switches autograd's anomaly detection on for the whole process, which makes training
  1.5 to 1.7 times slower: it is switched back.
- A `Trainer` opens a tensorboard writer in the working directory: it gets one that writes nothing.
- `Config` evaluates `--key=value` from the caller's command line and every string it is given, sets
  CUDA_VISIBLE_DEVICES and edits `yaml.FullLoader`: `make_config` shields all four.
"""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import torch
import yaml


@contextmanager
def _shielded() -> Iterator[None]:
    """Undo what RecBole changes in the process while it is imported or configured."""
    argv, visible = sys.argv, os.environ.get("CUDA_VISIBLE_DEVICES")
    resolvers = {first: list(pairs) for first, pairs in yaml.FullLoader.yaml_implicit_resolvers.items()}
    anomaly = torch.is_anomaly_enabled()
    sys.argv = argv[:1] or [""]
    try:
        yield
    finally:
        sys.argv = argv
        yaml.FullLoader.yaml_implicit_resolvers = resolvers
        torch.autograd.set_detect_anomaly(anomaly)
        if visible is None:
            os.environ.pop("CUDA_VISIBLE_DEVICES", None)
        else:
            os.environ["CUDA_VISIBLE_DEVICES"] = visible


for _alias, _now in {"float_": np.float64, "complex_": np.complex128, "unicode_": np.str_}.items():
    if not hasattr(np, _alias):
        setattr(np, _alias, _now)

with _shielded():
    import recbole.model.sequential_recommender  # this import is what switches anomaly detection on
    import recbole.trainer.trainer
    from recbole.config import Config
    from recbole.data.dataloader import NegSampleEvalDataLoader, TrainDataLoader
    from recbole.data.dataset import Dataset, SequentialDataset
    from recbole.data.interaction import Interaction, cat_interactions
    from recbole.model.abstract_recommender import AbstractRecommender, GeneralRecommender, SequentialRecommender
    from recbole.model.sequential_recommender import SASRec
    from recbole.sampler import Sampler
    from recbole.trainer import Trainer
    from recbole.utils import InputType, ModelType, get_model, init_seed

__all__ = [
    "AbstractRecommender",
    "Config",
    "Dataset",
    "GeneralRecommender",
    "InputType",
    "Interaction",
    "NegSampleEvalDataLoader",
    "SASRec",
    "Sampler",
    "SequentialDataset",
    "SequentialRecommender",
    "TrainDataLoader",
    "Trainer",
    "cat_interactions",
    "fixed_keys",
    "get_model",
    "init_seed",
    "is_closed_form",
    "is_pairwise",
    "is_sequential",
    "make_config",
    "without_future_warnings",
]

PROPERTIES = Path(recbole.__file__).parent / "properties"
"""RecBole's own default settings: `overall.yaml`, `dataset/sample.yaml`, `model/<name>.yaml`."""

FIXED = {
    "data_path": None,
    "checkpoint_dir": tempfile.gettempdir(),  # must exist, though nothing is written there
    "benchmark_filename": None,
    "alias_of_item_id": None,
    "normalize_all": False,
    "eval_args": {"split": {"RS": [0.8, 0.1, 0.1]}, "group_by": None, "order": "TO", "mode": "labeled"},
    "repeatable": True,
    "train_neg_sample_args": None,
    "metrics": ["AUC"],
    "valid_metric": "AUC",
    "metric_decimal_place": 9,
    "show_progress": False,
}
"""What RecBole must be told so that it neither drops, orders, rescales nor samples rows: it would normalise ratings to
0..1, for one."""


@cache
def fixed_keys() -> frozenset[str]:
    """RecBole's general keys, all of which the dataset decides but for those that a model's entry frees."""
    general = (
        yaml.safe_load((PROPERTIES / name).read_text("utf-8")) for name in ("overall.yaml", "dataset/sample.yaml")
    )
    return frozenset(FIXED).union(*general)


def is_sequential(model: type[AbstractRecommender]) -> bool:
    """Whether the model reads a history of items in their order."""
    return model.type == ModelType.SEQUENTIAL


def is_closed_form(model: type[AbstractRecommender]) -> bool:
    """Whether the model is fitted when it is made, without epochs."""
    return model.type == ModelType.TRADITIONAL


def is_pairwise(model: type[AbstractRecommender]) -> bool:
    """Whether the model learns from pairs of a chosen and another item."""
    return model.input_type == InputType.PAIRWISE


class _WritesNothing:
    """In place of a tensorboard writer."""

    def add_scalar(self, *args, **kwargs):
        pass

    def add_hparams(self, *args, **kwargs):
        pass


recbole.trainer.trainer.get_tensorboard = lambda logger: _WritesNothing()


def make_config(model: type[AbstractRecommender], settings: dict) -> Config:
    """RecBole's configuration of `model`: its own defaults overridden by `FIXED` and `settings`, and by nothing else.

    Args:
        settings: values by RecBole's key, `dataset` among them: the folder and stem of the atomic files in `data_path`.
    """
    # Config evaluates strings as Python; of a quoted string, evaluation gives the string itself.
    quoted = {key: repr(value) if isinstance(value, str) else value for key, value in (FIXED | settings).items()}
    with _shielded():
        config = Config(model=model, config_dict=quoted | {"gpu_id": "''"})
    config["device"] = torch.device("cuda" if config["use_gpu"] and torch.cuda.is_available() else "cpu")
    return config


@contextmanager
def without_future_warnings() -> Iterator[None]:
    """RecBole's use of pandas and torch draws a page of them; constraints.txt pins versions that still accept it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield

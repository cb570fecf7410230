"""A file of `recbole_configs/`: RecBole's own keys, read strictly."""

import difflib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from tastetune.baselines.recbole.atomic import HISTORIES, ITEM_LISTS, NAME, TYPES
from tastetune.baselines.recbole.models import OWN
from tastetune.baselines.recbole.shim import PROPERTIES, AbstractRecommender, InputType, ModelType, get_model
from tastetune.baselines.recbole.spaces import as_number, check_space, check_value
from tastetune.config.yaml import load_yaml, refuse_unknown
from tastetune.errors import InputError

FREE = (
    "seed",
    "reproducibility",
    "use_gpu",
    "epochs",
    "train_batch_size",
    "shuffle",
    "learner",
    "learning_rate",
    "weight_decay",
    "clip_grad_norm",
    "eval_step",
    "stopping_step",
    "eval_batch_size",
    "MAX_ITEM_LIST_LENGTH",
    "load_col",
)
"""RecBole's general keys that a config may set. All others are fixed: the dataset decides rows, splits and fields."""

FIXED = {
    "data_path": None,
    "checkpoint_dir": tempfile.gettempdir(),  # must exist, though nothing is written there
    "benchmark_filename": ["train", "validation", "test"],
    "alias_of_item_id": list(ITEM_LISTS),
    "normalize_all": False,
    "eval_args": {"split": {"RS": [0.8, 0.1, 0.1]}, "group_by": None, "order": "TO", "mode": "labeled"},
    "repeatable": True,
    "train_neg_sample_args": None,
    "metrics": ["AUC"],
    "valid_metric": "AUC",
    "metric_decimal_place": 9,
    "show_progress": False,
}
"""What RecBole must be told so that it neither drops, orders, rescales nor samples rows. Without the alias, the ids of
histories would be numbered apart from the targets', silently; RecBole would also normalise ratings to 0..1."""

DEFAULTS = {"MAX_ITEM_LIST_LENGTH": 10, "eval_step": 0, "epochs": 20}
FEATURES = ["user_id", "item_id", "label"]


class OtherTask(InputError):
    """A config of a model that cannot answer the task asked for, though it may another."""


@dataclass(frozen=True)
class BaselineConfig:
    """One model's settings.

    Attributes:
        path: the file they were read from; its stem is the model's name in tables.
        model: RecBole's class, or one of `tastetune.baselines.recbole.models`.
        values: every key with its value, defaults filled in; JSON-able.
        tune: what `--tune` may change, see `tastetune.baselines.recbole.spaces.check_space`.
    """

    path: Path
    model: type[AbstractRecommender]
    values: dict
    tune: dict

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def columns(self) -> list[str]:
        """The atomic columns that the model reads."""
        return self.values["load_col"]["inter"]


def read_config(path: str | Path, overrides: dict | None = None, *, pairwise: bool = False) -> BaselineConfig:
    """Read a config file; `overrides` (value by key) win over it.

    Args:
        pairwise: also take models that learn from pairs of a chosen and another item.

    Raises:
        InputError: an unknown or misspelt key, a key that the dataset decides, a value of another type than RecBole's
            default, an unknown model, or (`OtherTask`) one that does not learn from single labelled pairs.
    """
    path = Path(path)
    given, lines = load_yaml(path)
    where = {key: f"{path}, line {line}" for key, line in lines.items()}
    given |= overrides or {}
    model = _model(given.pop("model", None), where.get("model", str(path)), pairwise)
    own = _defaults_of(model)
    general = _yaml("overall.yaml") | _yaml("dataset/sample.yaml")
    known = {key: general[key] for key in FREE} | DEFAULTS | own
    space = check_space(where.get("tune", str(path)), given.pop("tune", None) or {}, known)
    for key in given:
        if key in (FIXED | general) and key not in known:
            raise InputError(f"{where[key]}: key {key!r} is not free here: the dataset decides it; remove the line")
    refuse_unknown(path, {key: line for key, line in lines.items() if key in given}, known)
    values = known | {key: check_value(where.get(key, key), key, value, known[key]) for key, value in given.items()}
    values["load_col"] = {"inter": _columns(values["load_col"], model, where.get("load_col", str(path)))}
    return BaselineConfig(path, model, {"model": model.__name__} | values, space)


def recbole_settings(config: BaselineConfig, folder: Path, splits: list[str], longest: int) -> dict:
    """Everything that RecBole's `Config` is given: the config's values and `FIXED`, for files under `folder`.

    Args:
        splits: splits whose atomic files are to be read.
        longest: of the histories, which the width of position embeddings and masks must equal.
    """
    values = {key: value for key, value in config.values.items() if key != "model"}
    fixed = FIXED | {"data_path": str(folder), "benchmark_filename": splits}
    fixed["alias_of_item_id"] = [name for name in ITEM_LISTS if name in config.columns]
    fixed["load_col"] = {"inter": [*config.columns, "row_id"]}
    for history in HISTORIES:
        if history in config.columns:
            fixed["LIST_SUFFIX"] = history.removeprefix("item_id")
    return values | fixed | {"MAX_ITEM_LIST_LENGTH": longest, "dataset": NAME}


def _model(name: object, where: str, pairwise: bool) -> type[AbstractRecommender]:
    if name in OWN:
        return OWN[name]
    try:
        model = get_model(str(name))
    except (ValueError, AttributeError, ImportError) as error:
        stems = [path.stem for path in (PROPERTIES / "model").glob("*.yaml")]
        near = difflib.get_close_matches(str(name), [*OWN, *stems], n=1)
        raise InputError(
            f"{where}: model {name!r} is neither RecBole's nor one of {', '.join(OWN)}"
            + (f"; did you mean {near[0]!r}?" if near else "; name one under the key 'model'")
        ) from error
    labelled = model.input_type == InputType.POINTWISE and model.type != ModelType.TRADITIONAL
    if not labelled and not (pairwise and model.input_type in (InputType.POINTWISE, InputType.PAIRWISE)):
        raise OtherTask(
            f"{where}: {name} learns from who chose what, not from single likes and dislikes; choose a pointwise model "
            f"such as DIN, DeepFM, NeuMF, or one of {', '.join(OWN)}"
        )
    return model


def _defaults_of(model: type[AbstractRecommender]) -> dict:
    if model in OWN.values():
        return dict(model.defaults)
    return _yaml(f"model/{model.__name__}.yaml") | {"load_col": {"inter": FEATURES}}


def _yaml(name: str) -> dict:
    values = yaml.safe_load((PROPERTIES / name).read_text(encoding="utf-8")) or {}
    return {key: as_number(value) for key, value in values.items()}


def _columns(load_col: dict, model: type[AbstractRecommender], where: str) -> list[str]:
    """The columns a model reads: those named, after what every model needs."""
    named = load_col.get("inter") if set(load_col) == {"inter"} else None
    if not isinstance(named, list) or not set(named) <= set(TYPES):
        raise InputError(
            f"{where}: load_col is {load_col!r}, expected {{inter: [columns]}}, columns of {', '.join(TYPES)}"
        )
    needed = FEATURES + getattr(model, "defaults", {}).get("load_col", {}).get("inter", [])
    if "SEQUENTIAL" in str(model.type):
        histories = [name for name in HISTORIES if name in named]
        if len(histories) > 1:
            raise InputError(f"{where}: load_col names {' and '.join(histories)}; a model takes one history, keep one")
        needed = [*FEATURES, *(histories or HISTORIES[:1])]
    return [name for name in dict.fromkeys([*needed, *named]) if name != "row_id"]

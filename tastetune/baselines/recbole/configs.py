"""A file of `recbole_configs/`: RecBole's own keys, read strictly."""

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tastetune.baselines.recbole.atomic_files import HISTORIES, TYPES
from tastetune.baselines.recbole.registry import LABELLED, LIKES, LISTS, MODELS, able, model_class
from tastetune.baselines.recbole.search_space import check_space, check_value
from tastetune.baselines.recbole.shim import AbstractRecommender, fixed_keys, is_sequential
from tastetune.config.yaml import load_yaml, refuse_unknown
from tastetune.errors import InputError

LACKS = {LIKES: "learns from who chose what, not from single likes and dislikes", LISTS: "does not rank a catalogue"}
"""Why a model cannot answer, by what it is asked."""


class OtherTask(InputError):
    """A config of a model that cannot answer the task asked for, though it may another."""


@dataclass(frozen=True)
class BaselineConfig:
    """One model's settings.

    Attributes:
        path: the file they were read from; its stem is the model's name in tables.
        model: RecBole's class, or one of `tastetune.baselines.recbole.own_models`.
        values: every key with its value, defaults filled in; JSON-able.
        tune: what `--tune` may change, see `tastetune.config.search_space.check_space`.
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
        """The atomic columns that a model of labelled rows reads."""
        return self.values["load_col"]["inter"]

    def with_values(self, values: Mapping) -> "BaselineConfig":
        """The same model with other `values`; those that are none of its keys are passed over."""
        return replace(self, values=self.values | {key: values[key] for key in self.values if key in values})

    def digest(self, trials: int) -> str:
        """Stands for all that decides a fit: the values, and for so many tuning `trials` their ranges."""
        decisive = {"values": self.values, "trials": trials, "tune": self.tune if trials else {}}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


def read_config(path: str | Path, overrides: Mapping | None = None, *, answering: str = LIKES) -> BaselineConfig:
    """Read a config file; `overrides` (value by key) win over it.

    Args:
        answering: what the model is wanted for, `LIKES` or `LISTS` of the registry.

    Raises:
        InputError: a model or a key that is not in the registry, a key that the dataset decides, a value of another
            type than the default or out of its range, or (`OtherTask`) a model that cannot answer this.
    """
    path = Path(path)
    keys, lines = load_yaml(path)
    keys |= overrides or {}
    where = {key: f"{path}, line {line}" for key, line in lines.items()}
    name = keys.pop("model", None)
    _check_model(name, where.get("model", str(path)), answering)
    defaults = MODELS[name].keys
    space = check_space(where.get("tune", str(path)), keys.pop("tune", None), defaults)
    for key in keys:
        if not isinstance(key, str):
            raise InputError(f"{where.get(str(key), path)}: unknown key {key!r}; a key is a word, remove the line")
        if key in LABELLED and key not in defaults:
            raise InputError(f"{where[key]}: {name} takes no key {key!r}; remove the line")
        if key in fixed_keys() and key not in defaults:
            raise InputError(f"{where[key]}: key {key!r} is not free here: the dataset decides it; remove the line")
    refuse_unknown(path, {key: line for key, line in lines.items() if key in keys}, defaults)
    values = defaults | {
        key: check_value(where.get(key, f"--{key}"), key, value, defaults[key]) for key, value in keys.items()
    }
    model = model_class(name)
    if "load_col" in values:
        columns = _columns(values["load_col"], name, model, where.get("load_col", str(path)))
        values |= {"load_col": {"inter": columns}}
    return BaselineConfig(path, model, {"model": name} | values, space)


def check_tunable(config: BaselineConfig) -> None:
    """Raise InputError if the config does not say what tuning may change."""
    if not config.tune:
        raise InputError(f"{config.path}: no block 'tune' with ranges to try; add one, or leave out --tune")


def _check_model(name: object, where: str, answering: str) -> None:
    if not isinstance(name, str) or name not in MODELS:
        near = difflib.get_close_matches(str(name), MODELS, n=1, cutoff=0.5)
        raise InputError(
            f"{where}: model {name!r} is none of those that were fitted and tested here, {', '.join(MODELS)}; "
            + (f"did you mean {near[0]!r}?" if near else "name one of them under the key 'model'")
        )
    if answering not in MODELS[name].answers:
        raise OtherTask(f"{where}: {name} {LACKS[answering]}; choose one of {', '.join(able(answering))}")


def _columns(load_col: dict, name: str, model: type[AbstractRecommender], where: str) -> list[str]:
    """The columns a model reads: those named, after what it needs."""
    named = load_col.get("inter") if set(load_col) == {"inter"} else None
    if not isinstance(named, list) or not all(isinstance(column, str) and column in TYPES for column in named):
        raise InputError(
            f"{where}: load_col is {load_col!r}, expected {{inter: [columns]}}, columns of {', '.join(TYPES)}"
        )
    needed = [*MODELS[name].keys["load_col"]["inter"], *MODELS[name].columns]
    if is_sequential(model):
        histories = [column for column in HISTORIES if column in named]
        if len(histories) > 1:
            raise InputError(f"{where}: load_col names {' and '.join(histories)}; a model takes one history, keep one")
        needed += histories or HISTORIES[:1]
    return [column for column in dict.fromkeys([*needed, *named]) if column != "row_id"]

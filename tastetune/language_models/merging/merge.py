"""From an adapter and its base model to one ordinary model folder."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import torch
from accelerate.utils.memory import clear_device_cache
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import ModelConfig

from tastetune.artifacts.json_files import cut, faults, read_json
from tastetune.artifacts.redaction import shareable
from tastetune.artifacts.run import COST, MERGED, RUN
from tastetune.artifacts.trained_rows import ROWS, write_row_keys
from tastetune.errors import InputError
from tastetune.language_models.adapters import UNQUANTISED, load_adapter, trained_quantisation
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.loading import load_config, load_model
from tastetune.language_models.made_models import made_model, replacing_model
from tastetune.language_models.merging.card import merged_card
from tastetune.language_models.merging.comparison import Difference, difference
from tastetune.language_models.merging.output_layer import pad_output_layer
from tastetune.language_models.merging.source import MergeSource
from tastetune.language_models.model_files import check_model, explained
from tastetune.locks import held_place


class Merged(NamedTuple):
    """A merged model.

    Attributes:
        record: the content of `merged_from` in its configuration.
        was_there: whether it was there already, and nothing was done.
    """

    record: dict[str, Any]
    was_there: bool

    @property
    def says(self) -> str:
        """What a person should know of it, in one line."""
        record = self.record
        other = f"; the adapter's own base has {record['trained_on']}, so this is not the same model"
        compared = str(Difference(**record["compared"]))
        return f"in {record['dtype']}; {compared}{'' if record['trained_on'] == UNQUANTISED else other}"


def merge(source: MergeSource, folder: str | Path, dtype: str | None = None, *, force: bool = False) -> Merged:
    """Write the merged model of an adapter to `folder`, whole or not at all.

    The adapter answers on its base model as its run loaded it, quantised or not. It is merged into the unquantised
    weights, in float32. The model in the written folder then answers the same rows.

    Args:
        dtype: of the weights that are written: float32, bfloat16 or float16; that of the base model's if None.
        force: write anew what is there already, and replace another merged model.

    Raises:
        InputError: the base model is not there, is kept quantised or is not the one that the adapter was trained on;
            or `folder` holds something else, is being written by another process, or cannot be written.
    """
    folder, dtype = Path(folder), dtype or _stored_dtype(source.base)
    with held_place(folder):
        if (there := _what_is_there(folder, source, dtype, force=force)) is not None:
            return Merged(there, was_there=True)
        before, tokenizer = _adapter_answers(source)
        clear_device_cache(garbage_collection=True)  # three models in turn, one at a time
        with replacing_model(folder) as new:
            model = _merged(source, tokenizer)
            model.to(getattr(torch, dtype)).save_pretrained(new)
            tokenizer.save_pretrained(new)
            del model
            clear_device_cache(garbage_collection=True)
            compared = difference(source.rows, before, _merged_answers(source, new))
            record = _record(source, dtype, compared)
            _describe(new, source, record, name=folder.resolve().name)
            check_model(new)
    return Merged(record, was_there=False)


def _stored_dtype(base: ModelConfig) -> str:
    config = load_config(base)
    if getattr(config, "quantization_config", None) is not None:
        raise InputError(
            f"{base.model_name_or_path}: is kept quantised, and an adapter is merged into unquantised weights alone, "
            "which cannot be had of it"
        )
    return str(config.dtype or torch.float32).removeprefix("torch.")


def _what_is_there(folder: Path, source: MergeSource, dtype: str, *, force: bool) -> dict[str, Any] | None:
    """The record of this very model where `folder` holds it; InputError where it holds what would be lost."""
    config = made_model(folder, MERGED, "a merged model")
    if config is None or force:
        return None
    record, origin = config[MERGED], source.origin | {"dtype": dtype}
    origin["trained_on"] = trained_quantisation(source.record.settings)
    is_other = not isinstance(record, dict) or any(record.get(key) != value for key, value in origin.items())
    if is_other or any(faults(Difference, record.get("compared"))):
        raise InputError(f"{folder}: holds another merged model, {cut(record)}; name another folder, or say --force")
    check_model(folder)
    return record


def _adapter_answers(source: MergeSource) -> tuple[pa.Table, PreTrainedTokenizerBase]:
    """The adapter's answers on its base model as its run loaded it, and its tokenizer."""
    model = LanguageModel.load(source.base)
    model.add(source.adapter)
    with model.behind(source.adapter) as answering:
        return source.answers(answering), answering.tokenizer


def _merged(source: MergeSource, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    plain = replace(source.base, dtype="float32", load_in_4bit=False, load_in_8bit=False)
    wrapped = load_adapter(load_model(plain), source.adapter, warn=False)
    with explained(source.adapter, "train it anew"):  # weights that are no numbers
        model = wrapped.merge_and_unload(safe_merge=True)
    pad_output_layer(model)
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model.eval()


def _merged_answers(source: MergeSource, folder: Path) -> pa.Table:
    return source.answers(LanguageModel.load(ModelConfig(str(folder), dtype="auto")))


def _record(source: MergeSource, dtype: str, compared: Difference) -> dict[str, Any]:
    names = {"adapter": source.adapter, "base_model": source.base.model_name_or_path}
    return {
        **shareable(names),
        **source.origin,
        "trained_on": trained_quantisation(source.record.settings),
        "dtype": dtype,
        "compared": compared.record,
    }


def _describe(folder: Path, source: MergeSource, record: dict[str, Any], name: str) -> None:
    """Write what the merged model was made of into its configuration, its run's record and its card."""
    path, run = folder / "config.json", source.record
    config = read_json(path, "merge the adapter anew")
    path.write_text(json.dumps(config | {MERGED: record}, indent=2) + "\n", encoding="utf-8")
    base = str(source.base.model_name_or_path)
    hub_base, stand_in = None if Path(base).exists() else base, config.get("stand_in") is True
    card = merged_card(name, record, source.rows.dataset, hub_base=hub_base, stand_in=stand_in)
    if run.settings:
        settings = {**run.settings, MERGED: record}
        (folder / RUN).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    if run.cost:
        (folder / COST).write_text(json.dumps(run.cost, indent=2) + "\n", encoding="utf-8")
    if run.rows is not None:
        write_row_keys(folder / ROWS, run.rows)
    (folder / "README.md").write_text(card, encoding="utf-8")

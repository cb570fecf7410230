"""A language model that is asked: the base model or an adapter of it, and what is recorded beside its answers."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from accelerate import PartialState
from peft import PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainingArguments
from trl import ModelConfig

from tastetune.artifacts.dataset import BuiltDataset, open_titled
from tastetune.artifacts.digests import ADAPTER_PATTERNS, weights_digest
from tastetune.artifacts.run import (
    OTHERS,
    TRAINED_ROWS,
    UNKNOWN,
    RunRecord,
    read_record,
    refuse_other_base,
    run_settings,
)
from tastetune.config.arguments import DataArguments
from tastetune.config.windows import WindowLimits
from tastetune.language_models.adapters import adapter_tokenizer, load_adapter
from tastetune.language_models.gguf import IMPORTED
from tastetune.language_models.loading import base_record, load_model, load_tokenizer

LOADED_BY = (
    "model_name_or_path",
    "model_revision",
    "base_weights",
    "dtype",
    "attn_implementation",
    "load_in_4bit",
    "load_in_8bit",
    "bnb_4bit_quant_type",
    "bnb_4bit_quant_storage",
    "use_bnb_nested_quant",
)
"""The settings that the model was loaded with to answer, which need not be those it was trained with."""


def set_windows(windows: WindowLimits, settings: dict) -> WindowLimits:
    """`windows` with the lengths that a run's settings name."""
    names = {"ratings": "stream_window", "min_past": "stream_min_past"}
    lengths = {field: settings.get(key) for field, key in names.items()}
    return replace(windows, **{field: n for field, n in lengths.items() if isinstance(n, int)})


@dataclass
class LanguageModel:
    """A base model on this process's device, and adapters of it, ready to answer.

    Attributes:
        model: the base model, wrapped once there are adapters.
        adapters: what the wrapper calls each adapter, by its folder or Hub id.
        tokenizers: each adapter's, which may have tokens for items.
        weights: the digest of the base model's weights; None where it is not known.
    """

    model: PreTrainedModel | PeftModel
    tokenizer: PreTrainedTokenizerBase
    adapters: dict[str, str] = field(default_factory=dict)
    tokenizers: dict[str, PreTrainedTokenizerBase] = field(default_factory=dict)
    weights: str | None = None

    @property
    def remarks(self) -> dict[str, bool | str]:
        """What tables and cards say of the base model beside its name.

        `stand_in`: whether it only stands in for a real one, see `tastetune.training.stand_in`. `imported_from`: the
        GGUF file that it was made from, see `tastetune.language_models.gguf`, where it was.
        """
        origin = getattr(self.model.config, IMPORTED, None)
        imported = {IMPORTED: origin} if isinstance(origin, str) else {}
        return {"stand_in": getattr(self.model.config, "stand_in", False), **imported}

    def add(self, *adapters: str) -> None:
        """Load adapters, all that will answer before the first answer.

        A 4-bit model is repacked on a CPU when it first answers, and loading onto it after that unpacks it again, which
        rounds its weights once more: every answer that follows would differ a little.

        Raises:
            InputError: an adapter was trained on another base model, or see `load_adapter` and
                `adapter_tokenizer` in `tastetune.language_models.adapters`.
        """
        for adapter in adapters:
            if self.weights is not None:
                refuse_other_base(read_record(adapter), self.weights)
            self.tokenizers[adapter] = adapter_tokenizer(self.tokenizer, adapter)
            name = f"adapter_{len(self.adapters)}" if self.adapters else "default"
            self.model = load_adapter(self.model, adapter, name=name)
            self.adapters[adapter] = name
        self.model.eval()

    @classmethod
    def load(cls, model_args: ModelConfig) -> "LanguageModel":
        """A base model, ready to answer.

        Raises:
            InputError: see `tastetune.language_models.loading.load_model`.
        """
        tokenizer, model = load_tokenizer(model_args), load_model(model_args).to(PartialState().device).eval()
        weights = weights_digest(model_args.model_name_or_path, model_args.model_revision)
        return cls(model, tokenizer, weights=weights)

    @contextmanager
    def behind(self, adapter: str | None) -> Iterator["LanguageModel"]:
        """The model behind this adapter, added if it is not there yet, while the block runs; for None as it comes."""
        if adapter is None:
            with self.model.disable_adapter() if self.adapters else nullcontext():
                yield self
            return
        if adapter not in self.adapters:
            self.add(adapter)
        self.model.set_adapter(self.adapters[adapter])
        yield replace(self, tokenizer=self.tokenizers[adapter])


@dataclass(frozen=True)
class ModelRecipe:
    """A recipe's arguments, which name a dataset, a base model, and how an adapter of it is trained."""

    data: DataArguments
    training: TrainingArguments
    model: ModelConfig

    def dataset(self) -> BuiltDataset:
        """The dataset, opened; raises as `open_dataset`."""
        return open_titled(self.data.dataset, self.data.dataset_revision)

    @property
    def windows(self) -> WindowLimits:
        """How much of a user's stream is read together, in training and in answering alike."""
        return self.data.window_limits(getattr(self.training, "max_length", None))

    def windows_of(self, adapter: str | None) -> WindowLimits:
        """How much of a stream an adapter is shown: `windows`, or what it was tuned to, see `tastetune.search`."""
        tuning = read_record(adapter).settings.get("tuning") if adapter else None
        values = tuning.get("values") if isinstance(tuning, dict) else None
        return set_windows(self.windows, values if isinstance(values, dict) else {})

    def trained(self) -> str | None:
        """The folder of the run's adapter; None, and a word of it, where none was trained yet."""
        folder = self.training.output_dir
        if (Path(folder) / "adapter_config.json").is_file():
            return folder
        if PartialState().is_main_process:
            whole = (Path(folder) / "config.json").is_file()
            say = f"{folder} holds a whole model, to be named" if whole else f"no adapter in {folder} yet"
            do = f"--model_name_or_path {folder}" if whole else "train it with scripts/sft.py"
            print(f"{say}, so the base model answers alone; {do}")
        return None

    @cached_property
    def base_record(self) -> RunRecord:
        """The record of the run that made the base model; without settings where none did."""
        return base_record(self.model)

    def load(self) -> LanguageModel:
        """The base model; raises as `LanguageModel.load`."""
        return LanguageModel.load(self.model)

    def origin(self, dataset: BuiltDataset, adapter: str | None, **settings) -> dict:
        """Where answers come from: what `predictions.Meta` says of the model and the dataset, by its field.

        An adapter is described by the run that made it, not by the recipe of today, which says how it was loaded; so is
        a base model that was itself fine-tuned as a whole. Of an adapter without a run's record it is said that the
        rows it was trained on are not known.

        Args:
            settings: what else decides the answers.
        """
        today, base = run_settings(dataset, self.data, self.training, self.model), self.base_record
        today.pop(OTHERS)
        record = read_record(adapter) if adapter else base if base.is_fine_tuned else None
        trained = (record.settings or {TRAINED_ROWS: UNKNOWN}) if record else today
        trained = {key: value for key, value in trained.items() if key not in (OTHERS, *LOADED_BY)}
        loaded = {key: today[key] for key in LOADED_BY if key in today}
        if adapter:  # what further training recalls as `sft_weights`
            loaded["adapter_weights"] = weights_digest(adapter, patterns=ADAPTER_PATTERNS)
        return {
            "kind": "adapter" if adapter else "fine-tuned" if record else "base",
            "dataset": dataset.name,
            "fingerprint": dataset.fingerprint,
            "base_model": self.model.model_name_or_path,
            "adapter": adapter,
            "seed": self.training.seed,
            "settings": {**trained, **loaded, **settings},
            "training": record.cost if record else {},
        }

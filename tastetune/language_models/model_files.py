"""What a model's or an adapter's folder must hold before a library opens it: whole weights, and nothing that is run."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tastetune.artifacts.json_files import cut, read_json
from tastetune.errors import InputError

WEIGHTS, ADAPTER_WEIGHTS, ADAPTER_CONFIG = "model.safetensors", "adapter_model.safetensors", "adapter_config.json"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "*.tiktoken")
LFS = b"version https://git-lfs"
LAYERS = "num_hidden_layers"
SIZES = (LAYERS, "hidden_size", "intermediate_size", "vocab_size", "num_attention_heads", "head_dim")
"""Keys of a model's configuration by which the memory that it takes grows."""

FETCH_ANEW = "fetch it anew"


def check_model(folder: str | Path) -> None:
    """Refuse a folder that holds no whole causal language model, or one that would have to run code of its own.

    Nothing is checked of a Hub id.

    Raises:
        InputError: what is missing, cut or not let in, by its file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: {_instead_of_a_model(folder)}")
    config = _read_object(folder / "config.json")
    _refuse_own_code(folder / "config.json", config)
    for key in ("_attn_implementation", "attn_implementation"):
        if "/" in str(config.get(key, "")):
            raise InputError(
                f"{folder / 'config.json'}: {key} {cut(config[key])} names code of the Hub; remove the line"
            )
    layers = config.get("num_hidden_layers", 1)
    if isinstance(layers, int) and layers < 1:
        raise InputError(f"{folder / 'config.json'}: num_hidden_layers is {layers}, expected 1 or more; {FETCH_ANEW}")
    if not any(path for name in TOKENIZERS for path in folder.glob(name)):
        raise InputError(f"{folder}: no tokenizer beside the weights (such as tokenizer.json); {FETCH_ANEW}, whole")
    for path in folder.glob("*.json"):
        _refuse_pointer(path)
    _refuse_absurd_sizes(folder, config, _check_weights(folder, WEIGHTS))


def check_adapter(folder: str | Path) -> None:
    """Refuse a folder that holds no whole LoRA adapter.

    Raises:
        InputError: what is missing, cut or not let in, by its file.
    """
    folder = Path(folder)
    path = folder / ADAPTER_CONFIG
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in folder.glob("checkpoint-*"))) or "no checkpoints"
        raise InputError(f"{folder}: no {ADAPTER_CONFIG} inside ({there}); name a folder that scripts/sft.py wrote")
    config = _read_object(path)
    if config.get("peft_type") != "LORA":
        raise InputError(f"{path}: peft_type is {cut(config.get('peft_type'))}, expected 'LORA'; name a LoRA adapter")
    if config.get("megatron_config") is not None:
        raise InputError(f"{path}: megatron_config imports a module by its name; remove the line")
    _check_weights(folder, ADAPTER_WEIGHTS)


@contextmanager
def explained(name: str | Path, remedy: str) -> Iterator[None]:
    """Turn whatever a library raises while it opens a model's files into one sentence.

    The libraries raise every kind of error over bad files, tokenizers plain `Exception`; the cause stays attached.

    Args:
        name: the model.
        remedy: what to do about files that cannot be opened.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        raise InputError(f"{name}: could not be loaded ({type(error).__name__}: {lines[0][:300]}); {remedy}") from error


def _instead_of_a_model(folder: Path) -> str:
    if list(folder.glob("*.gguf")):
        return "holds GGUF files and no config.json; name a folder with config.json, a tokenizer and safetensors"
    if (folder / ADAPTER_CONFIG).is_file():
        return "holds an adapter, no base model; name the adapter with --adapter, and here its base model"
    return "no config.json inside, so it is no model's folder; name one, or a Hub id"


def _read_object(path: Path) -> dict:
    _refuse_pointer(path)
    content = read_json(path, FETCH_ANEW)
    if not isinstance(content, dict):
        raise InputError(f"{path}: its content is {cut(content)}, expected an object; {FETCH_ANEW}")
    return content


def _refuse_own_code(path: Path, config: dict) -> None:
    from transformers import CONFIG_MAPPING

    if config.get("auto_map") and config.get("model_type") not in CONFIG_MAPPING:
        raise InputError(
            f"{path}: a model of type {cut(config.get('model_type'))} needs code of its own (auto_map), and none that "
            "a model brings along is run here; choose a model that transformers knows"
        )


def _refuse_pointer(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(LFS)) == LFS:
            raise InputError(f"{path}: a Git LFS pointer in place of the file; run `git lfs pull` in its folder")


def _refuse_absurd_sizes(folder: Path, config: dict, weights: list[Path]) -> None:
    """Refuse a configuration that says more than its weights can hold, before as much memory is asked for.

    Each layer has a tensor at least, and each unit of a width half a byte, since no weight is stored in fewer bits
    than four.
    """
    layers, size = sum(len(_tensors(path)) for path in weights), 2 * sum(path.stat().st_size for path in weights)
    for key in SIZES:
        most, value = layers if key == LAYERS else size, config.get(key)
        if isinstance(value, int | float) and value > most:
            raise InputError(
                f"{folder / 'config.json'}: {key} is {value:,}, and its weights ({layers:,} tensors) are too few for "
                f"that; {FETCH_ANEW}"
            )


def _tensors(path: Path) -> dict:
    """The header of a whole safetensors file: each tensor's type, shape and place, by name."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    header.pop("__metadata__", None)
    return header


def _check_weights(folder: Path, name: str) -> list[Path]:
    """Refuse weights that are missing, cut, or pickled: unpickling a file may run what it says. Returns their files."""
    files = [folder / name] if (folder / name).is_file() else _shards(folder / f"{name}.index.json")
    if not files:
        pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
        if pickles:
            raise InputError(
                f"{folder}: its weights are pickled ({', '.join(pickles)}), and a pickle may run anything; name a "
                f"model with {name}"
            )
        raise InputError(
            f"{folder}: no {name} inside; {FETCH_ANEW}, whole (weights of another format are not opened: a pickle may "
            "run anything)"
        )
    for path in files:
        _refuse_pointer(path)
        if reason := _broken(path):
            raise InputError(f"{path}: no whole safetensors file ({reason}); {FETCH_ANEW}")
    return files


def _shards(index: Path) -> list[Path]:
    if not index.is_file():
        return []
    names = _read_object(index).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise InputError(f"{index}: weight_map is {cut(names)}, expected each weight's file; {FETCH_ANEW}")
    files = []
    for name in sorted(set(map(str, names.values()))):
        if Path(name).name != name or not (index.parent / name).is_file():
            raise InputError(f"{index}: {name!r} is no file beside it; {FETCH_ANEW}, whole")
        files.append(index.parent / name)
    return files


def _broken(path: Path) -> str | None:
    """Why `path` is no whole safetensors file: eight bytes of length, a JSON header, and as many bytes as it says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            return "cut in its header"
        try:
            tensors = [part for key, part in json.loads(file.read(length)).items() if key != "__metadata__"]
            end = max((part["data_offsets"][1] for part in tensors), default=0)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            return "its header is none"
    return None if end == size - 8 - length else f"{size:,} bytes, expected {end + 8 + length:,}"

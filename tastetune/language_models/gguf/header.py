"""What a GGUF file says of itself, beside its weights; and whether it is one, whole, that transformers reads."""

from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from transformers.integrations.gguf import GGUF_CONFIG_ARCHS, read_gguf_metadata
from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

from tastetune.artifacts.digests import digest_of_file
from tastetune.errors import InputError
from tastetune.language_models.model_files import FETCH_ANEW, LFS, explained

MAGIC = b"GGUF"

ROPE_FREQS = "rope_freqs.weight"
"""The tensor that says by how much Llama 3.1 and its successors divide each frequency of the position encoding."""


class GgufFile(NamedTuple):
    """What a GGUF file says of itself.

    Attributes:
        metadata: its keys and their values; of an array of texts their number alone.
        quantization: how most weights are packed, such as `Q4_1`.
        rope_freqs: the content of `ROPE_FREQS`, float (half a head's width,); None where the file holds none.
    """

    path: Path
    metadata: dict[str, Any]
    quantization: str
    rope_freqs: np.ndarray | None

    @property
    def architecture(self) -> str:
        """What the file calls the kind of its model, `llama` say."""
        return self.metadata["general.architecture"]

    @property
    def sha256(self) -> str:
        """The digest of the file's content."""
        return digest_of_file(self.path)

    @property
    def origin(self) -> str:
        """By what the file is told from others, and what is lost in it, for people to read."""
        return f"{self.path.name}, {self.quantization}, sha256 {self.sha256}"


def read_gguf(path: str | Path) -> GgufFile:
    """What a GGUF file says of itself.

    Raises:
        InputError: no such file, no GGUF or a damaged one, one part of several, an architecture that transformers does
            not read, or the library `gguf` is not installed.
    """
    path = Path(path)
    _refuse_other_file(path)
    if find_spec("gguf") is None:
        raise InputError(f"{path}: reading it needs the library gguf, not installed; run pip install 'tastetune[gguf]'")
    from gguf import GGUFReader

    with explained(path, f"it may be cut off or damaged; {FETCH_ANEW}"):
        metadata, _ = read_gguf_metadata(str(path))
        _refuse_unreadable(path, metadata)
        reader = GGUFReader(path)  # a view of every tensor, which a file that was cut off cannot give
        freqs = [np.array(tensor.data, dtype=float) for tensor in reader.tensors if tensor.name == ROPE_FREQS]
        return GgufFile(path, metadata, _quantization(metadata, reader), freqs[0] if freqs else None)


def _refuse_other_file(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"{path}: no such file; name a GGUF file" + (" in this folder" if path.is_dir() else ""))
    with path.open("rb") as file:
        head = file.read(len(LFS))
    if head == LFS:
        raise InputError(f"{path}: a Git LFS pointer in place of the file; run `git lfs pull` in its folder")
    if not head.startswith(MAGIC):
        raise InputError(f"{path}: begins with {head[:4]!r}, expected {MAGIC!r}, so it is no GGUF file; name one")


def _refuse_unreadable(path: Path, metadata: dict[str, Any]) -> None:
    architecture = str(metadata["general.architecture"])
    # The list has two of its own sections among the architectures, and spells some (qwen2_moe) as files do not
    supported = sorted({*GGUF_SUPPORTED_ARCHITECTURES, *GGUF_CONFIG_ARCHS} - {"general", "tokenizer"})
    if _folded(architecture) not in map(_folded, supported):
        raise InputError(
            f"{path}: its architecture is {architecture!r}, which transformers does not read from a GGUF file; it "
            f"reads {', '.join(supported)}"
        )
    if (parts := metadata.get("split.count", 1)) > 1:
        raise InputError(f"{path}: one of {parts} parts; join them with `llama-gguf-split --merge` and name the result")


def _folded(architecture: str) -> str:
    return architecture.replace("_", "").replace("-", "")


def _quantization(metadata: dict[str, Any], reader) -> str:
    """How the file calls its quantisation (`Q4_K_M`); where it does not, the type of most weights (`Q4_K`)."""
    from gguf import LlamaFileType

    if (number := metadata.get("general.file_type")) in LlamaFileType.__members__.values():
        return LlamaFileType(number).name.removeprefix("MOSTLY_").removeprefix("ALL_")
    weights: Counter[str] = Counter()
    for tensor in reader.tensors:
        weights[tensor.tensor_type.name] += int(tensor.n_elements)
    return weights.most_common(1)[0][0]

"""By what files, rows and a model's weights are told apart: digests of their content."""

import json
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import file_digest, sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastetune.errors import InputError

SLICES, SLICE = 16, 4096
"""How many slices of a tensor are read for a digest, evenly spread over it, and the bytes of each."""

PATTERNS = ("model*.safetensors", "pytorch_model*.bin")
"""Files that hold weights; the first pattern that fits is the one that is loaded."""

ADAPTER_PATTERNS = ("adapter_model.safetensors", "adapter_model.bin")


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file, computed once in a process for as long as the file is not touched."""
    status = path.stat()
    return _digest_of_file(path, status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=256)
def _digest_of_file(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def check_digest(path: Path, expected: str | None, record: str) -> None:
    """Raise InputError unless a file has the digest that `record`, a file, holds of it; None if it holds none."""
    if expected is None:
        raise InputError(
            f"{path}: cannot be verified: {record} holds no digest of it, so no builder of today wrote it; build the "
            "dataset anew"
        )
    if digest_of_file(path) != expected:
        raise InputError(
            f"{path}: not the file that was built: its digest is not the one in {record}, so it was edited, cut or "
            "damaged since; rebuild the dataset"
        )


def digest_of_table(table: pa.Table, beginning: bytes = b"") -> str:
    """SHA-256 of a table's columns, in the order of their names; how the table was cut and written does not matter.

    Args:
        beginning: what is digested before them; digests with different beginnings do not tell each other.
    """
    digest = sha256(beginning)
    for name in sorted(table.column_names):
        column = table[name]
        digest.update(f"{name} {column.type} {len(column)}\n".encode())
        for content in _contents(column):
            digest.update(content)
    return digest.hexdigest()


def _contents(column: pa.ChunkedArray) -> Iterator[bytes | memoryview]:
    """What a column holds: where it is null, how long its lists or texts are, and what stands in them."""
    yield np.packbits(column.is_null().to_numpy()).tobytes()
    column = column.drop_null()
    if pa.types.is_list(column.type):
        yield from _numbers(pc.list_value_length(column), "<i8")
        yield from _contents(pc.list_flatten(column))
    elif pa.types.is_string(column.type):
        yield from _numbers(pc.binary_length(column), "<i8")
        yield from (_texts(chunk) for chunk in column.chunks if len(chunk))
    elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        yield from _numbers(column, np.dtype(column.type.to_pandas_dtype()).newbyteorder("<"))
    else:
        yield json.dumps(column.to_pylist(), sort_keys=True, default=str).encode()


def _numbers(column: pa.ChunkedArray, kind: str | np.dtype) -> Iterator[bytes]:
    for chunk in column.chunks:
        yield chunk.to_numpy(zero_copy_only=False).astype(kind).tobytes()


def _texts(values: pa.StringArray) -> memoryview:
    """All texts, one behind the other: as they lie in memory, for a Python text each would take ten times as much."""
    _, places, texts = values.buffers()
    bounds = np.frombuffer(places, np.int32, len(values) + 1, 4 * values.offset)
    return memoryview(texts)[bounds[0] : bounds[-1]]


def digest_of_weights(files: Sequence[Path]) -> str:
    """A digest of a model's weights, of a sample of each tensor, so that a large model costs a moment too.

    Of a `.safetensors` file each tensor's name, type and shape count, and `SLICES` slices of its values; a tensor that
    stands for the output as well as for the input counts once. How the tensors are spread over files does not matter. A
    copy in another type counts as another model. A file of any other format counts as a whole.

    Raises:
        ValueError: a file is no whole safetensors file.
    """
    tensors, rest = {}, []
    for path in files:
        if path.suffix == ".safetensors":
            tensors |= _tensors(path)
        else:
            rest.append(digest_of_file(path))
    if (output := tensors.pop("lm_head.weight", None)) and output not in tensors.values():
        tensors["lm_head.weight"] = output
    return sha256(json.dumps([sorted(tensors.items()), sorted(rest)]).encode()).hexdigest()


def _tensors(path: Path) -> dict[str, str]:
    """Digest of each tensor in a safetensors file: https://github.com/huggingface/safetensors#format"""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= size - 8:
            raise ValueError(f"{path}: no whole safetensors file")
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        digests = {}
        for name, tensor in header.items():
            start, stop = (8 + length + offset for offset in tensor["data_offsets"])
            if stop > size:
                raise ValueError(f"{path}: cut off, tensor {name!r} is not whole")
            digest = sha256(json.dumps([tensor["dtype"], tensor["shape"]]).encode())
            for at in _places(start, stop):
                file.seek(at)
                digest.update(file.read(min(SLICE, stop - at)))
            digests[name] = digest.hexdigest()
    return digests


def _places(start: int, stop: int) -> list[int]:
    """Where the slices of what lies from `start` to `stop` begin: all of it where it is no longer than they are."""
    if stop - start <= SLICES * SLICE:
        return list(range(start, stop, SLICE))
    return [start + (stop - start - SLICE) * number // (SLICES - 1) for number in range(SLICES)]


def weights_digest(source: str, revision: str | None = None, patterns: tuple[str, ...] = PATTERNS) -> str | None:
    """The digest of a model's weights, see `digest_of_weights`; None where none can be read, as loading it will say.

    Args:
        source: a folder, or a Hub id, whose weights are then fetched.
        patterns: `ADAPTER_PATTERNS` for an adapter's.

    Raises:
        InputError: a file is damaged.
    """
    from tastetune.artifacts.hub_errors import fetched

    for pattern in patterns:
        folder = Path(source) if Path(source).exists() else fetched(str(source), pattern, revision)
        if folder and (files := sorted(folder.glob(pattern))):
            try:
                return digest_of_weights(files)
            except ValueError as error:
                raise InputError(f"{source}: its weights cannot be read ({error}); save the model anew") from error
    return None

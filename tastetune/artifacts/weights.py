"""Where a model's weights lie, in a folder or in the Hub's cache, and the digest by which they are told apart."""

from functools import lru_cache
from pathlib import Path

from tastetune.artifacts.digests import digest_of_weights
from tastetune.errors import InputError

PATTERNS = ("model*.safetensors", "pytorch_model*.bin")
"""Files that hold weights; the first pattern that fits is the one that is loaded."""

ADAPTER_PATTERNS = ("adapter_model.safetensors", "adapter_model.bin")


def weights_digest(source: str, revision: str | None = None, patterns: tuple[str, ...] = PATTERNS) -> str | None:
    """The digest of a model's weights, see `digest_of_weights`; None where none can be read, as loading it will say.

    Args:
        source: a folder, or a Hub id, whose weights are then fetched.
        patterns: `ADAPTER_PATTERNS` for an adapter's.

    Raises:
        InputError: a file is damaged.
    """
    for pattern in patterns:
        folder = Path(source) if Path(source).exists() else _snapshot(source, revision, pattern)
        if folder and (files := sorted(folder.glob(pattern))):
            try:
                return digest_of_weights(files)
            except ValueError as error:
                raise InputError(f"{source}: its weights cannot be read ({error}); save the model anew") from error
    return None


@lru_cache(maxsize=64)
def _snapshot(repo_id: str, revision: str | None, pattern: str) -> Path | None:
    from huggingface_hub import snapshot_download

    from tastetune.artifacts.hub_errors import hub_errors

    try:
        with hub_errors(repo_id, "model", revision):
            return Path(snapshot_download(repo_id, revision=revision, allow_patterns=pattern))
    except InputError:
        return None

"""What the Hub's refusals mean, and what to do about each."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import httpx2
from huggingface_hub import _CACHED_NO_EXIST, constants, hf_hub_download, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tastetune.errors import InputError

constants.HF_HUB_DISABLE_TELEMETRY = (
    True  # read from the environment when the library is imported, which may be earlier
)


@contextmanager
def hub_errors(repo_id: str, repo_type: str, revision: str | None = None, remedy: str = "") -> Iterator[None]:
    """Turn what the Hub and its client raise inside the block into InputError, each with what to do about it.

    Args:
        repo_id, repo_type, revision: what the block asks for.
        remedy: a further way out, added to every message.
    """
    try:
        yield
    except InputError:
        raise
    except (HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        revision = f" at revision {revision!r}" if revision else ""
        raise InputError(f"{repo_type} {repo_id!r}{revision}: {_explain(error)}{remedy}") from error


MEANINGS = {
    HFValidationError: "no Hub id ({error}); write it as org/name",
    GatedRepoError: "gated; ask for access on its page at {hub}, then `hf auth login` with the account that has it",
    RevisionNotFoundError: "{hub} has no such branch, tag or commit; check the revision",
    RepositoryNotFoundError: "{hub} shows no such repository; check the id, and `hf auth login` if it is private",
    LocalTokenNotFoundError: "not logged in; run `hf auth login` or set HF_TOKEN",
    OfflineModeIsEnabled: "HF_HUB_OFFLINE is set; unset it to reach {hub}",
    LocalEntryNotFoundError: "{hub} is out of reach and the cache has no copy; check the network and HF_HUB_OFFLINE",
    401: "{hub} does not know the token; run `hf auth login` or set HF_TOKEN to a valid one",
    403: "{hub} forbids it to this token; use one with write access to that account or organisation",
    HfHubHTTPError: "{hub} refuses ({error})",
    httpx2.HTTPError: "{hub} is out of reach ({error}); check the network and HF_ENDPOINT",
    Exception: "{error}",
}
"""Errors and statuses, the more particular first."""


def _explain(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    meaning = next(text for key, text in MEANINGS.items() if key == status or _is(error, key))
    return meaning.format(error=" ".join(str(error).split()), hub=constants.ENDPOINT)


def _is(error: Exception, key: type | int) -> bool:
    return isinstance(key, type) and isinstance(error, key)


@lru_cache(maxsize=64)
def fetched(repo_id: str, pattern: str, revision: str | None = None) -> Path | None:
    """The folder in the Hub's cache with a model's files of this name or pattern; None where none can be had.

    Why none can be had, loading the model will say.
    """
    try:
        with hub_errors(repo_id, "model", revision):
            return Path(snapshot_download(repo_id, revision=revision, allow_patterns=pattern))
    except InputError:
        return None


class Unasked(InputError):
    """A repository that cannot be asked what lies in it: whether it has a file is not known."""


@lru_cache(maxsize=64)
def fetched_file(repo_id: str, name: str, revision: str | None = None) -> Path | None:
    """A file of a model's repository, in the Hub's cache; None where the repository has none of that name.

    The cache remembers either answer, so that it can be had again without the Hub.

    Raises:
        Unasked: the cache has no answer, and the repository cannot be asked.
    """
    try:
        with hub_errors(repo_id, "model", revision):
            return _downloaded(repo_id, name, revision)
    except InputError as error:
        raise Unasked(
            f"{repo_id}: no folder of that name lies here, and the Hub cannot be asked for its {name}, so nobody can "
            f"say what it was trained on ({error})"
        ) from error


def _downloaded(repo_id: str, name: str, revision: str | None) -> Path | None:
    try:
        return Path(hf_hub_download(repo_id, name, revision=revision))
    except RemoteEntryNotFoundError:
        return None
    except LocalEntryNotFoundError:
        if try_to_load_from_cache(repo_id, name, revision=revision) is _CACHED_NO_EXIST:
            return None
        raise

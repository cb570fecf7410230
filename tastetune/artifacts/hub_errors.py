"""What the Hub's refusals mean, and what to do about each."""

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from json import JSONDecodeError
from pathlib import Path
from typing import TypeVar

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
    except (HfHubHTTPError, httpx2.HTTPError, OSError, ValueError, RuntimeError) as error:
        revision = f" at revision {revision!r}" if revision else ""
        raise InputError(f"{repo_type} {repo_id!r}{revision}: {_explain(error)}{remedy}") from error


AGAIN = "run the same command again, it goes on with what is missing"

MEANINGS = {
    **dict.fromkeys(
        (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        "the disk takes no more ({error}); free some space, or set HF_HOME to a folder of another disk, then {again}",
    ),
    HFValidationError: "no Hub id; one is written org/name",
    GatedRepoError: "gated; ask for access on its page at {hub}, then `hf auth login` with the account that has it",
    RevisionNotFoundError: "{hub} has no such branch, tag or commit; check the revision",
    RepositoryNotFoundError: "{hub} shows no such repository; check the id, and `hf auth login` if it is private",
    LocalTokenNotFoundError: "not logged in; run `hf auth login` or set HF_TOKEN",
    OfflineModeIsEnabled: "HF_HUB_OFFLINE is set; unset it to reach {hub}",
    LocalEntryNotFoundError: "{hub} is out of reach and the cache has no copy; check the network and HF_HUB_OFFLINE",
    401: "{hub} does not know the token; run `hf auth login` or set HF_TOKEN to a valid one",
    403: "{hub} forbids it to this token; use one with write access to that account or organisation",
    **dict.fromkeys((409, 412), "it has changed on {hub} meanwhile, perhaps by another push; {again}"),
    429: "{hub} gets too many requests from here; wait a few minutes, then {again}",
    **dict.fromkeys((500, 502, 503, 504), "{hub} has a fault of its own ({error}); wait a while, then {again}"),
    HfHubHTTPError: "{hub} refuses ({error})",
    httpx2.ConnectError: "{hub} is out of reach ({error}); check the network and HF_ENDPOINT",
    httpx2.HTTPError: "the connection to {hub} broke off ({error}); check the network, then {again}",
    JSONDecodeError: "{hub} answers as no Hub does ({error}); check HF_ENDPOINT, wait a while, then {again}",
    Exception: "{error}",
}
"""Errors, and numbers of the system and of HTTP, the more particular first."""

BUSY = (408, 429, 500, 502, 503, 504)
WAITS = (1, 2, 4)
"""Statuses that pass, and the seconds before each further try."""

Answer = TypeVar("Answer")


def patiently(ask: Callable[[], Answer]) -> Answer:
    """What `ask` returns; while the Hub is busy or the connection breaks off it asks again, as `WAITS` says.

    If the Hub says how long to wait, that long. For the requests that huggingface_hub makes once; transfers of files it
    repeats itself.
    """
    for seconds in WAITS:
        try:
            return ask()
        except (HfHubHTTPError, httpx2.HTTPError, LocalEntryNotFoundError) as raised:
            error = _origin(raised)
            response = getattr(error, "response", None)
            is_broken = isinstance(error, httpx2.TransportError) and not isinstance(error, httpx2.ConnectError)
            if not is_broken and getattr(response, "status_code", None) not in BUSY:
                raise
            asked = str(getattr(response, "headers", {}).get("Retry-After", ""))
            time.sleep(int(asked) if asked.isdecimal() else seconds)
    return ask()


def _explain(raised: BaseException) -> str:
    error = _origin(raised)
    numbers = (getattr(getattr(error, "response", None), "status_code", None), getattr(error, "errno", None))
    meaning = next(text for key, text in MEANINGS.items() if key in numbers or _is(error, key))
    return meaning.format(error=" ".join(str(error).split()), hub=constants.ENDPOINT, again=AGAIN)


def _origin(error: BaseException) -> BaseException:
    """What went wrong on the way, where huggingface_hub has put an error of another kind around it."""
    if isinstance(error, LocalEntryNotFoundError | RuntimeError):
        cause, unreached = error.__cause__, httpx2.ConnectError | OfflineModeIsEnabled
        if isinstance(cause, httpx2.HTTPError | OSError) and not isinstance(cause, unreached):
            return cause
    return error


def _is(error: BaseException, key: type | int) -> bool:
    return isinstance(key, type) and isinstance(error, key)


@lru_cache(maxsize=64)
def fetched(repo_id: str, pattern: str, revision: str | None = None) -> Path | None:
    """The folder in the Hub's cache with a model's files of this name or pattern; None where none can be had.

    Why none can be had, loading the model will say.
    """
    try:
        with hub_errors(repo_id, "model", revision):
            return Path(patiently(lambda: snapshot_download(repo_id, revision=revision, allow_patterns=pattern)))
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
        return Path(patiently(lambda: hf_hub_download(repo_id, name, revision=revision)))
    except RemoteEntryNotFoundError:
        return None
    except LocalEntryNotFoundError:
        if try_to_load_from_cache(repo_id, name, revision=revision) is _CACHED_NO_EXIST:
            return None
        raise

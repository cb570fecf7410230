"""Pushing a folder to the Hub."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants
from huggingface_hub.utils import validate_repo_id

from tastetune import __version__
from tastetune.artifacts.hub_errors import Unasked, fetched_file, hub_errors, patiently
from tastetune.errors import InputError
from tastetune.hub.base_model import ADAPTER_CONFIG, named_base, refuse_unknown_base
from tastetune.hub.llama import LICENCE_FILES, licence_of_card
from tastetune.hub.plan import Push, missing_licence, plan_push
from tastetune.hub.results import RECORD, RESULTS, check_dataset_id, results_to_send


def push_folder(
    folder: str | Path,
    repo_id: str,
    repo_type: str = "model",
    *,
    private: bool = True,
    revision: str | None = None,
    message: str | None = None,
    ignore: Sequence[str] = (),
    checkpoints: bool = False,
    base_model: str | None = None,
    permission: str | None = None,
    dataset: str | None = None,
) -> str:
    """Push a folder to the Hub in one commit, making the repository or branch where there is none.

    Data files of a dataset that the folder no longer holds are deleted by the same commit, so that no row of an older
    build stays beside the new ones, and so are an adapter's records of other scores and a Space's older modules; other
    files of the repository stay as they are.

    Args:
        folder: a dataset that a builder wrote, a model or adapter, or a Space; with its card as README.md.
        repo_id: `org/name`, or `name` for your own account.
        repo_type: `dataset`, `model` or `space`.
        private: whether nobody else sees it; an existing repository must agree.
        revision: the branch to push to; the main branch if None.
        message: the commit's message.
        ignore: further patterns of names to leave out.
        checkpoints: send `checkpoint-*` folders too (their optimizer states never go).
        base_model: the Hub id to send as an adapter's base model, in place of the folder that it was trained on.
        permission: who permits rows to be shown whose licence forbids it; stands on the card that is sent.
        dataset: the Hub id of the dataset that an adapter was scored on, where that was a folder here; without it the
            Hub's evaluation results stay here.

    Returns:
        The URL of the commit's files; its last part is the commit to pin.

    Raises:
        InputError: the folder may not go as it is (see `plan_push`); or the Hub has no such base model, or no copy of
            its licence, refuses, or cannot be reached.
    """
    folder = Path(folder)
    choice: dict[str, Any] = {
        "private": private,
        "ignore": ignore,
        "checkpoints": checkpoints,
        "base_model": base_model,
        "permission": permission,
        "dataset": dataset,
    }
    if dataset is not None:
        check_dataset_id(dataset)
    plan = plan_push(folder, repo_id, repo_type, **choice)
    api = HfApi(library_name="tastetune", library_version=__version__)
    with hub_errors(repo_id, repo_type, revision):
        validate_repo_id(repo_id)
        account = patiently(api.whoami)["name"]
        repo_id = repo_id if "/" in repo_id else f"{account}/{repo_id}"
        if ADAPTER_CONFIG in plan.contents:
            refuse_unknown_base(api, base_model or named_base(folder))
        if repo_type == "model":
            plan = _with_licences_of_bases(plan, folder, repo_id, choice)
        if RESULTS in plan.contents:
            plan.contents[RESULTS] = results_to_send(folder / RESULTS, repo_id, dataset)
        _make_repository(api, repo_id, repo_type, private)
        if revision is not None:
            patiently(lambda: api.create_branch(repo_id, repo_type=repo_type, branch=revision, exist_ok=True))
        message = message or f"Push {folder.resolve().name} with tastetune {__version__}"
        place = {"repo_id": repo_id, "repo_type": repo_type, "revision": revision}
        before = patiently(lambda: api.repo_info(**place))
        commit = patiently(lambda: _commit(api, place, str(before.sha), plan, message))
    return f"{constants.ENDPOINT}/{constants.REPO_TYPES_URL_PREFIXES.get(repo_type, '')}{repo_id}/tree/{commit}"


def _commit(api: HfApi, place: dict[str, Any], parent: str, plan: Push, message: str) -> str:
    """Commit what differs from what is there, if anything does; returns the commit that holds the plan's files.

    Args:
        parent: the commit that it follows: the Hub refuses it if another push came in between.
    """
    ending = ".py" if place["repo_type"] == "space" else ".parquet"
    is_old = RECORD.fullmatch if place["repo_type"] == "model" else lambda name: name.endswith(ending)
    there = api.list_repo_files(**place | {"revision": parent})
    stale = [name for name in there if is_old(name) and name not in plan.contents]
    operations = [
        *(CommitOperationDelete(path_in_repo=name) for name in stale),
        *(CommitOperationAdd(path_in_repo=name, path_or_fileobj=content) for name, content in plan.contents.items()),
    ]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "It seems that you are about to commit a data file")
        return api.create_commit(operations=operations, commit_message=message, parent_commit=parent, **place).oid


def _with_licences_of_bases(plan: Push, folder: Path, repo_id: str, choice: dict) -> Push:
    """The plan with what the cards of base models on the Hub say of their licences, and the text of Llama's."""
    for base in (base for base in plan.bases if not Path(base).exists()):
        if (licence := licence_of_card(_of_hub(base, "README.md"))) is not None:
            plan = plan_push(folder, repo_id, "model", **choice, licence=licence)
            break
    if plan.licence_of is not None:
        texts = (_of_hub(plan.licence_of, name) for name in LICENCE_FILES)
        if (text := next((path for path in texts if path is not None), None)) is None:
            raise InputError(missing_licence(folder, str(plan.llama)))
        plan.contents["LICENSE"] = text.read_bytes()
    return plan


def _of_hub(repo_id: str, name: str) -> Path | None:
    """A file of a model on the Hub; None where there is none, or it is not shown."""
    try:
        return fetched_file(repo_id, name)
    except Unasked:
        return None


def _make_repository(api: HfApi, repo_id: str, repo_type: str, private: bool) -> None:
    """Make the repository unless it is there; if it is, its visibility must be the one asked for."""
    if patiently(lambda: api.repo_exists(repo_id, repo_type=repo_type)):
        is_private = bool(patiently(lambda: api.repo_info(repo_id, repo_type=repo_type)).private)
        if is_private != private:
            raise InputError(
                f"{repo_type} {repo_id!r} is {'private' if is_private else 'public'} on the Hub and the push asks for "
                f"{'private' if private else 'public'}; change its settings there, or push "
                f"{'without' if is_private else 'with'} --public"
            )
        return
    other = "model" if repo_type == "dataset" else "dataset"
    if repo_type != "space" and patiently(lambda: api.repo_exists(repo_id, repo_type=other)):
        raise InputError(f"{repo_id!r} is a {other} on the Hub already; choose another id for the {repo_type}")
    sdk = "gradio" if repo_type == "space" else None
    patiently(lambda: api.create_repo(repo_id, repo_type=repo_type, private=private, exist_ok=True, space_sdk=sdk))
